"""What the authority did, as the audit log keeps it: each act once, before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.identity import Principal

__all__ = ["Act", "ActNotes", "ActRecorder", "Action", "Actor"]


class Action(StrEnum):
    """What was done."""

    CANCEL_IMPORT = "cancel_import"
    ENROL = "enrol"
    ERASE_PORTRAIT = "erase_portrait"
    ERASE_SUBJECT = "erase_subject"
    EXPORT = "export"
    IMPORT = "import"
    LIST_REVIEWS = "list_reviews"
    LOOK_UP = "look_up"
    RESOLVE_REVIEW = "resolve_review"


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
        subject: pseudonym of whom it was about (`Services.pseudonyms`); None where it was nobody,
            or the registry alone knows.
        legal_basis: that was stated, where one was.
        outcome: what came of it.
        codes: why not, where it did not.
        about: id of the record, job or review.
    """

    actor: Actor
    action: Action
    subject: bytes | None = None
    legal_basis: str = ""
    outcome: str = ""
    codes: tuple[str, ...] = ()
    about: str = ""


class ActRecorder(Protocol):
    """Keeps acts: the audit log."""

    def record_act(self, connection: Connection, act: Act, at: datetime) -> None:
        """Keep one, in the transaction after which it is answered."""


@dataclass(frozen=True, kw_only=True)
class ActNotes:
    """Hands acts to all who keep them.

    Attributes:
        recorders: each keeps every act.
        clock: the time, UTC.
    """

    recorders: tuple[ActRecorder, ...]
    clock: Callable[[], datetime]

    def note(self, connection: Connection, act: Act) -> None:
        """Keep one."""
        at = self.clock()
        for recorder in self.recorders:
            recorder.record_act(connection, act, at)
