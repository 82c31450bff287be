"""Costs of likelihood ratios against slow counting, other libraries, and their own bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from fvs.errors import UsageError
from fvs.metrics.cllr import (
    best_log10_lrs,
    calibration_loss,
    cllr,
    curves_over_prior,
    dev_pav,
    min_cllr,
    pool_adjacent_violators,
)
from fvs.metrics.llr_bounds import bounds_by_counts, empirical_bounds

# Few distinct values, so that ties within and between the two kinds are common.
# Thousandths at the finest: scikit-learn takes scores for ties that differ in their last digits.
TIED = st.integers(-4, 4).map(lambda i: i / 2)
FINE = st.integers(-5000, 5000).map(lambda i: i / 1000)
FEW = settings(max_examples=60, deadline=None)
SCORES = st.lists(TIED | FINE, min_size=1, max_size=30)
ONE_KIND_MISSING = [([], []), ([], [0.1]), ([0.1], [])]


def slow_cllr(mated, non_mated):
    """The published formula, term by term."""
    misses = sum(math.log2(1 + 10**-x) for x in mated) / len(mated)
    false_alarms = sum(math.log2(1 + 10**x) for x in non_mated) / len(non_mated)
    return (misses + false_alarms) / 2


def slow_pav(mated, non_mated):
    """Pool adjacent violators as it is told: while two neighbours fall, make them one."""
    labelled = sorted([(s, 1) for s in mated] + [(s, 0) for s in non_mated])
    blocks = []
    for score in sorted({s for s, _ in labelled}):
        labels = [label for s, label in labelled if s == score]
        blocks.append([sum(labels), len(labels), score, score])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            hits, trials, _, highest = blocks.pop()
            blocks[-1] = [blocks[-1][0] + hits, blocks[-1][1] + trials, blocks[-1][2], highest]
    return blocks


def slow_upper_bound(mated, non_mated):
    """Walk up the thresholds until deciding costs more than always rejecting.

    On a grid beyond log10(31), the most that so few can show, and at each score, where the cost of
    the stretch before it is highest.
    """
    scores = [score for score in (*mated, *non_mated) if score > 0]
    walk = np.sort(np.concatenate([np.arange(5e-4, 2.0, 1e-3), scores]))
    fnmr = ((np.array(mated) < walk[:, None]).sum(axis=1) + 1) / (len(mated) + 1)
    fmr = ((np.array(non_mated) >= walk[:, None]).sum(axis=1) + 1) / (len(non_mated) + 1)
    costs_more = fnmr + 10.0**walk * fmr > 1 + 1e-9
    return float(walk[np.argmax(costs_more)]) - 5e-4


class TestCllr:
    @pytest.mark.parametrize(("mated", "non_mated"), ONE_KIND_MISSING)
    def test_needs_both_kinds(self, mated, non_mated):
        """Without one kind there is no cost, and none of 0."""
        for cost in (cllr, min_cllr, dev_pav, curves_over_prior, empirical_bounds):
            with pytest.raises(UsageError):
                cost(mated, non_mated)

    def test_refuses_nan(self):
        """A score that is none is not counted as one."""
        for cost in (cllr, min_cllr, empirical_bounds):
            with pytest.raises(UsageError, match="NaN"):
                cost([math.nan], [0.0])

    @given(SCORES, SCORES)
    @FEW
    def test_equals_the_formula(self, mated, non_mated):
        """Cllr is what its definition says."""
        assert cllr(mated, non_mated) == pytest.approx(slow_cllr(mated, non_mated), rel=1e-12)

    def test_known_values(self):
        """Saying nothing costs one bit, being certain and right nothing, and wrong without end."""
        assert cllr([0.0] * 3, [0.0]) == pytest.approx(1.0, abs=1e-15)
        assert cllr([math.inf], [-math.inf]) == 0.0
        assert cllr([-math.inf], [0.0]) == math.inf

    @given(SCORES, SCORES)
    @FEW
    def test_minimum_lies_between_nothing_and_cllr(self, mated, non_mated):
        """0 <= minCllr <= 1, and no ratios with this order cost less."""
        least = min_cllr(mated, non_mated)
        assert -1e-12 <= least <= 1 + 1e-12
        assert least <= cllr(mated, non_mated) + 1e-12
        assert calibration_loss(mated, non_mated) >= -1e-12

    @given(SCORES, SCORES, st.floats(0.01, 100), st.floats(-3, 3))
    @FEW
    def test_minimum_ignores_the_unit_of_scores(self, mated, non_mated, scale, shift):
        """The minimum depends on order alone, where distinct scores stay distinct."""
        changed = [np.float64(scale) * np.array(s) + shift for s in (mated, non_mated)]
        if len(np.unique(np.concatenate(changed))) == len({*mated, *non_mated}):
            assert min_cllr(*changed) == pytest.approx(min_cllr(mated, non_mated), abs=1e-12)

    @given(SCORES, SCORES, st.randoms(use_true_random=False))
    @FEW
    def test_order_of_comparisons_does_not_matter(self, mated, non_mated, random):
        """Shuffled comparisons cost the same."""
        before = cllr(mated, non_mated), min_cllr(mated, non_mated)
        random.shuffle(mated)
        random.shuffle(non_mated)
        assert (cllr(mated, non_mated), min_cllr(mated, non_mated)) == pytest.approx(before)


class TestPav:
    @given(SCORES, SCORES)
    @FEW
    def test_equals_pooling_one_by_one(self, mated, non_mated):
        """Steps, their ends and their ratios are those of the slow walk."""
        steps, slow = pool_adjacent_violators(mated, non_mated), slow_pav(mated, non_mated)
        np.testing.assert_array_equal(steps.lowest, [block[2] for block in slow])
        np.testing.assert_array_equal(steps.highest, [block[3] for block in slow])
        prior_odds = len(mated) / len(non_mated)
        with np.errstate(divide="ignore"):
            hits, trials = np.array(slow)[:, :2].T
            expected = np.log10(hits) - np.log10(trials - hits) - np.log10(prior_odds)
        np.testing.assert_allclose(steps.log10_lr, expected, atol=1e-12)

    @given(SCORES, SCORES)
    @FEW
    def test_equals_scikit_learn(self, mated, non_mated):
        """The posterior at the data's own prior is scikit-learn's isotonic regression."""
        scores = np.concatenate([mated, non_mated])
        labels = np.repeat([1.0, 0.0], [len(mated), len(non_mated)])
        expected = IsotonicRegression().fit(scores, labels).predict(scores)
        odds = (
            10.0 ** np.concatenate(best_log10_lrs(mated, non_mated)) * len(mated) / len(non_mated)
        )
        with np.errstate(divide="ignore"):
            ours = 1.0 / (1.0 + 1.0 / odds)
        np.testing.assert_allclose(ours, expected, atol=1e-9)

    @given(SCORES, SCORES)
    @FEW
    def test_is_calibrated(self, mated, non_mated):
        """What PAV made is as good as it gets: its cost is its own minimum."""
        best = best_log10_lrs(mated, non_mated)
        assert cllr(*best) == pytest.approx(min_cllr(*best), abs=1e-12)


class TestDevPav:
    def test_of_ratios_that_are_a_decade_too_high(self):
        """A shift of all ratios is found as large as it is."""
        rng = np.random.default_rng(0)
        mated, non_mated = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
        honest = [2 * s / math.log(10) for s in (mated, non_mated)]  # exact for these two normals
        assert dev_pav(*honest) < 0.2
        shifted = [ratios + 1.0 for ratios in honest]
        assert dev_pav(*shifted) == pytest.approx(1.0, abs=0.15)

    def test_exact_area(self):
        """Ratios 0 and 1 that PAV makes one step of 0: the mean distance over 0..1 is 1/2."""
        assert dev_pav([0.0] * 2 + [1.0] * 2, [0.0, 1.0]) == pytest.approx(0.5)

    def test_undefined_where_nothing_overlaps(self):
        """Separable scores leave PAV nothing finite to compare with."""
        assert math.isnan(dev_pav([1.0, 2.0], [-1.0, -2.0]))


class TestCurves:
    @given(SCORES, SCORES)
    @FEW
    def test_entropy_at_even_odds_is_cllr(self, mated, non_mated):
        """Both curves go through Cllr and minCllr, and the neutral one through 1."""
        curves = curves_over_prior(mated, non_mated, [0.0])
        assert curves.entropy[0] == pytest.approx(cllr(mated, non_mated))
        assert curves.entropy_calibrated[0] == pytest.approx(min_cllr(mated, non_mated), abs=1e-12)
        assert curves.entropy_neutral[0] == pytest.approx(1.0)

    @given(SCORES, SCORES, st.floats(-3, 3))
    @FEW
    def test_calibrated_is_lowest(self, mated, non_mated, odds):
        """At no prior does the best order-keeping map cost more than the system or than nothing."""
        curves = curves_over_prior(mated, non_mated, [odds])
        assert curves.entropy_calibrated[0] <= curves.entropy[0] + 1e-9
        assert curves.entropy_calibrated[0] <= curves.entropy_neutral[0] + 1e-9
        assert curves.error_calibrated[0] <= curves.error[0] + 1e-9
        assert curves.error_calibrated[0] <= curves.error_neutral[0] + 1e-9

    @given(SCORES, SCORES, st.floats(-3, 3))
    @FEW
    def test_calibrated_error_is_that_of_the_best_threshold(self, mated, non_mated, odds):
        """The Bayes error after PAV is the least over every threshold."""
        prior = 1 / (1 + 10**-odds)
        thresholds = [*mated, *non_mated, math.inf]
        slow = min(
            prior * np.mean(np.array(mated) < t) + (1 - prior) * np.mean(np.array(non_mated) >= t)
            for t in thresholds
        )
        found = curves_over_prior(mated, non_mated, [odds]).error_calibrated[0]
        assert found == pytest.approx(slow, abs=1e-9)


class TestBounds:
    @given(SCORES, SCORES)
    @FEW
    def test_empirical_bounds_equal_a_slow_walk(self, mated, non_mated):
        """Both ends lie where a fine grid of thresholds says, within its step."""
        bounds = empirical_bounds(mated, non_mated)
        assert bounds.upper == pytest.approx(slow_upper_bound(mated, non_mated), abs=2e-3)
        mirrored = [[-x for x in kind] for kind in (non_mated, mated)]
        assert -bounds.lower == pytest.approx(empirical_bounds(*mirrored).upper, abs=1e-12)

    @given(SCORES, SCORES)
    @FEW
    def test_empirical_bounds_stay_within_what_counts_allow(self, mated, non_mated):
        """So many strangers cannot show a ratio beyond n + 1, however far apart the scores are."""
        bounds = empirical_bounds(mated, non_mated)
        assert 0 <= bounds.upper <= math.log10(len(non_mated) + 1) + 1e-12
        assert 0 <= -bounds.lower <= math.log10(len(mated) + 1) + 1e-12

    def test_counts(self):
        """1,000 strangers show up to 3 decades, 100 subjects down to -2; nothing shows nothing."""
        bounds = bounds_by_counts(100, 1000)
        assert (bounds.lower, bounds.upper) == (-2.0, pytest.approx(3.0))
        for counts in [(0, 1), (1, 0)]:
            with pytest.raises(UsageError):
                bounds_by_counts(*counts)


class TestOtherLibraries:
    """Agreement with LiR of the Netherlands Forensic Institute, where it is installed."""

    def test_lir(self):
        """Cllr, minCllr and devPAV are those of LiR; so is ELUB, within its grid of 0.01."""
        pytest.importorskip("lir", reason="LiR pins other versions; install it elsewhere")
        from lir.algorithms.bayeserror import elub  # noqa: PLC0415 - see above
        from lir.data.models import LLRData  # noqa: PLC0415
        from lir.metrics import cllr as lir_cllr  # noqa: PLC0415
        from lir.metrics import cllr_min as lir_cllr_min  # noqa: PLC0415
        from lir.metrics.devpav import devpav  # noqa: PLC0415

        rng = np.random.default_rng(7)
        mated, non_mated = rng.normal(0.8, 0.7, 300), rng.normal(-0.9, 0.6, 900)
        llrs, labels = np.concatenate([mated, non_mated]), np.repeat([1, 0], [300, 900])
        data = LLRData(features=llrs, labels=labels)
        assert cllr(mated, non_mated) == pytest.approx(lir_cllr(data), abs=1e-12)
        assert min_cllr(mated, non_mated) == pytest.approx(lir_cllr_min(data), abs=1e-6)
        assert dev_pav(mated, non_mated) == pytest.approx(devpav(llrs, labels), abs=1e-6)
        lower, upper = elub(llrs, labels)
        bounds = empirical_bounds(mated, non_mated)
        assert (bounds.lower, bounds.upper) == pytest.approx((lower, upper), abs=0.0101)
