"""Pseudonyms by the thousand are those of single subjects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.subjects import Private, Pseudonymiser, SubjectError, SubjectId, SubjectKind

SUBJECTS = [
    SubjectId.parse(SubjectKind.CITIZEN_ID, "1234567890121"),
    SubjectId.parse(SubjectKind.PASSPORT, "THA AA1234567"),
    SubjectId.parse(SubjectKind.TRAVEL_CARD, "THA AA1234567"),
]


@given(key=st.binary(min_size=32, max_size=150))
def test_they_are_the_same_bytes(key):
    """For keys shorter and longer than a block of the hash, and for none and many subjects."""
    pseudonymiser = Pseudonymiser(Private(key))
    assert pseudonymiser.of([]) == []
    assert pseudonymiser.of(SUBJECTS) == [subject.pseudonym(key) for subject in SUBJECTS]


def test_refuses_a_short_key():
    """As single pseudonyms do."""
    with pytest.raises(SubjectError):
        Pseudonymiser(Private(bytes(31)))
