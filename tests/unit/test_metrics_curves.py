"""Curves against scikit-learn, pair-by-pair counting and their own definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import det_curve, roc_auc_score, roc_curve

from fvs.errors import UsageError
from fvs.metrics.curves import DetCurve, d_prime, probit, zero_fmr, zero_fnmr
from fvs.metrics.rates import ScoreTail, Sweep
from tests.metric_oracles import mann_whitney

tied = st.integers(-4, 4).map(lambda i: i / 4)
unit = st.floats(-1, 1, width=32)
tiny = st.floats(0, 2.0**-120, width=32)
huge = st.floats(-(2.0**100), 2.0**100, width=32)
constant = st.just(0.25)


def both(values):
    """Mated and non-mated scores of one kind."""
    some = st.lists(values, min_size=1, max_size=40)
    return st.tuples(some, some)


any_scores = st.one_of(*(both(kind) for kind in (tied, unit, tiny, huge, constant, tied | unit)))


def labelled(mated, non_mated):
    """As scikit-learn wants them."""
    labels = [1] * len(mated) + [0] * len(non_mated)
    return np.array(labels), np.array([*mated, *non_mated], np.float32)


class TestAgreement:
    @given(any_scores)
    def test_with_roc_curve(self, given_scores):
        """At each of scikit-learn's thresholds the rates are the same, to 1e-12."""
        mated, non_mated = given_scores
        fpr, tpr, thresholds = roc_curve(*labelled(mated, non_mated), drop_intermediate=False)
        sweep = Sweep.of(mated, non_mated)
        found = [(sweep.fmr_at(t).point, 1 - sweep.fnmr_at(t).point) for t in thresholds]
        assert np.allclose(found, np.stack([fpr, tpr], axis=1), rtol=0, atol=1e-12)
        assert len(thresholds) == len(sweep.thresholds)

    @given(any_scores)
    def test_with_det_curve(self, given_scores):
        """Likewise its detection error trade-off."""
        mated, non_mated = given_scores
        fpr, fnr, thresholds = det_curve(*labelled(mated, non_mated))
        sweep = Sweep.of(mated, non_mated)
        found = [(sweep.fmr_at(t).point, sweep.fnmr_at(t).point) for t in thresholds]
        assert np.allclose(found, np.stack([fpr, fnr], axis=1), rtol=0, atol=1e-12)

    @given(any_scores)
    def test_area_with_roc_auc_score_and_with_counting_pairs(self, given_scores):
        """The area is the chance that a mated score exceeds a non-mated one."""
        mated, non_mated = given_scores
        area = DetCurve.of(Sweep.of(mated, non_mated)).roc_area()
        assert area == pytest.approx(roc_auc_score(*labelled(mated, non_mated)), abs=1e-12)
        assert area == pytest.approx(mann_whitney(mated, non_mated), abs=1e-12)

    def test_one_sided_scores(self):
        """Where all of one kind lie above all of the other, areas are 1 or 0."""
        assert DetCurve.of(Sweep.of([0.8, 0.9], [0.1])).roc_area() == 1.0
        assert DetCurve.of(Sweep.of([0.1], [0.8, 0.9])).roc_area() == 0.0


class TestDetCurve:
    @pytest.mark.parametrize(("mated", "non_mated"), [([], []), ([0.5], []), ([], [0.5])])
    def test_empty(self, mated, non_mated):
        """A curve needs both kinds of score."""
        with pytest.raises(UsageError):
            DetCurve.of(Sweep.of(mated, non_mated))

    @given(any_scores)
    def test_corners_draw_the_same_curve(self, given_scores):
        """Leaving out points between corners changes neither area nor ends."""
        curve = DetCurve.of(Sweep.of(*given_scores))
        corners = curve.corners()
        assert len(corners) <= len(curve)
        assert corners.roc_area() == pytest.approx(curve.roc_area(), abs=1e-12)
        assert (corners.fmr[0], corners.fnmr[-1]) == (curve.fmr[0], curve.fnmr[-1])

    def test_corners_leave_few(self):
        """A curve of separable scores is two lines."""
        curve = DetCurve.of(Sweep.of(np.linspace(0.5, 1, 99), np.linspace(0, 0.4, 99)))
        assert len(curve) == 199
        assert len(curve.corners()) == 3

    def test_an_area_needs_all_scores(self):
        """With low scores left out it is unknown."""
        tail = ScoreTail(np.array([0.4, 0.5], np.float32), 10)
        with pytest.raises(UsageError, match="whole curve"):
            DetCurve.of(Sweep.of([0.6], tail)).roc_area()


class TestNumbers:
    def test_zero_fmr_is_at_the_lowest_score_without_a_false_match(self):
        """One of three mated scores lies below the highest non-mated one."""
        sweep = Sweep.of([0.3, 0.6, 0.9], [0.1, 0.5])
        assert zero_fmr(sweep).errors == 1
        assert sweep.fmr_at(sweep.threshold_at_fmr(0.0)).errors == 0

    def test_zero_fnmr_is_at_the_lowest_mated_score(self):
        """One of two non-mated scores reaches it."""
        assert zero_fnmr(Sweep.of([0.3, 0.6], [0.1, 0.3])).errors == 1

    @pytest.mark.parametrize("function", [zero_fmr, zero_fnmr])
    def test_both_kinds_are_needed(self, function):
        """Without a kind of score there is nothing to read."""
        for sweep in (Sweep.of([], []), Sweep.of([0.5], []), Sweep.of([], [0.5])):
            with pytest.raises(UsageError):
                function(sweep)

    def test_zero_fnmr_among_scores_left_out(self):
        """It is not guessed."""
        with pytest.raises(UsageError):
            zero_fnmr(Sweep.of([0.1], ScoreTail(np.array([0.4, 0.5], np.float32), 10)))

    def test_probit_is_the_normal_deviate(self):
        """2.5 % lies at -1.96."""
        assert probit(0.025) == pytest.approx(-1.959964, abs=1e-6)

    def test_d_prime_of_unit_normals_is_their_distance(self):
        """Means two standard deviations apart."""
        rng = np.random.default_rng(0)
        found = d_prime(rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000))
        assert found == pytest.approx(2.0, abs=0.03)

    def test_d_prime_of_constants_is_undefined(self):
        """Scores that never vary have no unit to measure in."""
        assert math.isnan(d_prime([0.5, 0.5], [0.1, 0.1]))

    @pytest.mark.parametrize("scores", [[], [0.1], [0.1, math.nan]])
    def test_d_prime_refuses(self, scores):
        """Too few scores, or one that is none."""
        with pytest.raises(UsageError):
            d_prime(scores, [0.1, 0.2])
