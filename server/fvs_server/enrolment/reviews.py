"""The list of suspected duplicates, for whoever judges them.

The registry cannot turn a pseudonym back into a number. Whoever holds numbers finds a review's
people the other way: a look-up of a subject tells its pseudonym and the reviews that name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.errors import UsageError
from fvs.registry.reviews import require_no_number
from fvs_server.enrolment.acts import Act, Action, Actor
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError
from fvs_server.services.judging import coded_failures

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs.registry.registry import Registry
    from fvs.registry.reviews import Review, ReviewState
    from fvs_server.database import Database
    from fvs_server.enrolment.acts import ActNotes
    from fvs_server.identity import Principal

__all__ = ["Reviews"]


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """Reviews of the registry; safe to use from many threads.

    Attributes:
        registry: of the authority.
        database: of the server.
        notes: the audit log.
        clock: the time, UTC.
    """

    registry: Registry
    database: Database
    notes: ActNotes
    clock: Callable[[], datetime]

    def listed(self, state: ReviewState, limit: int, principal: Principal) -> list[Review]:
        """Up to `limit` reviews in that state, oldest first."""
        with coded_failures():
            found = self.registry.reviews(state, limit)
        self._note(principal, "listed")
        return found

    def resolve(
        self, review_id: bytes, state: ReviewState, note: str, principal: Principal
    ) -> datetime:
        """Write what a person made of a pair; returns when.

        Raises:
            ServiceError: NOT_FOUND; INVALID_REQUEST, the note holds the number of a person.
        """
        _require_no_number(note)
        now = self.clock()
        with coded_failures():
            known = self.registry.resolve_review(review_id, state, note, now)
        if not known:
            raise ServiceError(Problem.NOT_FOUND)
        self._note(principal, state.value, review_id.hex())
        return now

    def _note(self, principal: Principal, outcome: str, about: str = "") -> None:
        act = Act(actor=Actor.of(principal), action=Action.REVIEW, outcome=outcome, about=about)
        with self.database.writing() as connection:
            self.notes.note(connection, act)


def _require_no_number(note: str) -> None:
    try:
        require_no_number(note)
    except UsageError:
        wrong = Fault.NAMES_SOMEBODY.at("/note")
        raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,)) from None
