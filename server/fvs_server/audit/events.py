"""What the log says of one answer: who asked, why, and what was decided by which models.

Never pixels, templates or numbers of people: subjects are pseudonyms under a key of this service. A
purge of answers is an entry too, and names nobody.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from enum import StrEnum
from typing import Self

import msgspec

__all__ = ["PURGE_ID_PREFIX", "Action", "AnswerFacts", "AuditEvent"]

PURGE_ID_PREFIX = "purge-"
"""Of transaction ids: by it a purge is known without its event. Those of answers are bare UUIDs."""


class Action(StrEnum):
    """What was asked for."""

    VERIFY = "face_verification"
    COMPARE = "face_comparison"
    ENROL = "enrol"
    LOOK_UP = "look_up"
    EXPORT = "export"
    ERASE = "erase"
    IMPORT = "import"
    REVIEW = "review"
    PURGE = "purge"
    PURGE_SUBJECT = "purge_subject"


class AnswerFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of an answer in the log and in the table of transactions alike.

    Attributes:
        transaction_id: that the caller was given.
        at: when it was decided, UTC.
        idp: who asked; empty of a purge, which the operator or the service itself does.
        key_id: with which key, client or certificate; of a purge, by which command.
        action: what was asked for.
        decision: an outcome (`match` ...) or what became of the request (`done`, `refused`).
        reasons: codes.
        subject: pseudonym of 32 bytes; None where none was named.
        on_behalf_of: likewise, of a juristic person.
        purpose: in the caller's words.
        consent_reference: likewise.
        assurance_level: that was asked for.
        certificate_id: of the operating point.
        model_ids: of the networks that took part.
        target_fmr: of the operating point; None where nothing was decided.
        score_band: the score in words (`below` or `above` the threshold), never the score.
        channel: by which the request came.
    """

    transaction_id: str
    at: datetime
    idp: str
    key_id: str
    action: Action
    decision: str
    reasons: tuple[str, ...] = ()
    subject: bytes | None = None
    on_behalf_of: bytes | None = None
    purpose: str = ""
    consent_reference: str = ""
    assurance_level: str = ""
    certificate_id: str = ""
    model_ids: tuple[str, ...] = ()
    target_fmr: float | None = None
    score_band: str = ""
    channel: str = "api"


class AuditEvent(AnswerFacts, frozen=True, kw_only=True, omit_defaults=True):
    """One answer, as the log keeps it.

    Attributes:
        about: id of the record, import or review that the authority dealt with.
        purged: of a purge, how many events it took.
        before: of a purge of old answers, the moment before which they were given, UTC.
    """

    about: str = ""
    purged: int = 0
    before: datetime | None = None

    @classmethod
    def of(cls, facts: AnswerFacts) -> Self:
        """Of what is kept of an answer, all that the log may know."""
        return cls(**{name: getattr(facts, name) for name in AnswerFacts.__struct_fields__})
