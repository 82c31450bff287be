"""Intervals by subject against sums written out, and the threshold rule that stands on them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.pair_counts import AllPairsCounts
from fvs.metrics.rates import SCORE_STEP
from fvs.metrics.subject_intervals import (
    BoundMethod,
    false_match_band,
    false_non_match_band,
    subject_threshold_within,
)
from fvs.metrics.subject_pairs import SubjectPairs
from fvs.metrics.subject_spread import subject_spread
from tests.metric_oracles import accepted, dyadic_variance, surpluses
from tests.unit.test_metrics_subject_pairs import SUBJECTS, listed, non_mated_pairs, scores


def everybody(count, seed=0, mean=0.0):
    """All pairs of so many subjects, scores independent."""
    first, second = np.triu_indices(count, 1)
    drawn = np.random.default_rng(seed).normal(mean, 0.1, len(first))
    return SubjectPairs.non_mated(drawn, first, second)


class TestSpread:
    @given(non_mated_pairs, scores)
    def test_non_mated_equals_the_sum_over_pairs_of_comparisons(self, pairs, threshold):
        """The closed form is the sum of products over all comparisons that share a subject."""
        record = listed(pairs)
        spread = subject_spread(record, record.accepted_at([threshold]))
        slow = dyadic_variance(pairs, threshold)
        fast = (spread.subjects - spread.pairs)[0] / len(pairs) ** 2
        assert fast == pytest.approx(slow, abs=1e-9)

    @given(st.lists(st.tuples(scores, st.integers(0, SUBJECTS - 1)), min_size=1), scores)
    def test_mated_equals_the_sum_over_pairs_of_comparisons(self, owned, threshold):
        """Likewise where both pictures are of one subject."""
        pairs = [(score, who, who) for score, who in owned]
        record = SubjectPairs.mated([p[0] for p in pairs], [p[1] for p in pairs], SUBJECTS)
        spread = subject_spread(record, record.accepted_at([threshold]))
        assert spread.subjects[0] / len(pairs) ** 2 == pytest.approx(
            dyadic_variance(pairs, threshold), abs=1e-9
        )
        assert spread.pairs[0] == 0

    @given(non_mated_pairs, scores)
    def test_moments_equal_sums_over_subjects(self, pairs, threshold):
        """Squares and fourth powers are those of each subject's surplus."""
        record = listed(pairs)
        spread = subject_spread(record, record.accepted_at([threshold]))
        found = surpluses(pairs, threshold, SUBJECTS)
        assert spread.subjects[0] == pytest.approx(sum(s**2 for s in found), abs=1e-8)
        assert spread.subjects_fourth[0] == pytest.approx(sum(s**4 for s in found), abs=1e-7)

    def test_many_thresholds_equal_one_by_one(self):
        """Counts at each threshold do not know of the others."""
        record = everybody(20)
        counts = record.accepted_at(np.linspace(-0.2, 0.3, 17))
        together = subject_spread(record, counts)
        for row, count in enumerate(counts):
            alone = subject_spread(record, np.array([count]))
            assert alone.subjects[0] == pytest.approx(together.subjects[row], abs=1e-9)
            assert alone.pairs[0] == pytest.approx(together.pairs[row], abs=1e-9)


