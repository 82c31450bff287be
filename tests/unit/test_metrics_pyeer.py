"""Agreement with PyEER, which computes the same numbers in its own way; skipped without it.

Compared with PyEER 0.5.6 in an environment of its own: `pip install pyeer`.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fvs.metrics.curves import DetCurve, zero_fmr, zero_fnmr
from fvs.metrics.rates import Sweep

eer_info = pytest.importorskip("pyeer.eer_info", reason="needs PyEER (pip install pyeer)")

SAME = 1e-12


def of_both(mated, non_mated):
    """Our sweep and their statistics of the same scores."""
    mated, non_mated = mated.astype(np.float32), non_mated.astype(np.float32)
    theirs = eer_info.get_eer_stats(list(map(float, mated)), list(map(float, non_mated)))
    return Sweep.of(mated, non_mated), theirs


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_rates_are_pyeers(seed):
    """FNMR at FMR 0.1 to 0.001; PyEER takes the nearest FMR, so each target is one that occurs."""
    rng = np.random.default_rng(seed)
    sweep, theirs = of_both(rng.normal(0.5, 0.15, 200), rng.normal(0.2, 0.15, 1000))
    for target, expected in ((0.1, theirs.fmr10), (0.01, theirs.fmr100), (0.001, theirs.fmr1000)):
        assert sweep.fnmr_at_fmr(target).point == pytest.approx(expected, abs=SAME)
    # Where the curves cross between two thresholds, PyEER takes the one of the lower sum.
    assert sweep.equal_error().rate == pytest.approx(theirs.eer, abs=1 / 200)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(20, 200), st.sampled_from([1e-4, 0.05]))
def test_ends_and_area_are_pyeers(seed, mated_count, step):
    """ZeroFMR, zeroFNMR and area, with few ties and with many."""
    rng = np.random.default_rng(seed)
    mated = np.round(rng.normal(0.5, 0.15, mated_count) / step) * step
    non_mated = np.round(rng.normal(0.2, 0.15, 5 * mated_count) / step) * step
    # PyEER knows no threshold above the highest score, which refuses everybody.
    assume(non_mated.max() < mated.max())
    sweep, theirs = of_both(mated, non_mated)
    assert zero_fmr(sweep).point == pytest.approx(theirs.fmr0, abs=SAME)
    assert zero_fnmr(sweep).point == pytest.approx(theirs.fnmr0, abs=SAME)
    assert DetCurve.of(sweep).roc_area() == pytest.approx(theirs.auc, abs=SAME)
