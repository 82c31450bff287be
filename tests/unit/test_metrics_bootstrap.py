"""Draws of subjects against pairs weighted one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.bootstrap import _draw, det_band, percentile_interval, replicate, subject_bootstrap
from fvs.metrics.comparison import compare_systems
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.pair_counts import AllPairsCounts
from fvs.metrics.rates import Sweep
from fvs.metrics.subject_intervals import false_match_band
from fvs.metrics.subject_pairs import KindsOfPairs, SubjectPairs, compare_subjects
from tests.metric_oracles import weighted_rate
from tests.unit.test_metrics_subject_pairs import SUBJECTS, listed, non_mated_pairs, scores


def people(count, seed, noise=0.3):
    """Vectors of some people, three pictures each."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(count), 3)
    vectors = rng.normal(size=(count, 16))[owner] + noise * rng.normal(size=(3 * count, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), owner


class TestReplicate:
    def test_empty(self):
        """No thresholds, no rates; no pairs, no comparison in any draw."""
        pairs = SubjectPairs.non_mated([], [], [], 3)
        assert replicate(pairs, [], replicates=2).accepted.shape == (2, 0)
        assert np.isnan(replicate(pairs, [0.5], replicates=2).fmr).all()

    @given(non_mated_pairs, st.lists(scores, min_size=1, max_size=4))
    def test_non_mated_equals_weighting_each_pair(self, pairs, thresholds):
        """A pair counts as often as its two subjects are drawn, multiplied."""
        drawn = replicate(listed(pairs), thresholds, replicates=3, seed=5)
        for row, weights in enumerate(_draw(SUBJECTS, range(3), 5)):
            slow = [weighted_rate(pairs, threshold, weights) for threshold in thresholds]
            assert np.allclose(drawn.fmr[row], slow, atol=1e-12, equal_nan=True)

    @given(st.lists(st.tuples(scores, st.integers(0, SUBJECTS - 1)), min_size=1), scores)
    def test_mated_equals_weighting_each_pair(self, owned, threshold):
        """A mated pair counts as often as its subject is drawn, not the square of that."""
        pairs = [(score, who, who) for score, who in owned]
        record = SubjectPairs.mated([p[0] for p in pairs], [p[1] for p in pairs], SUBJECTS)
        drawn = replicate(record, [threshold], replicates=3, seed=5)
        for row, weights in enumerate(_draw(SUBJECTS, range(3), 5)):
            slow = 1 - weighted_rate(pairs, threshold, weights)
            assert np.allclose(drawn.fnmr[row], slow, atol=1e-12, equal_nan=True)

    def test_from_a_tail_equals_from_all(self):
        """Pairs below the lowest threshold need no subjects."""
        vectors, owner = people(30, 0)
        whole, tail = (compare_subjects(vectors, owner, keep=keep)[1] for keep in (10**6, 500))
        threshold = float(tail.scores[50])
        one, other = (replicate(p, [threshold, 0.9], replicates=40).fmr for p in (whole, tail))
        assert np.allclose(one, other, atol=1e-12)

    def test_draws_depend_on_the_seed_and_on_nothing_else(self):
        """More replicates or thresholds change none of the first; another seed does."""
        pairs = listed([(0.1, 0, 1), (0.3, 1, 2), (0.5, 3, 4)])
        few = replicate(pairs, [0.2], replicates=30, seed=1).fmr
        assert np.array_equal(
            replicate(pairs, [0.4, 0.2], replicates=60, seed=1).fmr[:30, 1],
            few[:, 0],
            equal_nan=True,
        )
        other = replicate(pairs, [0.2], replicates=30, seed=2).fmr
        assert not np.array_equal(few, other, equal_nan=True)

    def test_progress_is_told(self):
        """Whoever waits hears how far it is."""
        heard = []
        replicate(listed([(0.1, 0, 1)]), [0.0], replicates=60, on_progress=heard.append)
        assert heard == [25, 50, 60]

    def test_one_subject_cannot_be_drawn_from(self):
        """Draws of one subject are all the same."""
        with pytest.raises(UsageError):
            replicate(SubjectPairs.mated([0.1], [0]), [0.0])


class TestIntervals:
    def test_agree_with_the_closed_form(self):
        """With many draws their spread is the variance that comparisons sharing a subject have."""
        rng = np.random.default_rng(2)
        lean = rng.normal(0, 0.07, 120)
        first, second = np.triu_indices(120, 1)
        values = lean[first] + lean[second] + rng.normal(0, 0.07, len(first))
        pairs = SubjectPairs.non_mated(values, first, second)
        closed = false_match_band(pairs, [0.1, 0.2])
        drawn = replicate(pairs, [0.1, 0.2], replicates=2000).false_match_band()
        width = closed.upper_95 - closed.lower_95
        assert np.abs(drawn.upper_95 - closed.upper_95).max() < 0.1 * width.max()
        assert np.allclose(drawn.upper_95 - drawn.lower_95, width, rtol=0.1)

    def test_without_an_error_fall_back(self):
        """Replicates of no error are no errors; the bound is that of pairs sharing nobody."""
        first, second = np.triu_indices(40, 1)
        found = subject_bootstrap(np.zeros(len(first)), first, second, [0.5], replicates=20)
        assert found.false_match_band().upper_95[0] == pytest.approx(clopper_pearson(0, 20)[1])

    def test_mated_and_non_mated_pairs_are_not_mixed(self):
        """They are weighted in different ways."""
        with pytest.raises(UsageError, match="different ways"):
            subject_bootstrap([0.1, 0.2], [0, 0], [0, 1], [0.1])

    def test_mated_lists_are_mated_pairs(self):
        """The same numbers in both columns make mated pairs."""
        drawn = subject_bootstrap([0.1, 0.9], [0, 1], [0, 1], [0.5], replicates=20)
        assert drawn.false_non_match_band().errors.tolist() == [1]


class TestPercentiles:
    def test_draws_without_a_value_are_left_out(self):
        """NaN is no draw; where all are, there is no interval."""
        lower, upper = percentile_interval(np.array([[np.nan], [0.2], [0.2]]))
        assert (lower[0], upper[0]) == (0.2, 0.2)
        for none in (np.empty((0, 1)), np.full((3, 1), np.nan)):
            with pytest.raises(UsageError, match="no replicate"):
                percentile_interval(none)


class TestDetBand:
    def test_holds_the_curve_and_the_sweeps_thresholds(self):
        """The middle of the band is what the sweep says."""
        vectors, owner = people(60, 3, noise=0.8)
        pairs = compare_subjects(vectors, owner)
        targets = [0.001, 0.01, 0.1]
        band = det_band(pairs, targets, replicates=100)
        sweep = Sweep.of(pairs.mated.scores, pairs.non_mated.scores)
        for row, target in enumerate(targets):
            expected = sweep.fnmr_at_fmr(target).point
            # The band follows ranks in steps of less than 1 %.
            assert band.fnmr[row] == pytest.approx(expected, abs=0.02)
            assert band.lower_95[row] <= band.fnmr[row] <= band.upper_95[row]
            false_matches = pairs.non_mated.accepted_at([band.thresholds[row]])[0]
            assert false_matches <= target * pairs.non_mated.trials

    def test_separable_scores_have_no_error_but_a_bound(self):
        """No false non-match among n subjects is not certainty."""
        first, second = np.triu_indices(30, 1)
        pairs = KindsOfPairs(
            SubjectPairs.mated(np.full(30, 0.9), np.arange(30)),
            SubjectPairs.non_mated(np.linspace(0, 0.5, len(first)), first, second),
        )
        band = det_band(pairs, [0.01], replicates=50)
        assert band.fnmr[0] == 0.0
        assert band.upper_95[0] == pytest.approx(clopper_pearson(0, 30)[1])

    def test_refusals(self):
        """Kinds over other subjects, a kind missing, and too few scores kept."""
        vectors, owner = people(20, 0)
        mated, others = compare_subjects(vectors, owner)
        with pytest.raises(UsageError, match="different subjects"):
            det_band(KindsOfPairs(SubjectPairs.mated([0.5], [0], 3), others), [0.1])
        with pytest.raises(UsageError, match="needs mated"):
            det_band(KindsOfPairs(SubjectPairs.mated([], [], 20), others), [0.1])
        tail = SubjectPairs(
            others.scores[-9:], others.first[-9:], others.second[-9:], others.counts
        )
        assert isinstance(others.counts, AllPairsCounts)
        with pytest.raises(UsageError, match="too few"):
            det_band(KindsOfPairs(mated, tail), [0.5])


class TestCompareSystems:
    def test_a_system_does_not_differ_from_itself(self):
        """The same scores differ by nothing, in every draw."""
        vectors, owner = people(40, 1, noise=0.8)
        pairs = compare_subjects(vectors, owner)
        found = compare_systems(pairs, pairs, 0.01, replicates=100)
        assert (found.difference, found.lower_95, found.upper_95) == (0.0, 0.0, 0.0)
        assert found.p_value == 1.0

    def test_a_worse_system_is_told_apart_from_either_side(self):
        """Added noise shows, and swapping the systems turns the sign."""
        vectors, owner = people(60, 2, noise=0.5)
        rng = np.random.default_rng(0)
        noisy = vectors + rng.normal(0, 0.25, vectors.shape)
        noisy = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
        good, bad = compare_subjects(vectors, owner), compare_subjects(noisy, owner)
        found = compare_systems(good, bad, 0.01, replicates=200)
        turned = compare_systems(bad, good, 0.01, replicates=200)
        assert found.lower_95 > 0
        assert found.p_value < 0.05
        assert turned.difference == -found.difference
        assert turned.upper_95 == pytest.approx(-found.lower_95)

    def test_refusals(self):
        """Other pairs cannot be compared, and few draws have no percentiles."""
        vectors, owner = people(20, 0)
        one, other = compare_subjects(vectors, owner), compare_subjects(vectors[:-1], owner[:-1])
        with pytest.raises(UsageError, match="same pairs"):
            compare_systems(one, other, 0.01)
        with pytest.raises(UsageError, match="percentiles"):
            compare_systems(one, one, 0.01, replicates=10)