class TestBands:
    @given(non_mated_pairs, scores)
    def test_bounds_enclose_the_rate_and_are_no_narrower_than_exact(self, pairs, threshold):
        """Correlation never makes an interval narrower than independent trials would have."""
        found = false_match_band(listed(pairs), [threshold]).at(0)
        assert found.errors == accepted(pairs, threshold)
        assert 0.0 <= found.lower_95 <= found.point <= found.upper_95 <= 1.0
        lower, upper = clopper_pearson(found.errors, found.trials)
        assert found.lower_95 <= lower + 1e-12
        assert found.upper_95 >= upper - 1e-12
        assert found.effective_trials <= found.trials

    def test_order_and_numbers_of_subjects_do_not_matter(self):
        """Shuffled pairs of renumbered subjects, turned about, have the same interval."""
        pairs, rng = everybody(30), np.random.default_rng(1)
        order, numbers = rng.permutation(pairs.trials), rng.permutation(30)
        turned = SubjectPairs.non_mated(
            pairs.scores[order], numbers[pairs.second[order]], numbers[pairs.first[order]]
        )
        one = false_match_band(pairs, [0.0, 0.1, 0.2])
        other = false_match_band(turned, [0.0, 0.1, 0.2])
        assert np.array_equal(one.errors, other.errors)
        assert np.allclose(one.upper_95, other.upper_95, rtol=1e-9)

    def test_errors_of_one_subject_count_as_one(self):
        """Thirty false matches of one look-alike tell less than thirty of sixty people."""
        first, second = np.triu_indices(100, 1)
        of_one = (first == 0) & (second <= 30)
        apart = (second == first + 1) & (first % 2 == 0) & (first < 60)
        bands = [
            false_match_band(SubjectPairs.non_mated(hit.astype(float), first, second), [1.0]).at(0)
            for hit in (of_one, apart)
        ]
        assert [band.errors for band in bands] == [30, 30]
        assert bands[0].upper_95 > 3 * bands[1].upper_95
        assert bands[1].effective_trials > 20 * bands[0].effective_trials

    def test_without_an_error_only_pairs_that_share_nobody_count(self):
        """No false match among all pairs of 40 people shows what 20 trials show."""
        found = false_match_band(everybody(40), [0.9]).at(0)
        assert found.errors == 0
        assert found.method is BoundMethod.INDEPENDENT_SUBJECTS
        assert found.effective_trials == 20
        assert found.upper_95 == pytest.approx(clopper_pearson(0, 20)[1])

    def test_without_an_error_each_subject_is_a_mated_trial(self):
        """A hundred comparisons of ten people show what ten trials show."""
        pairs = SubjectPairs.mated(np.full(100, 0.9), np.arange(100) % 10)
        found = false_non_match_band(pairs, [0.5]).at(0)
        assert (found.errors, found.effective_trials) == (0, 10)
        assert found.upper_95 == pytest.approx(clopper_pearson(0, 10)[1])

    def test_one_subject_says_nothing_of_others(self):
        """An interval over subjects needs at least two."""
        with pytest.raises(UsageError, match="1 subjects"):
            false_non_match_band(SubjectPairs.mated([0.1, 0.9], [0, 0]), [0.5])

    @pytest.mark.parametrize("scale", [1e-30, 1e30])
    def test_tiny_and_huge_scores(self, scale):
        """Rates depend on order only, whatever unit scores are in."""
        pairs = everybody(20)
        scaled = SubjectPairs.non_mated(
            pairs.scores.astype(np.float64) * scale, pairs.first, pairs.second
        )
        threshold = float(pairs.scores[150])
        one = false_match_band(pairs, [threshold])
        other = false_match_band(scaled, [scaled.scores[150]])
        assert one.errors == other.errors
        assert one.upper_95 == pytest.approx(other.upper_95)


class TestThresholdWithin:
    @pytest.mark.parametrize("target", [0.3, 0.1, 0.05])
    def test_is_the_lowest_at_which_the_bound_holds(self, target):
        """At it the bound is within the target, at no lower step is it."""
        pairs = everybody(60)
        found = subject_threshold_within(pairs, target)
        assert found.upper_95 <= target
        lower = np.arange(found.threshold - 0.3, found.threshold - SCORE_STEP / 2, SCORE_STEP)
        assert np.all(false_match_band(pairs, lower).upper_95 > target)

    @pytest.mark.parametrize("target", [0.0, 1.0, math.nan])
    def test_impossible_targets_are_refused(self, target):
        """A target is a rate strictly between 0 and 1."""
        with pytest.raises(UsageError):
            subject_threshold_within(everybody(10), target)

    def test_data_that_cannot_show_the_target(self):
        """All pairs of ten people cannot show one in ten thousand."""
        assert subject_threshold_within(everybody(10), 1e-4) is None

    def test_kept_too_few(self):
        """Where the threshold lies among the pairs left out, it is not guessed."""
        whole = everybody(60)
        tail = SubjectPairs(
            whole.scores[-5:], whole.first[-5:], whole.second[-5:], AllPairsCounts(np.ones(60))
        )
        with pytest.raises(UsageError, match="too few"):
            subject_threshold_within(tail, 0.3)

    def test_from_a_tail_equals_from_all(self):
        """Pairs left out change nothing above the floor."""
        whole = everybody(60)
        tail = SubjectPairs(
            whole.scores[-700:],
            whole.first[-700:],
            whole.second[-700:],
            AllPairsCounts(np.ones(60)),
        )
        one, other = (subject_threshold_within(pairs, 0.1) for pairs in (whole, tail))
        assert one.threshold == other.threshold
        assert math.isclose(one.upper_95, other.upper_95, rel_tol=1e-9)
