"""Fields of a machine-readable zone: check digits, dates and names (ICAO Doc 9303-3, section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fvs.subjects.faults import SubjectError, SubjectFault

__all__ = [
    "BirthDate",
    "HolderNames",
    "Sex",
    "mrz_check_digit",
    "read_birth",
    "read_expiry",
    "read_names",
    "read_sex",
]

_WEIGHTS = (7, 3, 1)
_VALUES = {"<": 0} | {character: int(character, 36) for character in "0123456789"}
_VALUES |= {character: int(character, 36) for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

_DATE = re.compile(r"(\d\d|<<)(\d\d|<<)(\d\d|<<)", re.ASCII)
_NAMES = re.compile(r"[A-Z][A-Z<]*")
_UNKNOWN = ("<<", "00")
"""What issuers write for a month or day that is not known: fillers by Doc 9303, zeros by habit."""

_CENTURY_YEARS = 100
_EXPIRY_BACK_YEARS = 50
"""An expiry lies in the hundred years that start this long before the day of reading."""


class Sex(StrEnum):
    """The sex on the document."""

    FEMALE = "female"
    MALE = "male"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A date of birth, as far as it is known: year; year and month; all three; or nothing."""

    year: int | None
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True)
class HolderNames:
    """Names in the Latin letters of the zone, words apart by one space.

    Attributes:
        primary: the surname, or the only name.
        secondary: given names; may be empty.
        may_be_cut: the field is full, so that letters may be missing at the end.
    """

    primary: str
    secondary: str
    may_be_cut: bool


_SEX = {"F": Sex.FEMALE, "M": Sex.MALE, "<": Sex.UNSPECIFIED}


def mrz_check_digit(field: str) -> str:
    """Weights 7, 3, 1 over A = 10 to Z = 35 and `<` = 0, modulo 10 (Doc 9303-3, 4.9).

    All weights are prime to 10, so a single misread character passes if, and only if, both have
    the same last digit: 6 and G, or 0 and K, but not 0 and O, 1 and I, 5 and S or 8 and B.
    """
    total = sum(
        _VALUES[character] * _WEIGHTS[place % len(_WEIGHTS)]
        for place, character in enumerate(field)
    )
    return str(total % 10)


def read_birth(field: str, read_on: date) -> BirthDate:
    """YYMMDD, with unknown parts; the latest century that does not put it after `read_on`.

    So a holder of a hundred years or more is read as a hundred years younger.

    Raises:
        SubjectError: `mrz_birth_date`.
    """
    found = _DATE.fullmatch(field)
    if found is None:
        raise SubjectError(SubjectFault.MRZ_BIRTH_DATE)
    month, day = (None if part in _UNKNOWN else int(part) for part in found.groups()[1:])
    year = None if found[1] == "<<" else _birth_year(int(found[1]), month or 1, day or 1, read_on)
    if (day and not month) or (month and not year):
        raise SubjectError(SubjectFault.MRZ_BIRTH_DATE)
    return BirthDate(year, month, day)


def read_expiry(field: str, read_on: date) -> date:
    """YYMMDD, wholly known; from 50 years before the year of `read_on` to 49 years after it.

    Raises:
        SubjectError: `mrz_expiry_date`.
    """
    found = _DATE.fullmatch(field)
    if found is None or "<" in field:
        raise SubjectError(SubjectFault.MRZ_EXPIRY_DATE)
    first = read_on.year - _EXPIRY_BACK_YEARS
    year = first + (int(found[1]) - first) % _CENTURY_YEARS
    expires = _calendar_date(year, int(found[2]), int(found[3]))
    if expires is None:
        raise SubjectError(SubjectFault.MRZ_EXPIRY_DATE)
    return expires


def read_names(field: str) -> HolderNames:
    """Primary and secondary identifiers, parted by `<<`.

    Raises:
        SubjectError: `mrz_names`.
    """
    if _NAMES.fullmatch(field) is None:
        raise SubjectError(SubjectFault.MRZ_NAMES)
    primary, _, secondary = field.partition("<<")
    return HolderNames(
        primary=_words(primary), secondary=_words(secondary), may_be_cut=not field.endswith("<")
    )


def read_sex(character: str) -> Sex:
    """F, M, or a filler.

    Raises:
        SubjectError: `mrz_sex`.
    """
    if character not in _SEX:
        raise SubjectError(SubjectFault.MRZ_SEX)
    return _SEX[character]


def _birth_year(two_digits: int, month: int, day: int, read_on: date) -> int:
    century = read_on.year - read_on.year % _CENTURY_YEARS
    for year in (century + two_digits, century - _CENTURY_YEARS + two_digits):
        born = _calendar_date(year, month, day)
        if born is not None and born <= read_on:
            return year
    raise SubjectError(SubjectFault.MRZ_BIRTH_DATE)


def _calendar_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _words(names: str) -> str:
    return " ".join(names.replace("<", " ").split())
