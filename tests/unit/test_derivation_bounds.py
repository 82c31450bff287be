"""Bounds of FMR: against a slow bootstrap, and against a truth that is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.derivation.bounds import (
    CompletePairs,
    ListedPairs,
    NonMatedPairs,
    threshold_within_bound,
    upper_bound,
)
from fvs.derivation.comparisons import compare_people
from fvs.errors import UsageError
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.rates import SCORE_STEP, ScoreTail


def complete(people, rng, spread=0.0):
    """All pairs of people; each has a resemblance of its own, so that pairs are dependent."""
    first, second = np.triu_indices(people, 1)
    resemblance = rng.normal(0.0, spread, people) if spread else np.zeros(people)
    scores = resemblance[first] + resemblance[second] + rng.normal(0.0, 0.1, len(first))
    scores = scores.clip(-1, 1).astype(np.float32)
    design = CompletePairs(np.ones(people, np.int64))
    return NonMatedPairs.of(scores, first, second, ScoreTail.of(scores), design)


def listed(pairs):
    """The same pairs, one by one."""
    people = pairs.design.subjects
    design = ListedPairs(pairs.first, pairs.second, people)
    return NonMatedPairs(pairs.scores, pairs.first, pairs.second, pairs.tail, design)


def slow_bound(pairs, threshold):
    """The definition, replicate by replicate and pair by pair."""
    drawn = pairs.draws()
    rates = []
    for replicate in drawn.T:
        errors = trials = 0.0
        for score, one, other in zip(pairs.scores, pairs.first, pairs.second, strict=True):
            weight = replicate[one] * replicate[other]
            trials += weight
            errors += weight * (score >= np.float32(threshold))
        rates.append(errors / trials)
    by_people = sorted(rates)[math.ceil(0.975 * len(rates)) - 1]
    errors = int(np.sum(pairs.scores >= np.float32(threshold)))
    return max(by_people, float(clopper_pearson(errors, len(pairs.scores))[1]))


class TestUpperBound:
    @pytest.mark.parametrize("spread", [0.0, 0.1])
    @pytest.mark.parametrize("threshold", [0.1, 0.2])
    def test_agrees_with_the_definition(self, spread, threshold):
        """For complete and for listed pairs, with people alike and with people who are not."""
        pairs = complete(12, np.random.default_rng(1), spread)
        expected = slow_bound(pairs, threshold)
        assert upper_bound(pairs, threshold).value == pytest.approx(expected)
        assert upper_bound(listed(pairs), threshold).value == pytest.approx(expected)

    def test_several_pictures_a_person(self):
        """Complete pairs of people with 1 to 3 pictures are those that a list would name."""
        rng = np.random.default_rng(2)
        subjects = np.repeat(np.arange(10), rng.integers(1, 4, 10))
        vectors = rng.normal(size=(len(subjects), 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        pairs = compare_people(vectors, subjects).non_mated
        assert len(pairs.scores) == pairs.tail.trials
        assert upper_bound(pairs, 0.4).value == pytest.approx(slow_bound(pairs, 0.4))

    def test_no_error_believes_half_as_many_trials_as_people(self):
        """So many pairs can be made that share nobody."""
        bound = upper_bound(complete(40, np.random.default_rng(3)), 0.9)
        assert bound.method == "no_errors"
        assert bound.value == pytest.approx(1 - 0.025 ** (1 / 20))

    def test_people_who_resemble_many_widen_it(self):
        """Where a few people make all false matches, the bound over pairs is far too low."""
        pairs = complete(60, np.random.default_rng(4), spread=0.15)
        bound = upper_bound(pairs, 0.5)
        assert bound.method == "subject_bootstrap"
        assert bound.value > 1.5 * pairs.tail.fmr_at(0.5).upper_95

    def test_pairs_that_were_not_kept(self):
        """What cannot be known is refused."""
        scores = np.linspace(0, 0.5, 100, dtype=np.float32)
        people = np.arange(100)
        design = ListedPairs(2 * people, 2 * people + 1, 200)
        tail = ScoreTail.of(scores)
        pairs = NonMatedPairs.of(scores[90:], 2 * people[90:], 2 * people[90:] + 1, tail, design)
        assert upper_bound(pairs, 0.47).value > 0
        with pytest.raises(UsageError, match="only 10 were kept"):
            upper_bound(pairs, 0.3)


class TestThreshold:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**31), st.sampled_from([0.0, 0.05]), st.sampled_from([0.02, 0.1]))
    def test_is_the_lowest_within_the_target(self, seed, spread, target):
        """The bound holds at the threshold, and not one step lower."""
        pairs = complete(50, np.random.default_rng(seed), spread)
        threshold = threshold_within_bound(pairs, target)
        assert threshold is not None
        assert upper_bound(pairs, threshold).value <= target
        below = upper_bound(pairs, threshold - SCORE_STEP)
        assert below.value > target or pairs.tail.at_or_above(threshold - SCORE_STEP) == 0

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**31))
    def test_order_of_pairs_does_not_matter(self, seed):
        """Which picture is named first, and in which row, changes nothing."""
        rng = np.random.default_rng(seed)
        pairs = complete(40, rng, 0.05)
        order = rng.permutation(len(pairs.scores))
        turned = NonMatedPairs.of(
            pairs.scores[order], pairs.second[order], pairs.first[order], pairs.tail, pairs.design
        )
        assert threshold_within_bound(turned, 0.05) == threshold_within_bound(pairs, 0.05)

    def test_too_few_people(self):
        """Few pairs show no small rate, and a pair without an error proves little by itself."""
        assert threshold_within_bound(complete(10, np.random.default_rng(5)), 1e-3) is None

    def test_only_the_highest_score(self):
        """Where too many pairs reach the highest score there is, no threshold will do."""
        ones = np.ones(1000, np.float32)
        people = 2 * np.arange(1000)
        design = ListedPairs(people, people + 1, 2000)
        pairs = NonMatedPairs.of(ones, people, people + 1, ScoreTail.of(ones), design)
        assert threshold_within_bound(pairs, 0.1) == math.inf


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
        """100 of 60 people each; 5 of 100 would be the nominal share of a one-sided bound."""
        assert share_that_exceeds(100, 60, 1e-2, spread) <= 0.07

    @pytest.mark.slow
    @pytest.mark.parametrize("spread", [0.0, 0.05])
    @pytest.mark.parametrize(("people", "target"), [(60, 1e-2), (180, 1e-3), (560, 1e-4)])
    def test_on_a_thousand(self, people, target, spread):
        """Of independent pairs, and of people of whom some resemble many."""
        assert share_that_exceeds(1000, people, target, spread) <= 0.05
