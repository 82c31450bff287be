"""Error rates against counting loops, at equality and with ties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.rates import SCORE_STEP, ScoreTail, Sweep, threshold_allowing, threshold_within

# Few distinct values, so that ties within and between the two kinds are common.
tied = st.integers(-4, 4).map(lambda i: i / 4)
anywhere = st.floats(-1, 1, width=32)
some_scores = st.lists(tied | anywhere, min_size=1, max_size=40)
thresholds = tied | st.floats(-1.5, 1.5, width=32)


def slow_false_matches(non_mated, threshold):
    """Count one by one."""
    return sum(np.float32(s) >= np.float32(threshold) for s in non_mated)


def slow_false_non_matches(mated, threshold):
    """Count one by one."""
    return sum(np.float32(s) < np.float32(threshold) for s in mated)


class TestSweep:
    def test_empty(self):
        """Without scores there is one threshold, which accepts nobody, and no rate."""
        sweep = Sweep.of([], [])
        assert sweep.thresholds.tolist() == [math.inf]
        with pytest.raises(UsageError):
            sweep.fmr_at(0.0)
        with pytest.raises(UsageError):
            sweep.equal_error()

    def test_a_score_equal_to_the_threshold_accepts(self):
        """`score >= threshold` accepts, for both kinds of score."""
        sweep = Sweep.of([0.5], [0.5])
        assert sweep.fmr_at(0.5).errors == 1
        assert sweep.fnmr_at(0.5).errors == 0
        above = float(np.nextafter(np.float32(0.5), np.float32(1)))
        assert sweep.fmr_at(above).errors == 0
        assert sweep.fnmr_at(above).errors == 1

    @given(some_scores, some_scores, thresholds)
    def test_equals_counting(self, mated, non_mated, threshold):
        """At any threshold, between scores, on one, below or above all, counts are as counted."""
        sweep = Sweep.of(mated, non_mated)
        fmr, fnmr = sweep.fmr_at(threshold), sweep.fnmr_at(threshold)
        assert (fmr.errors, fmr.trials) == (
            slow_false_matches(non_mated, threshold),
            len(non_mated),
        )
        assert (fnmr.errors, fnmr.trials) == (slow_false_non_matches(mated, threshold), len(mated))

    @given(some_scores, some_scores)
    def test_is_monotone_and_spans_both_extremes(self, mated, non_mated):
        """FMR falls and FNMR rises with the threshold, from all accepted to none."""
        sweep = Sweep.of(mated, non_mated)
        assert np.all(np.diff(sweep.thresholds) > 0)
        assert np.all(np.diff(sweep.false_matches) <= 0)
        assert np.all(np.diff(sweep.false_non_matches) >= 0)
        assert (sweep.false_matches[0], sweep.false_matches[-1]) == (len(non_mated), 0)
        assert (sweep.false_non_matches[0], sweep.false_non_matches[-1]) == (0, len(mated))

    @given(some_scores, some_scores, st.randoms(use_true_random=False))
    def test_order_does_not_matter(self, mated, non_mated, random):
        """Shuffled scores give the same sweep."""
        one = Sweep.of(mated, non_mated)
        random.shuffle(mated)
        random.shuffle(non_mated)
        other = Sweep.of(mated, non_mated)
        assert np.array_equal(one.false_matches, other.false_matches)
        assert np.array_equal(one.false_non_matches, other.false_non_matches)

    @given(some_scores, some_scores, st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.5, 1.0]))
    def test_fnmr_at_fmr_equals_trying_every_score(self, mated, non_mated, target):
        """The threshold is the lowest score, or +inf, whose counted FMR is within the target."""
        candidates = [*sorted({float(np.float32(s)) for s in [*mated, *non_mated]}), math.inf]
        slow = next(
            t for t in candidates if slow_false_matches(non_mated, t) <= target * len(non_mated)
        )
        sweep = Sweep.of(mated, non_mated)
        assert sweep.threshold_at_fmr(target) == slow
        assert sweep.fnmr_at_fmr(target).errors == slow_false_non_matches(mated, slow)

    @given(some_scores, some_scores)
    def test_equal_error_equals_trying_every_score(self, mated, non_mated):
        """No threshold brings the two errors closer."""
        found = Sweep.of(mated, non_mated).equal_error()
        candidates = [*sorted({float(np.float32(s)) for s in [*mated, *non_mated]}), math.inf]
        gaps = [
            abs(
                slow_false_matches(non_mated, t) / len(non_mated)
                - slow_false_non_matches(mated, t) / len(mated)
            )
            for t in candidates
        ]
        fmr = slow_false_matches(non_mated, found.threshold) / len(non_mated)
        fnmr = slow_false_non_matches(mated, found.threshold) / len(mated)
        assert abs(fmr - fnmr) == pytest.approx(min(gaps), abs=1e-12)
        assert found.rate == pytest.approx((fmr + fnmr) / 2)

    def test_separable_scores_have_no_error(self):
        """Scores that do not overlap have an equal error rate of 0 at the lowest mated score."""
        assert Sweep.of([0.6, 0.9], [0.1, 0.2]).equal_error() == (pytest.approx(0.6), 0.0)

    def test_constant_scores_say_nothing(self):
        """When every score is the same, half of everything is wrong."""
        assert Sweep.of([0.3] * 4, [0.3] * 9).equal_error().rate == 0.5

    @given(some_scores, some_scores)
    def test_most_accurate_threshold_equals_trying_every_score(self, mated, non_mated):
        """No score has fewer errors, and no higher one has as few."""
        found = Sweep.of(mated, non_mated).most_accurate_threshold()
        candidates = [*sorted({float(np.float32(s)) for s in [*mated, *non_mated]}), math.inf]
        errors = {
            t: slow_false_matches(non_mated, t) + slow_false_non_matches(mated, t)
            for t in candidates
        }
        fewest = min(errors.values())
        assert found == max(t for t in candidates if errors[t] == fewest)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_scores_that_are_not_finite_are_refused(self, bad):
        """A score that is no number must not be counted as a non-match in silence."""
        with pytest.raises(UsageError, match="finite"):
            Sweep.of([bad], [0.0])

    def test_from_a_tail_equals_from_all_scores_above_the_floor(self):
        """What was left out of the tail changes nothing above it, and below it is an error."""
        rng = np.random.default_rng(0)
        mated, non_mated = rng.uniform(0, 1, 50), np.sort(rng.uniform(-1, 0.7, 500))
        tail = ScoreTail(non_mated[-100:].astype(np.float32), 500)
        whole, partial = Sweep.of(mated, non_mated), Sweep.of(mated, tail)
        for threshold in np.linspace(tail.floor + 1e-6, 1.1, 30):
            assert partial.fmr_at(threshold) == whole.fmr_at(threshold)
            assert partial.fnmr_at(threshold) == whole.fnmr_at(threshold)
        assert partial.fnmr_at_fmr(0.1) == whole.fnmr_at_fmr(0.1)
        with pytest.raises(UsageError, match="floor"):
            partial.fmr_at(tail.floor)
        with pytest.raises(UsageError, match="too few"):
            partial.threshold_at_fmr(0.5)
        with pytest.raises(UsageError):
            partial.equal_error()


class TestScoreTail:
    def test_empty(self):
        """No scores: nothing accepts, and there is no rate."""
        tail = ScoreTail.of([])
        assert tail.at_or_above(-1.0) == 0
        with pytest.raises(UsageError):
            tail.fmr_at(0.0)

    @given(some_scores, thresholds)
    def test_equals_counting(self, scores, threshold):
        """A whole tail counts as a loop does."""
        assert ScoreTail.of(scores).at_or_above(threshold) == slow_false_matches(scores, threshold)

    def test_refuses_to_guess_below_its_floor(self):
        """Scores left out cannot be counted, so the question is refused."""
        tail = ScoreTail(np.asarray([0.5, 0.6], np.float32), 10)
        assert tail.fmr_at(0.55).errors == 1
        with pytest.raises(UsageError, match="not above"):
            tail.at_or_above(0.5)


class TestThresholdWithin:
    @given(st.lists(tied | anywhere, max_size=200), st.sampled_from([0.05, 0.1, 0.3, 0.6]))
    def test_is_the_lowest_that_holds(self, scores, target):
        """Its upper bound is within the target; one step lower it is not."""
        tail = ScoreTail.of(scores)
        threshold = threshold_within(tail, target)
        if threshold is None:
            assert not scores or clopper_pearson(0, len(scores))[1] > target
            return
        if threshold == math.inf:
            assert tail.fmr_at(1.0).upper_95 > target
            return
        assert tail.fmr_at(threshold).upper_95 <= target
        assert tail.fmr_at(threshold - SCORE_STEP).upper_95 > target

    def test_known_answer(self):
        """Of 1,000 scores 0.000 to 0.999 and a target of 1 %, three may pass: 0.9961 is lowest."""
        tail = ScoreTail.of(np.arange(1000) / 1000)
        assert clopper_pearson(3, 1000)[1] <= 0.01 < clopper_pearson(4, 1000)[1]
        assert threshold_within(tail, 0.01) == 0.9961

    def test_too_few_comparisons(self):
        """367 error-free comparisons cannot show 1 %, 368 can."""
        assert clopper_pearson(0, 367)[1] > 0.01 >= clopper_pearson(0, 368)[1]
        assert threshold_within(ScoreTail.of(np.zeros(367)), 0.01) is None
        assert threshold_within(ScoreTail.of(np.zeros(368)), 0.01) == 0.0001

    def test_kept_too_few(self):
        """A tail shorter than the errors allowed cannot place the threshold."""
        with pytest.raises(UsageError, match="too few"):
            threshold_within(ScoreTail(np.zeros(2, np.float32), 10_000), 0.1)

    @given(st.lists(tied | anywhere, max_size=50), st.integers(0, 60))
    def test_allowing_errors(self, scores, errors):
        """At most so many scores accept, and one step lower more do; fewer scores need no bar."""
        tail = ScoreTail.of(scores)
        threshold = threshold_allowing(tail, errors)
        assert (threshold == -math.inf) == (errors >= len(scores))
        if threshold != -math.inf:
            assert tail.at_or_above(threshold) <= errors
            assert tail.at_or_above(min(threshold, 1 + SCORE_STEP) - SCORE_STEP) > errors
