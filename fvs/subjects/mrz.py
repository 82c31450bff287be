"""Machine-readable zones of passports (TD3, 2 x 44) and cards (TD1, 3 x 30) of ICAO Doc 9303.

Every check digit must fit before any field is believed. A zone proves that it was read without
misreading, not that the document is genuine or its holder's: the chip and the face do that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.mrz_fields import (
    BirthDate,
    HolderNames,
    Sex,
    mrz_check_digit,
    read_birth,
    read_expiry,
    read_names,
    read_sex,
)
from fvs.subjects.mrz_layouts import ZoneFields, card_fields, passport_fields
from fvs.subjects.private import Private
from fvs.subjects.states import NATIONALITIES, canonical_state
from fvs.subjects.subject_id import SubjectId, SubjectKind

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Mrz", "parse_mrz"]

_THAILAND = "THA"
_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")


@dataclass(frozen=True, slots=True)
class Mrz:
    """What a machine-readable zone says; what could identify its holder is `Private`.

    Attributes:
        document: issuing state and number; its kind tells passport from card.
        document_code: one or two letters, for example `P`, `PD` or `I`.
        issuing_state: `THA`; Germany is `D`.
        nationality: the holder's, likewise; `XXA` to `XXC` and `XXX` are people without one.
        names: in Latin letters.
        birth: as far as it is known; see `read_birth` for the century.
        sex: as on the document.
        expires: the last day of validity; whether that has passed is the caller's to judge.
        optional: what the issuer added, fillers at the end removed: one field of a passport, two
            of a card.
    """

    document: SubjectId
    document_code: str
    issuing_state: str
    nationality: str
    names: Private[HolderNames]
    birth: Private[BirthDate]
    sex: Sex
    expires: date
    optional: tuple[Private[str], ...]

    @property
    def citizen_id(self) -> SubjectId | None:
        """The holder's citizen ID, which Thai passports carry as optional data; None of others.

        None, too, where what is there is no valid citizen ID.
        """
        if self.issuing_state != _THAILAND or self.document.kind != SubjectKind.PASSPORT:
            return None
        try:
            return SubjectId(SubjectKind.CITIZEN_ID, self.optional[0])
        except SubjectError:
            return None


def parse_mrz(text: str, read_on: date) -> Mrz:
    """Read a zone of two lines (passport) or three (card).

    Small letters, empty lines and space around the lines are understood, nothing else is mended:
    a misread character is for the reader to read again.

    Args:
        text: the lines.
        read_on: the day of reading, from which two-digit years get their century.

    Raises:
        SubjectError: the first thing that is wrong; the message holds no part of the zone.
    """
    fields = _fields(_lines(text))
    _require_check_digits(fields)
    nationality = canonical_state(fields.nationality)
    document = SubjectId.parse(fields.kind, fields.issuing_state + fields.number)
    if nationality not in NATIONALITIES:
        raise SubjectError(SubjectFault.MRZ_NATIONALITY)
    return Mrz(
        document=document,
        document_code=fields.document_code.rstrip("<"),
        issuing_state=canonical_state(fields.issuing_state),
        nationality=nationality,
        names=Private(read_names(fields.names)),
        birth=Private(read_birth(fields.birth, read_on)),
        sex=read_sex(fields.sex),
        expires=read_expiry(fields.expiry, read_on),
        optional=tuple(Private(optional.rstrip("<")) for optional in fields.optional),
    )


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all(line.isascii() and _CHARACTERS.issuperset(line.upper()) for line in lines):
        raise SubjectError(SubjectFault.MRZ_CHARACTERS)
    return [line.upper() for line in lines]


def _fields(lines: list[str]) -> ZoneFields:
    match lines:
        case [first, second]:
            return passport_fields(first, second)
        case [first, second, third]:
            return card_fields(first, second, third)
        case _:
            raise SubjectError(SubjectFault.MRZ_LINE_COUNT)


def _require_check_digits(fields: ZoneFields) -> None:
    for check in fields.checks:
        expected = mrz_check_digit(check.over)
        unused = check.may_be_filler and not check.over.strip("<") and check.digit == "<"
        if check.digit != expected and not unused:
            raise SubjectError(check.fault)
