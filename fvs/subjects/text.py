"""Typed numbers as they are meant: one digit for each way to write it, nothing between them."""

from __future__ import annotations

from fvs.subjects.faults import SubjectError, SubjectFault

__all__ = ["STATE_CHARACTERS", "compact_digits", "split_document"]

STATE_CHARACTERS = 3
"""An issuing state's field in every machine-readable zone (ICAO Doc 9303-3)."""

_THAI_ZERO = 0x0E50
_FULL_WIDTH_ZERO = 0xFF10
_SEPARATORS = " \u00a0\u202f\u3000-\u2010\u2011\u2012\u2013\uff0d"
"""Space (plain, no-break, narrow, full-width) and hyphen (plain, typeset, dashes, full-width)."""

_AS_MEANT = {
    **{
        first + digit: str(digit) for first in (_THAI_ZERO, _FULL_WIDTH_ZERO) for digit in range(10)
    },
    **dict.fromkeys(map(ord, _SEPARATORS), " "),
}
_DOCUMENT_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789< ")


def compact_digits(text: str) -> str:
    """A number of digits only: Thai and full-width digits as ASCII, spaces and hyphens gone.

    Raises:
        SubjectError: `subject_empty`, or `subject_characters` where anything else is in it.
    """
    compacted = _separated(text).replace(" ", "")
    if not (compacted.isascii() and compacted.isdigit()):
        raise SubjectError(SubjectFault.SUBJECT_CHARACTERS)
    return compacted


def split_document(text: str) -> tuple[str, str]:
    """State (the first three characters) and number of a document, in A-Z, 0-9 and `<`.

    Small letters are made capitals. A lone `D` before a separator is Germany's `D<<`; a separator
    within any other state is left there, so that it is none: `TH A1` must not become `THA 1`.

    Raises:
        SubjectError: as `compact_digits`.
    """
    separated = _separated(text)
    if not separated.isascii():  # before upper(), which makes ASCII of a few other letters
        raise SubjectError(SubjectFault.SUBJECT_CHARACTERS)
    capitals = separated.upper()
    if not _DOCUMENT_CHARACTERS.issuperset(capitals):
        raise SubjectError(SubjectFault.SUBJECT_CHARACTERS)
    if capitals.startswith("D "):
        capitals = "D<<" + capitals[1:]
    state, number = capitals[:STATE_CHARACTERS], capitals[STATE_CHARACTERS:]
    return state, number.replace(" ", "")


def _separated(text: str) -> str:
    separated = text.translate(_AS_MEANT).strip(" ")
    if not separated:
        raise SubjectError(SubjectFault.SUBJECT_EMPTY)
    return separated
