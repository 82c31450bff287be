"""What surrounds every decision: limits before it, the record of it after; two transactions.

Between them nothing is held open, so that a slow picture blocks no row.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs_server.limits import AttemptOutcome
from fvs_server.problems import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.database import Database
    from fvs_server.identity import Principal
    from fvs_server.limits import Capture, Challenge, Limits, StoredAnswer

__all__ = ["Admission", "Case", "Desk", "RepeatKey", "SessionProof"]

logger = logging.getLogger(__name__)

_ANSWERED = 200


@dataclass(frozen=True, kw_only=True)
class RepeatKey:
    """By which a repeated request is known.

    Attributes:
        key: the header Idempotency-Key.
        request_sha256: of all that makes two requests the same.
    """

    key: str
    request_sha256: bytes


@dataclass(frozen=True, kw_only=True)
class SessionProof:
    """That a liveness session was begun by whoever asks.

    Attributes:
        session_id: its name.
        nonce: its secret.
    """

    session_id: str
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request for a decision.

    Attributes:
        principal: who asks.
        subject: pseudonym of whom the faces are said to be; None where nobody was named.
        captures: the frames' hashes, those of looks not yet known; none where nobody was named.
        pad: whether attacks are detected.
        session: that was named.
        repeat: None where the request cannot be repeated.
    """

    principal: Principal
    subject: bytes | None = None
    captures: tuple[Capture, ...] = ()
    pad: bool = True
    session: SessionProof | None = None
    repeat: RepeatKey | None = None


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What became of a case at the door.

    Attributes:
        stored: the answer, where it was given before.
        challenge: of the session, where one was named.
    """

    stored: StoredAnswer | None = None
    challenge: Challenge | None = None


class Desk:
    """Admits cases and settles them. Safe to use from many threads."""

    def __init__(self, database: Database, limits: Limits, clock: Callable[[], datetime]) -> None:
        """Use the server's tables."""
        self._database = database
        self._limits = limits
        self._clock = clock

    def admit(self, case: Case) -> Admission:
        """Let a case begin; `settle` or `give_up` must end it, unless its answer is there.

        Raises:
            ServiceError: a limit; the request was counted all the same.
        """
        refusal: ServiceError | None = None
        admission = Admission()
        # Whatever it counts, no answer rests on it yet.
        with self._database.writing(hurried=True) as connection:
            now = self._clock()  # here, for a wait for the lock is no time between two requests
            self._limits.rates.take(connection, case.principal, now)
            try:
                with _undone_if_refused(connection, case):
                    admission = self._admit(connection, case, now)
            except ServiceError as error:
                refusal = error
        if refusal is not None:
            raise refusal
        return admission

    @contextmanager
    def settling(
        self, case: Case, captures: Sequence[Capture], ending: AttemptOutcome, answer: bytes
    ) -> Iterator[Connection]:
        """One transaction that ends a case; the block, its last step, records the decision.

        Args:
            case: that `admit` let begin.
            captures: with the hashes of looks.
            ending: as it counts for the subject.
            answer: to be given again.

        Raises:
            ServiceError: the same capture was answered meanwhile, or the same request.
        """
        limits = self._limits
        with self._database.writing() as connection:
            now = self._clock()
            if case.subject is not None:
                limits.attempts.record(
                    connection, case.subject, case.principal.idp, now, ending.value
                )
                accepted = ending is AttemptOutcome.ACCEPTED
                limits.captures.remember(connection, case.subject, captures, now, accepted=accepted)
            if case.repeat is not None:
                limits.idempotency.finish(
                    connection, case.principal, case.repeat.key, _ANSWERED, answer
                )
            yield connection

    def give_up(self, case: Case) -> None:
        """End a case that got no answer: it does not count, and may be sent again."""
        try:
            with self._database.writing() as connection:
                self._give_up(connection, case)
        except Exception as error:  # noqa: BLE001 - why the case failed matters more
            # Both are released by time: an attempt under way, and the lease of a key.
            logger.warning("a case could not be given up: %s", type(error).__name__)

    def _admit(self, connection: Connection, case: Case, now: datetime) -> Admission:
        limits, challenge = self._limits, None
        if case.repeat is not None:
            stored = limits.idempotency.begin(
                connection, case.principal, case.repeat.key, case.repeat.request_sha256, now
            )
            if stored is not None:
                return Admission(stored=stored)
        if case.subject is None:
            return Admission()
        if case.session is not None:
            session_id, nonce = case.session.session_id, case.session.nonce
            challenge = limits.sessions.consume(
                connection, case.principal, case.subject, session_id, nonce, now
            )
        limits.captures.refuse_replayed(connection, case.subject, case.captures, now)
        limits.attempts.admit(connection, case.subject, case.principal.idp, now, pad=case.pad)
        return Admission(challenge=challenge)

    def _give_up(self, connection: Connection, case: Case) -> None:
        if case.subject is not None:
            self._limits.attempts.record(
                connection,
                case.subject,
                case.principal.idp,
                self._clock(),
                AttemptOutcome.NOT_COUNTED.value,
            )
        if case.repeat is not None:
            self._limits.idempotency.abandon(connection, case.principal, case.repeat.key)


def _undone_if_refused(connection: Connection, case: Case) -> AbstractContextManager[object]:
    """A savepoint where a limit may refuse after another has written: a key, or a session used."""
    if case.repeat is None and case.session is None:
        return nullcontext()
    return connection.begin_nested()
