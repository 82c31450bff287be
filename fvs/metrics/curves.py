"""Curves and single numbers read off a sweep: DET, ROC, area, zeroFMR, zeroFNMR, d'.

ISO/IEC 19795-1 draws the detection error trade-off (DET): FNMR over FMR, on probit or logarithmic
axes. The receiver operating characteristic (ROC) is the same with the true match rate, 1 - FNMR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtri

from fvs.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.metrics.rates import Sweep
    from fvs.operating_points import Rate
    from fvs.records import F64, Bool

__all__ = ["DetCurve", "d_prime", "probit", "zero_fmr", "zero_fnmr"]

FEWEST_SCORES = 2
"""A variance needs two."""


@dataclass(frozen=True, eq=False)
class DetCurve:
    """Both error rates at every threshold that makes a difference, from all accepted to none.

    Attributes:
        thresholds: (K,) float64, ascending, and last +inf.
        fmr: (K,) float64, falling.
        fnmr: (K,) float64, rising.

    Example:
        >>> from fvs.metrics import Sweep
        >>> curve = DetCurve.of(Sweep.of([0.8, 0.6, 0.3], [0.1, 0.4]))
        >>> curve.fmr.tolist()
        [1.0, 0.5, 0.5, 0.0, 0.0, 0.0]
        >>> round(curve.roc_area(), 3)
        0.833
    """

    thresholds: F64
    fmr: F64
    fnmr: F64

    @classmethod
    def of(cls, sweep: Sweep) -> Self:
        """Divide the counts of a sweep.

        Raises:
            UsageError: one kind of score is missing.
        """
        if not sweep.mated_trials or not sweep.non_mated_trials:
            raise UsageError("a curve needs mated and non-mated scores")
        return cls(
            thresholds=sweep.thresholds,
            fmr=sweep.false_matches / sweep.non_mated_trials,
            fnmr=sweep.false_non_matches / sweep.mated_trials,
        )

    def __len__(self) -> int:
        return len(self.thresholds)

    def __repr__(self) -> str:
        return f"DetCurve(points={len(self)})"

    @property
    def true_match_rate(self) -> F64:
        """(K,) 1 - FNMR, the height of a ROC."""
        return 1.0 - self.fnmr

    def roc_area(self) -> float:
        """Area below the ROC: the chance that a mated score exceeds a non-mated, ties halved.

        Raises:
            UsageError: the curve does not reach the point at which all are accepted.
        """
        if not len(self) or self.fmr[0] < 1.0:
            raise UsageError("an area needs the whole curve, and low scores were left out")
        return float(np.trapezoid(self.true_match_rate[::-1], self.fmr[::-1]))

    def corners(self) -> Self:
        """The points at which both rates change direction: the same drawing of fewer points."""
        if len(self) < 3:  # noqa: PLR2004 - two ends and something between
            return self
        turns = self._turns()
        return type(self)(self.thresholds[turns], self.fmr[turns], self.fnmr[turns])

    def _turns(self) -> Bool:
        """(K,) True where a straight run along one axis ends."""
        still_fmr, still_fnmr = np.diff(self.fmr) == 0, np.diff(self.fnmr) == 0
        runs_on = (still_fmr[1:] & still_fmr[:-1]) | (still_fnmr[1:] & still_fnmr[:-1])
        return np.concatenate([[True], ~runs_on, [True]])


def probit(rates: npt.ArrayLike) -> F64:
    """Rates as normal deviates, by which the axes of a DET are scaled; 0 and 1 are infinite.

    Example:
        >>> probit([0.5, 0.0]).tolist()
        [0.0, -inf]
    """
    return np.asarray(ndtri(np.asarray(rates, np.float64)), np.float64)


def zero_fmr(sweep: Sweep) -> Rate:
    """FNMR at the lowest score at which no non-mated score accepts (zeroFMR).

    A single non-mated pair decides it, so it says little of other data.

    Raises:
        UsageError: one kind of score is missing.
    """
    if not sweep.non_mated_trials:
        raise UsageError("zeroFMR needs non-mated scores")
    return sweep.fnmr_at_fmr(0.0)


def zero_fnmr(sweep: Sweep) -> Rate:
    """FMR at the highest threshold at which every mated score accepts (zeroFNMR).

    Raises:
        UsageError: one kind of score is missing, or it lies among the scores left out.
    """
    if not sweep.mated_trials:
        raise UsageError("zeroFNMR needs mated scores")
    last = int(np.searchsorted(sweep.false_non_matches, 0, side="right")) - 1
    if last < 0:
        raise UsageError("too few non-mated scores were kept for zeroFNMR")
    return sweep.fmr_at(float(sweep.thresholds[last]))


def d_prime(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> float:
    """Distance of the means in units of the root mean variance (decidability, Daugman 2000).

    It sums up two normal distributions; false matches live in a tail that need not be normal, so
    it ranks systems but says nothing of rates.

    Returns:
        NaN where both variances are 0.

    Raises:
        UsageError: fewer than two scores of a kind, or one is not finite.

    Example:
        >>> round(d_prime([0.6, 0.8], [0.0, 0.2]), 3)
        4.243
    """
    genuine, others = np.asarray(mated, np.float64), np.asarray(non_mated, np.float64)
    if min(len(genuine), len(others)) < FEWEST_SCORES:
        raise UsageError("d' needs at least two scores of each kind")
    if not (np.isfinite(genuine).all() and np.isfinite(others).all()):
        raise UsageError("scores must be finite; leave out rows whose status is not OK")
    spread = math.sqrt((float(genuine.var(ddof=1)) + float(others.var(ddof=1))) / 2.0)
    distance = float(genuine.mean() - others.mean())
    return distance / spread if spread > 0 else math.nan
