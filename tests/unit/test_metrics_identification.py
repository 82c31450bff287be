"""Searches against loops over their candidates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.identification import (
    NOT_ENROLLED,
    Searches,
    cumulative_match,
    fmr_for_fpir,
    fpir_from_fmr,
)

KEYS = range(4)
candidate = st.tuples(st.integers(0, 3), st.sampled_from(KEYS), st.sampled_from([0.2, 0.5, 0.8]))
enrolled = st.lists(st.sampled_from([NOT_ENROLLED, *KEYS]), min_size=4, max_size=4)
some = st.lists(candidate, max_size=15, unique_by=lambda one: one[:2])


def searches(who, candidates):
    """The record."""
    rows, keys, scores = zip(*candidates, strict=True) if candidates else ((), (), ())
    return Searches(
        np.array(who), np.array(rows, np.int64), np.array(keys, np.int64), np.array(scores, "f4")
    )


def returned(candidates, row, threshold):
    """Keys returned by one search, best first, of equals the lower key."""
    own = sorted((-score, key) for one, key, score in candidates if one == row)
    return [key for score, key in own if -score >= threshold]


class TestSearches:
    def test_empty(self):
        """Without searches there are no rates."""
        none = searches([], [])
        for call in (
            lambda: none.fpir(0.5),
            lambda: none.fnir(0.5, rank=1),
            lambda: none.selectivity(0.5),
        ):
            with pytest.raises(UsageError):
                call()

    @given(enrolled, some, st.sampled_from([0.2, 0.5, 0.6]), st.integers(1, 3))
    def test_equals_going_through_each_search(self, who, candidates, threshold, rank):
        """FPIR, FNIR and selectivity are as counted."""
        found = searches(who, candidates)
        # Scores are float32: 0.2 and 0.8 differ from the thresholds' doubles by less than a step.
        kept = [returned(candidates, row, threshold) for row in range(4)]
        strangers = [row for row in range(4) if who[row] == NOT_ENROLLED]
        known = [row for row in range(4) if who[row] != NOT_ENROLLED]
        if strangers:
            assert found.fpir(threshold).errors == sum(bool(kept[row]) for row in strangers)
        if known:
            missed = sum(who[row] not in kept[row][:rank] for row in known)
            assert found.fnir(threshold, rank=rank).errors == missed
        wrong = sum(key != who[row] for row in range(4) for key in kept[row])
        assert found.selectivity(threshold) == wrong / 4

    def test_cumulative_match_rises_to_all_that_are_found(self):
        """The mate stands second: found by rank 2."""
        found = searches([1], [(0, 0, 0.8), (0, 1, 0.5)])
        assert cumulative_match(found, 3).tolist() == [0.0, 1.0, 1.0]
        with pytest.raises(UsageError):
            cumulative_match(found, 0)

    def test_refusals(self):
        """Candidates of no search, without a score, and ranks below 1."""
        with pytest.raises(UsageError):
            searches([1], [(1, 0, 0.5)])
        with pytest.raises(UsageError):
            searches([1], [(0, 0, np.nan)])
        with pytest.raises(UsageError):
            Searches(np.array([1]), np.array([0]), np.array([1, 2]), np.array([0.5], "f4"))
        with pytest.raises(UsageError):
            searches([1], []).fnir(0.5, rank=0)


class TestPlanning:
    @given(st.floats(1e-6, 0.5), st.integers(1, 1000))
    def test_fpir_equals_the_product(self, fmr, gallery):
        """Nobody is returned if no comparison matches."""
        assert fpir_from_fmr(fmr, gallery) == pytest.approx(1 - (1 - fmr) ** gallery, abs=1e-9)

    @given(st.floats(1e-6, 0.9), st.integers(1, 10**8))
    def test_the_way_back(self, fpir, gallery):
        """The FMR found has the FPIR asked for, in galleries of any size."""
        assert fpir_from_fmr(fmr_for_fpir(fpir, gallery), gallery) == pytest.approx(fpir, rel=1e-9)

    def test_ends(self):
        """No false match finds nobody; certain ones always somebody."""
        assert fpir_from_fmr([0.0, 1.0], 5).tolist() == [0.0, 1.0]
        assert fmr_for_fpir([0.0, 1.0], 5).tolist() == [0.0, 1.0]

    def test_refusals(self):
        """Rates are shares and galleries are not empty."""
        for rates, gallery in ((1.5, 10), (np.nan, 10), (0.1, 0)):
            with pytest.raises(UsageError):
                fpir_from_fmr(rates, gallery)
