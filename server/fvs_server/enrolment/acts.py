"""What the authority did, as the audit log keeps it: each act once, before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from fvs_server.audit.events import Action, AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.audit.log import AuditLog
    from fvs_server.identity import Principal

__all__ = ["Act", "ActNotes", "Action", "Actor"]


@dataclass(frozen=True)
class Actor:
    """Who did it; what an import does counts as done by whoever sent it.

    Attributes:
        idp: as of `Principal`.
        key_id: likewise.
    """

    idp: str
    key_id: str

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """The caller."""
        return cls(principal.idp, principal.key_id)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One entry.

    Attributes:
        actor: who.
        action: what.
        outcome: what came of it.
        subject: pseudonym of whom it was about (`Services.pseudonyms`); None where it was nobody,
            or the registry alone knows.
        legal_basis: that was stated, where one was.
        codes: why not, where it did not.
        about: id of the record, import or review.
    """

    actor: Actor
    action: Action
    outcome: str
    subject: bytes | None = None
    legal_basis: str = ""
    codes: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class ActNotes:
    """Writes acts into the audit log.

    Attributes:
        audit: the log.
        model_ids: of the networks that look at portraits.
        clock: the time, UTC.
    """

    audit: AuditLog
    model_ids: tuple[str, ...]
    clock: Callable[[], datetime]

    def note(self, connection: Connection, act: Act) -> None:
        """Keep one, last in the transaction after which it is answered."""
        seen = act.action is Action.ENROL
        event = AuditEvent(
            transaction_id=str(uuid4()),
            at=self.clock(),
            idp=act.actor.idp,
            key_id=act.actor.key_id,
            action=act.action,
            decision=act.outcome,
            reasons=act.codes,
            subject=act.subject,
            purpose=act.legal_basis,
            model_ids=self.model_ids if seen else (),
            about=act.about,
        )
        self.audit.append(connection, event)
