"""Bounds of FMR that set thresholds, against a truth that is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.derivation.bounds import tail_of, threshold_within_bound, upper_bound
from fvs.metrics.rates import SCORE_STEP
from fvs.metrics.subject_pairs import SubjectPairs


def complete(people, rng, spread=0.0):
    """All pairs of people; each has a resemblance of its own, so that pairs are dependent."""
    first, second = np.triu_indices(people, 1)
    resemblance = rng.normal(0.0, spread, people) if spread else np.zeros(people)
    scores = resemblance[first] + resemblance[second] + rng.normal(0.0, 0.1, len(first))
    return SubjectPairs.non_mated(scores.clip(-1, 1), first, second)


class TestUpperBound:
    def test_no_error_believes_half_as_many_trials_as_people(self):
        """So many pairs can be made that share nobody."""
        bound = upper_bound(complete(40, np.random.default_rng(3)), 0.9)
        assert bound.method == "no_errors"
        assert bound.value == pytest.approx(1 - 0.025 ** (1 / 20))

    def test_people_who_resemble_many_widen_it(self):
        """Where a few people make all false matches, the bound over pairs is far too low."""
        pairs = complete(60, np.random.default_rng(4), spread=0.15)
        bound = upper_bound(pairs, 0.5)
        assert bound.method == "people"
        assert bound.value > 1.5 * tail_of(pairs).fmr_at(0.5).upper_95

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**31), st.sampled_from([0.0, 0.1]))
    def test_is_never_below_that_over_pairs(self, seed, spread):
        """People who share pairs never tell more than pairs that share nobody."""
        pairs = complete(40, np.random.default_rng(seed), spread)
        assert upper_bound(pairs, 0.25).value >= tail_of(pairs).fmr_at(0.25).upper_95 * (1 - 1e-9)


class TestThreshold:
    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**31), st.sampled_from([0.0, 0.05]), st.sampled_from([0.02, 0.1]))
    def test_is_the_lowest_within_the_target(self, seed, spread, target):
        """The bound holds at the threshold, and not one step lower."""
        pairs = complete(50, np.random.default_rng(seed), spread)
        threshold = threshold_within_bound(pairs, target)
        assert threshold is not None
        assert upper_bound(pairs, threshold).value <= target
        assert upper_bound(pairs, threshold - SCORE_STEP).value > target

    def test_errors_to_spare(self):
        """A threshold at which fewer false matches are seen than asked for does not count."""
        pairs = complete(60, np.random.default_rng(5))
        threshold = threshold_within_bound(pairs, 1e-2)
        seen = tail_of(pairs).at_or_above(threshold)
        assert threshold_within_bound(pairs, 1e-2, seen) == threshold
        assert threshold_within_bound(pairs, 1e-2, seen + 1) is None

    def test_too_few_people(self):
        """Few pairs show no small rate."""
        assert threshold_within_bound(complete(10, np.random.default_rng(5)), 1e-3) is None


def share_that_exceeds(calibrations, people, target, spread):
    """How often the true FMR at the threshold of a calibration is above the target."""
    rng = np.random.default_rng(19795)
    deviation = math.sqrt(0.1**2 + 2 * spread**2)
    exceeding = set_at_all = 0
    for _ in range(calibrations):
        threshold = threshold_within_bound(complete(people, rng, spread), target)
        if threshold is not None:
            set_at_all += 1
            true_fmr = 0.5 * math.erfc(threshold / deviation / math.sqrt(2))
            exceeding += true_fmr > target
    assert set_at_all > calibrations / 2
    return exceeding / set_at_all


class TestGuarantee:
    """The true FMR of people never seen exceeds the target in at most one calibration of twenty."""

    @pytest.mark.parametrize("spread", [0.0, 0.05])
    def test_on_some_calibrations(self, spread):
        """100 of 60 people each."""
        assert share_that_exceeds(100, 60, 1e-2, spread) <= 0.07

    @pytest.mark.slow
    @pytest.mark.parametrize("spread", [0.0, 0.05])
    @pytest.mark.parametrize(("people", "target"), [(60, 1e-2), (180, 1e-3), (560, 1e-4)])
    def test_on_a_thousand(self, people, target, spread):
        """Of independent pairs, and of people of whom some resemble many."""
        assert share_that_exceeds(1000, people, target, spread) <= 0.05
