"""The one type for whoever a record is about."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Self

from fvs.subjects.documents import (
    MAX_CARD_CHARACTERS,
    MAX_PASSPORT_CHARACTERS,
    document_number,
)
from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.private import Private
from fvs.subjects.text import STATE_CHARACTERS
from fvs.subjects.thai_numbers import CitizenCategory, citizen_number, juristic_number

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MIN_KEY_BYTES", "PSEUDONYM_BYTES", "SubjectId", "SubjectKind", "pseudonym_head"]

MIN_KEY_BYTES = 32
"""Numbers are few enough to try them all, so the key alone keeps them: as long as the digest."""

PSEUDONYM_BYTES = 32
_PSEUDONYM_DOMAIN = b"fvs subject 1"
_PSEUDONYM_DIGEST = "sha256"


class SubjectKind(StrEnum):
    """What a number is; the same digits under another kind are another subject."""

    CITIZEN_ID = "citizen_id"
    """13 digits of a natural person: Thai nationals, pink cards and other foreigners."""
    PASSPORT = "passport"
    """Issuing state and number of a passport (TD3)."""
    TRAVEL_CARD = "travel_card"
    """Issuing state and number of a card with three machine-readable lines (TD1)."""
    JURISTIC_PERSON = "juristic_person"
    """13 digits of a company or partnership, on whose behalf a person may act."""


@dataclass(frozen=True, slots=True, repr=False)
class SubjectId:
    """A valid identifier in its normal form; equal where kind and number are.

    It prints masked, in whatever way it is printed, and cannot be pickled or encoded: what is
    stored or sent is `pseudonym`. `number.reveal()` gives the number out, on purpose only.

    Attributes:
        kind: what the number is.
        number: the normal form. 13 digits; or the state in three characters (filled with `<`) and
            the number, A-Z and 0-9.
    """

    kind: SubjectKind
    number: Private[str]

    def __post_init__(self) -> None:
        """Bring the number into its normal form, so that no other way in exists."""
        normalised = _NORMALISE[self.kind](self.number.reveal())
        object.__setattr__(self, "number", Private(normalised))

    @classmethod
    def parse(cls, kind: SubjectKind, text: str) -> Self:
        """Read a number as people type it.

        Thai and full-width digits, spaces and hyphens are understood; anything else is refused.
        Documents are written as state and number: `THA AA1234567`.

        Raises:
            SubjectError: it is no number of that kind; the message holds no part of it.
        """
        return cls(kind, Private(text))

    @property
    def category(self) -> CitizenCategory | None:
        """Who the first digit of a citizen ID stands for; None of other kinds."""
        if self.kind != SubjectKind.CITIZEN_ID:
            return None
        return CitizenCategory(int(self.number.reveal()[0]))

    @property
    def masked(self) -> str:
        """The number as it may be printed: what it tells applies to many.

        - citizen ID, categories 1 to 5: category and registrar's district, `1-2345-xxxxx-xx-x`;
          of other categories a district may hold a handful, so the category alone;
        - juristic person: registration province and legal form, `0-10-5-xxx-xxxxx-x`;
        - documents: the state alone, `THA-xxxxxxxxx`; always nine, so that the length is not told.
        """
        return _MASK[self.kind](self.number.reveal())

    def pseudonym(self, key: bytes) -> bytes:
        """The 32 bytes under which the subject is stored: HMAC-SHA-256 of kind and number.

        The message is `fvs subject 1`, the kind's value and the number in ASCII, with a zero byte
        between each, so no two kinds or numbers share a message.

        Args:
            key: at least 32 random bytes. Who has it can find every number by trying, so it is
                kept apart from what it protects; another key gives unlinkable pseudonyms.

        Raises:
            SubjectError: `subject_key_length`.
        """
        if len(key) < MIN_KEY_BYTES:
            raise SubjectError(SubjectFault.SUBJECT_KEY_LENGTH)
        message = pseudonym_head(self.kind) + self.number.reveal().encode()
        return hmac.digest(key, message, _PSEUDONYM_DIGEST)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"<{self.kind} {self.masked}>"

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)


def pseudonym_head(kind: SubjectKind) -> bytes:
    """What stands before the number in the message of its pseudonym."""
    return b"\0".join((_PSEUDONYM_DOMAIN, kind.encode(), b""))


_NORMALISE: dict[SubjectKind, Callable[[str], str]] = {
    SubjectKind.CITIZEN_ID: citizen_number,
    SubjectKind.PASSPORT: partial(document_number, max_characters=MAX_PASSPORT_CHARACTERS),
    SubjectKind.TRAVEL_CARD: partial(document_number, max_characters=MAX_CARD_CHARACTERS),
    SubjectKind.JURISTIC_PERSON: juristic_number,
}

_MANY_IN_EVERY_DISTRICT = "12345"
"""Categories of the population at large."""


def _mask_citizen(number: str) -> str:
    registrar = number[1:5] if number[0] in _MANY_IN_EVERY_DISTRICT else "xxxx"
    return f"{number[0]}-{registrar}-xxxxx-xx-x"


def _mask_juristic(number: str) -> str:
    return f"{number[0]}-{number[1:3]}-{number[3]}-xxx-xxxxx-x"


def _mask_document(number: str) -> str:
    return f"{number[:STATE_CHARACTERS].rstrip('<')}-xxxxxxxxx"


_MASK: dict[SubjectKind, Callable[[str], str]] = {
    SubjectKind.CITIZEN_ID: _mask_citizen,
    SubjectKind.PASSPORT: _mask_document,
    SubjectKind.TRAVEL_CARD: _mask_document,
    SubjectKind.JURISTIC_PERSON: _mask_juristic,
}
