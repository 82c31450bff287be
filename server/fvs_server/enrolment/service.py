"""The authority's work on the registry, one subject at a time.

Every act is in the audit log before its answer is given. The registry's store is another database:
what was done there and not yet written down when the process died is done again by a repeated call,
which changes nothing and is written down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from fvs.bulk.portraits import portraits_of
from fvs.registry.enrolment import EnrolmentOutcome
from fvs.registry.records import RecordStatus
from fvs.status import Role
from fvs_server.enrolment.acts import Act, Action, Actor
from fvs_server.enrolment.portraits import new_record
from fvs_server.enrolment.waiting import REFUSED, forget_waiting, waiting_rows
from fvs_server.extraction import Picture
from fvs_server.problems import Problem, ServiceError
from fvs_server.services.judging import coded_failures
from fvs_server.transactions.tables import transactions
from fvs_server.transactions.transactions import record_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs.bulk.portraits import Portraits
    from fvs.deployment.registry_file import EnrolmentSpec
    from fvs.engine import Engine
    from fvs.registry.lifecycle import ErasureReceipt, SubjectExport
    from fvs.registry.registry import Registry
    from fvs.subjects import Pseudonymiser, SubjectId
    from fvs_server.database import Database
    from fvs_server.enrolment.acts import ActNotes
    from fvs_server.enrolment.portraits import Portrait
    from fvs_server.extraction import Extractor
    from fvs_server.identity import Principal
    from fvs_server.inference import Deadline
    from fvs_server.transactions import TransactionRecord

__all__ = ["Enrolment", "PortraitOutcome", "SubjectHoldings"]


@dataclass(frozen=True, kw_only=True)
class PortraitOutcome:
    """What became of one portrait.

    Attributes:
        outcome: enrolled, unchanged, erased_before or refused.
        codes: why it was not enrolled.
        record_id: of the template that is kept; None where none is.
        quality: the unified quality score, 0 to 100; None where it was not assessed.
    """

    outcome: str
    codes: tuple[str, ...] = ()
    record_id: bytes | None = None
    quality: float | None = None

    @classmethod
    def settled(
        cls, outcome: str, record_id: bytes, quality: float | None = None
    ) -> PortraitOutcome:
        """Of a portrait that the registry knows."""
        if outcome == EnrolmentOutcome.ERASED_BEFORE:
            return cls(outcome=outcome, codes=(outcome,), quality=quality)
        return cls(outcome=outcome, record_id=record_id, quality=quality)


@dataclass(frozen=True, kw_only=True)
class SubjectHoldings:
    """What is held about one person for verification.

    Attributes:
        registry: what the registry keeps.
        imports_waiting: portraits of them in imports that were not reached yet.
        transactions: that named them, oldest first, as long as they are kept.
    """

    registry: SubjectExport
    imports_waiting: int
    transactions: tuple[TransactionRecord, ...]


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Enrols, looks up, exports and erases; safe to use from many threads.

    Attributes:
        registry: of the authority.
        defaults: of every enrolment, as `registry.toml` has them.
        engine: of the registry's pack.
        extractor: that pictures are worked on by.
        database: of the server.
        notes: the audit log.
        pseudonyms: of subjects, in the server's tables.
        clock: the time, UTC.
    """

    registry: Registry
    defaults: EnrolmentSpec
    engine: Engine
    extractor: Extractor
    database: Database
    notes: ActNotes
    pseudonyms: Pseudonymiser
    clock: Callable[[], datetime]

    def enrol(
        self, portrait: Portrait, principal: Principal, deadline: Deadline
    ) -> PortraitOutcome:
        """Keep the template of one portrait; the picture is not kept.

        Raises:
            ServiceError: REGISTRY_UNAVAILABLE, OVERLOADED or DEADLINE_EXCEEDED.
        """
        with coded_failures():
            outcome = self.known(portrait) or self._enrol(portrait, deadline)
            self._note(principal, Action.ENROL, portrait.subject, portrait=portrait, done=outcome)
        return outcome

    def known(self, portrait: Portrait) -> PortraitOutcome | None:
        """The outcome of a portrait that is or was enrolled; nothing is decoded for it."""
        record_id = self.registry.record_id_of(portrait.subject, portrait.sha256, portrait.kind)
        (status,) = self.registry.known([record_id])
        if status is None:
            return None
        erased = status == RecordStatus.ERASED
        outcome = EnrolmentOutcome.ERASED_BEFORE if erased else EnrolmentOutcome.UNCHANGED
        return PortraitOutcome.settled(outcome, record_id)

    def keep(self, portrait: Portrait, seen: Portraits) -> PortraitOutcome:
        """Keep the template of a portrait that was looked at, unless it was refused.

        Raises:
            StoreError: the store refuses.
        """
        number = float(seen.quality[0])
        quality = round(number, 1) if math.isfinite(number) else None
        if seen.refusals[0]:
            return PortraitOutcome(outcome=REFUSED, codes=seen.refusals[0], quality=quality)
        record = new_record(portrait, seen, self.defaults)
        receipt = self.registry.enrol([record], self.clock())
        return PortraitOutcome.settled(receipt.outcomes[0], receipt.record_ids[0], quality)

    def look_up(self, subject: SubjectId, principal: Principal) -> SubjectHoldings:
        """What is held about one person, without templates."""
        return self._held(subject, principal, Action.LOOK_UP, templates=False)

    def export(
        self, subject: SubjectId, principal: Principal, *, templates: bool
    ) -> SubjectHoldings:
        """The same for the person themselves (PDPA, section 30); templates where they ask."""
        return self._held(subject, principal, Action.EXPORT, templates=templates)

    def erase(self, subject: SubjectId, principal: Principal) -> ErasureReceipt:
        """Erase all that is kept of a person, and state it; done again it is stated again."""
        (pseudonym,) = self.pseudonyms.of([subject])
        with coded_failures():
            # First what is still to be enrolled, then what is.
            with self.database.writing() as connection:
                forget_waiting(connection, pseudonym)
            receipt = self.registry.erase(subject, self.clock())
            self._note(principal, Action.ERASE, subject, done=_erased(receipt))
        return receipt

    def erase_portrait(self, record_id: bytes, principal: Principal) -> ErasureReceipt:
        """Erase one template, and state it.

        Raises:
            ServiceError: NOT_FOUND, there never was such a record.
        """
        with coded_failures():
            receipt = self.registry.erase_record(record_id, self.clock())
            if receipt.proof is None:
                raise ServiceError(Problem.NOT_FOUND)
            self._note(principal, Action.ERASE, None, done=_erased(receipt))
        return receipt

    def look_at(self, picture: bytes, deadline: Deadline) -> Portraits:
        """What enrolling needs of one picture.

        Raises:
            ServiceError: OVERLOADED or DEADLINE_EXCEEDED.
        """
        (part,) = self.extractor.extract([Picture(picture, Role.CARD)], deadline)
        return portraits_of(part.samples, self.engine, [picture])

    def _enrol(self, portrait: Portrait, deadline: Deadline) -> PortraitOutcome:
        return self.keep(portrait, self.look_at(portrait.picture, deadline))

    def _held(
        self, subject: SubjectId, principal: Principal, action: Action, *, templates: bool
    ) -> SubjectHoldings:
        (pseudonym,) = self.pseudonyms.of([subject])
        with coded_failures():
            with self.database.reading() as connection:
                waiting = waiting_rows(connection, pseudonym)
                answered = _transactions_of(connection, pseudonym)
            held = self.registry.export(subject, templates=templates)
            told = PortraitOutcome(outcome="with_templates" if templates else "told")
            self._note(principal, action, subject, done=told)
        return SubjectHoldings(registry=held, imports_waiting=waiting, transactions=answered)

    def _note(
        self,
        principal: Principal,
        action: Action,
        subject: SubjectId | None,
        *,
        done: PortraitOutcome,
        portrait: Portrait | None = None,
    ) -> None:
        named = [] if subject is None else self.pseudonyms.of([subject])
        stated = portrait.legal_basis or self.defaults.legal_basis if portrait else ""
        act = Act(
            actor=Actor.of(principal),
            action=action,
            subject=named[0] if named else None,
            legal_basis=stated,
            outcome=done.outcome,
            codes=done.codes,
            about=done.record_id.hex() if done.record_id else "",
        )
        with self.database.writing() as connection:
            self.notes.note(connection, act)


def _transactions_of(connection: Connection, subject: bytes) -> tuple[TransactionRecord, ...]:
    columns = transactions.c
    named = select(transactions).where(
        (columns.subject == subject) | (columns.on_behalf_of == subject)
    )
    rows = connection.execute(named.order_by(columns.at, columns.transaction_id))
    return tuple(record_of(row) for row in rows)


def _erased(receipt: ErasureReceipt) -> PortraitOutcome:
    one = receipt.record_ids[0] if len(receipt.record_ids) == 1 else None
    return PortraitOutcome(outcome="erased" if receipt.record_ids else "nobody", record_id=one)
