"""Reviews: two subjects whose faces look alike, waiting for a person to say what that means.

A hit is a question, never an answer: with N people enrolled a search at FMR f raises, of somebody
who is nobody's duplicate, about N f false ones. Nothing is refused because of one.
"""

from __future__ import annotations

import hashlib
import math
import re
from datetime import datetime  # noqa: TC003 - msgspec reads it
from enum import StrEnum

import msgspec

from fvs.errors import UsageError
from fvs.subjects import SubjectError, SubjectId, SubjectKind

__all__ = [
    "REVIEW_ID_BYTES",
    "Review",
    "ReviewState",
    "fpir_of",
    "require_no_number",
    "review_id_of",
]

REVIEW_ID_BYTES = 16
_LIKE_A_CITIZEN_ID = re.compile(r"(?<!\d)\d(?:[ -]?\d){12}(?!\d)")


class ReviewState(StrEnum):
    """What a person made of it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    """One person, enrolled under two identifiers."""
    DISMISSED = "dismissed"
    """Two people who look alike."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One pair on the list.

    Attributes:
        review_id: 16 bytes that follow from the two records, so that no pair is listed twice.
        first_subject: pseudonym of whose template was searched with.
        second_subject: pseudonym of whose template was found.
        first_record: that was searched with, 16 bytes.
        second_record: that was found.
        similarity: their cosine.
        rank: 1 where nobody else's template was more like the first.
        threshold: from which pairs are listed.
        target_fmr: of that threshold, in a comparison of two.
        gallery_size: templates that were searched.
        fpir: expected share of people without a duplicate who would be listed all the same.
        purpose: why anybody looked.
        legal_basis: what allows it.
        created_at: UTC.
        state: what became of it.
        note: of the reviewer.
        resolved_at: UTC; None while it is open.
    """

    review_id: bytes
    first_subject: bytes
    second_subject: bytes
    first_record: bytes
    second_record: bytes
    similarity: float
    rank: int
    threshold: float
    target_fmr: float
    gallery_size: int
    fpir: float
    purpose: str
    legal_basis: str
    created_at: datetime
    state: ReviewState = ReviewState.OPEN
    note: str = ""
    resolved_at: datetime | None = None


def review_id_of(first_record: bytes, second_record: bytes) -> bytes:
    """The id of a pair, whichever of the two comes first."""
    return hashlib.sha256(b"".join(sorted((first_record, second_record)))).digest()[
        :REVIEW_ID_BYTES
    ]


def fpir_of(target_fmr: float, gallery_size: int) -> float:
    """False positive identification rate of one search (ISO/IEC 19795-1): 1 - (1 - FMR)^N.

    Comparisons count as independent, which is pessimistic: templates of one person, and people who
    look like many others, bring their hits together.
    """
    return -math.expm1(gallery_size * math.log1p(-target_fmr))


def require_no_number(note: str) -> None:
    """Refuse a note that names a person: it would stand beside the pseudonym for good.

    Raises:
        UsageError: it holds a valid citizen ID, however its digits are grouped.
    """
    for digits in _LIKE_A_CITIZEN_ID.findall(note):
        try:
            SubjectId.parse(SubjectKind.CITIZEN_ID, digits)
        except SubjectError:
            continue
        raise UsageError(
            "the note holds the number of a person, so nothing was written down",
            advice="Leave numbers out: the pair is known by its pseudonyms.",
        )
