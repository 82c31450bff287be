"""Travel documents as identifiers: issuing state and number."""

from __future__ import annotations

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.states import ISSUERS, canonical_state
from fvs.subjects.text import STATE_CHARACTERS, split_document

__all__ = ["MAX_CARD_CHARACTERS", "MAX_PASSPORT_CHARACTERS", "document_number"]

MAX_PASSPORT_CHARACTERS = 9
"""The field of ICAO Doc 9303-4."""

MAX_CARD_CHARACTERS = 22
"""Nine, and thirteen that may spill into the optional data (Doc 9303-5, note j)."""


def document_number(text: str, max_characters: int) -> str:
    """The state, filled to three characters with `<`, and the number without fillers.

    Fillers inside a number stand for printed spaces and hyphens, which nobody types alike, so
    they are left out.

    Raises:
        SubjectError: the state issues no documents, or the number is empty or too long.
    """
    field, filled = split_document(text)
    state, number = canonical_state(field), filled.replace("<", "")
    if state not in ISSUERS:
        raise SubjectError(SubjectFault.SUBJECT_ISSUING_STATE)
    if not 1 <= len(number) <= max_characters:
        raise SubjectError(SubjectFault.SUBJECT_LENGTH)
    return state.ljust(STATE_CHARACTERS, "<") + number
