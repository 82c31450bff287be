"""Where the fields of a machine-readable zone lie: TD3 (Doc 9303-4, 4.2.2), TD1 (9303-5, 4.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.subject_id import SubjectKind

__all__ = ["FieldCheck", "ZoneFields", "card_fields", "passport_fields"]

_PASSPORT_LINE = 44
_CARD_LINE = 30
_PASSPORT_CODES = "P"
_CARD_CODES = "ACI"
_SHORTEST_SPILL = 2
"""One character of the number, and the check digit."""


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """A check digit, the characters it is over, and what is wrong where it does not fit."""

    over: str
    digit: str
    fault: SubjectFault
    may_be_filler: bool = False
    """An unused field may have a filler in place of the digit 0."""


@dataclass(frozen=True, slots=True)
class ZoneFields:
    """The fields as they stand, fillers included; `number` of a card is put together."""

    kind: SubjectKind
    document_code: str
    issuing_state: str
    number: str
    nationality: str
    names: str
    birth: str
    sex: str
    expiry: str
    optional: tuple[str, ...]
    checks: tuple[FieldCheck, ...]


def passport_fields(first: str, second: str) -> ZoneFields:
    """The fields of a TD3 zone.

    Raises:
        SubjectError: `mrz_line_length` or `mrz_document_code`.
    """
    _require((first, second), _PASSPORT_LINE, _PASSPORT_CODES)
    number, birth, expiry, optional = second[:9], second[13:19], second[21:27], second[28:42]
    return ZoneFields(
        kind=SubjectKind.PASSPORT,
        document_code=first[:2],
        issuing_state=first[2:5],
        number=number,
        nationality=second[10:13],
        names=first[5:],
        birth=birth,
        sex=second[20],
        expiry=expiry,
        optional=(optional,),
        checks=(
            FieldCheck(number, second[9], SubjectFault.MRZ_NUMBER_CHECK_DIGIT),
            FieldCheck(birth, second[19], SubjectFault.MRZ_BIRTH_CHECK_DIGIT),
            FieldCheck(expiry, second[27], SubjectFault.MRZ_EXPIRY_CHECK_DIGIT),
            FieldCheck(
                optional, second[42], SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT, may_be_filler=True
            ),
            FieldCheck(
                second[:10] + second[13:20] + second[21:43],
                second[43],
                SubjectFault.MRZ_COMPOSITE_CHECK_DIGIT,
            ),
        ),
    )


def card_fields(first: str, second: str, third: str) -> ZoneFields:
    """The fields of a TD1 zone.

    Raises:
        SubjectError: `mrz_line_length` or `mrz_document_code`.
    """
    _require((first, second, third), _CARD_LINE, _CARD_CODES)
    number, number_digit, optional = _card_number(first[5:14], first[14], first[15:])
    birth, expiry = second[:6], second[8:14]
    return ZoneFields(
        kind=SubjectKind.TRAVEL_CARD,
        document_code=first[:2],
        issuing_state=first[2:5],
        number=number,
        nationality=second[15:18],
        names=third,
        birth=birth,
        sex=second[7],
        expiry=expiry,
        optional=(optional, second[18:29]),
        checks=(
            FieldCheck(number, number_digit, SubjectFault.MRZ_NUMBER_CHECK_DIGIT),
            FieldCheck(birth, second[6], SubjectFault.MRZ_BIRTH_CHECK_DIGIT),
            FieldCheck(expiry, second[14], SubjectFault.MRZ_EXPIRY_CHECK_DIGIT),
            FieldCheck(
                first[5:] + second[:7] + second[8:15] + second[18:29],
                second[29],
                SubjectFault.MRZ_COMPOSITE_CHECK_DIGIT,
            ),
        ),
    )


def _card_number(field: str, digit: str, optional: str) -> tuple[str, str, str]:
    """Number, check digit and optional data of a card, whose number may spill over.

    With a filler for its check digit the number goes on in the optional data, followed by the
    check digit of all of it and a filler (Doc 9303-5, note j).
    """
    spilled, filler, rest = optional.partition("<")
    if digit != "<" or len(spilled) < _SHORTEST_SPILL or not filler:
        return field, digit, optional
    return field + spilled[:-1], spilled[-1], rest


def _require(lines: tuple[str, ...], length: int, codes: str) -> None:
    if any(len(line) != length for line in lines):
        raise SubjectError(SubjectFault.MRZ_LINE_LENGTH)
    if lines[0][0] not in codes:
        raise SubjectError(SubjectFault.MRZ_DOCUMENT_CODE)
