"""FMR beyond the data, by extreme-value theory: a second estimate, never a claim.

After ISO/IEC 5152:2024 in kind: excesses of non-mated scores over a high level follow a generalised
Pareto distribution in the limit (Pickands, "Statistical inference using extreme order statistics",
Annals of Statistics 3 (1975)). It is fitted to the highest scores by probability-weighted moments
(Hosking and Wallis, "Parameter and quantile estimation for the generalized Pareto distribution",
Technometrics 29 (1987)), and read at thresholds that none of them, or few, reach.

Nothing in the data can show that the tail goes on as it begins: relatives, twins and look-alikes
come from another one. So the result says that it is extrapolated, and no operating point uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import BEYOND_ONE_BOUND

if TYPE_CHECKING:
    from fvs.metrics.rates import ScoreTail
    from fvs.records import F64

__all__ = ["ExtrapolatedRate", "ParetoTail"]

FEWEST_EXCESSES = 50
"""Below, the shape is anybody's guess."""

REFITS = 500

LEAST_SHAPE_EXPONENTIAL = 1e-9
"""Shapes nearer to 0 than this are the exponential distribution."""


@dataclass(frozen=True)
class ExtrapolatedRate:
    """A false match rate that was not counted.

    Attributes:
        threshold: it is said to hold at.
        point: the second estimate.
        lower_95: of refits to other draws of the same excesses; the model is taken as true.
        upper_95: likewise.
        excesses: scores that the tail was fitted to.
        trials: non-mated comparisons in all.
        extrapolated: always True.
    """

    threshold: float
    point: float
    lower_95: float
    upper_95: float
    excesses: int
    trials: int
    extrapolated: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class ParetoTail:
    """A generalised Pareto distribution of excesses over a level.

    Attributes:
        level: score from which on the tail is modelled.
        shape: below 0 the scores have an upper end, at 0 they fall exponentially.
        scale: of the excesses, in scores.
        excesses: (K,) float64 scores above the level less it, ascending.
        trials: non-mated comparisons in all.

    Example:
        >>> import numpy as np
        >>> from fvs.metrics import ScoreTail
        >>> scores = np.random.default_rng(0).normal(0.0, 0.1, 20_000)
        >>> tail = ParetoTail.fit(ScoreTail.of(scores), share=0.02)
        >>> tail.fmr_at(0.43).point < 1e-4
        True
    """

    level: float
    shape: float
    scale: float
    excesses: F64
    trials: int

    @classmethod
    def fit(cls, non_mated: ScoreTail, *, share: float = 0.01) -> Self:
        """Fit the highest share of the scores.

        Args:
            non_mated: scores, or the highest of them.
            share: of all comparisons that count as the tail, in 0..1.

        Raises:
            UsageError: fewer than 50 excesses, too few scores kept, or all of them equal.
        """
        count = int(share * non_mated.trials)
        if count < FEWEST_EXCESSES:
            raise UsageError(
                f"{count} scores are no tail to fit",
                advice=f"Take a larger share, or more than {FEWEST_EXCESSES / share:,.0f} pairs.",
            )
        if count >= len(non_mated.highest):
            raise UsageError(f"too few non-mated scores were kept for a share of {share:g}")
        highest = non_mated.highest[-count - 1 :].astype(np.float64)
        excesses = highest[1:] - highest[0]
        if excesses[-1] <= 0:
            raise UsageError("the highest scores are all equal: there is no tail to fit")
        shape, scale = _fit(excesses[None])
        return cls(float(highest[0]), float(shape[0]), float(scale[0]), excesses, non_mated.trials)

    def __repr__(self) -> str:
        return (
            f"ParetoTail(level={self.level:.4f}, shape={self.shape:.3f}, scale={self.scale:.4f}, "
            f"excesses={len(self.excesses)})"
        )

    def fmr_at(self, threshold: float, *, seed: int = 0) -> ExtrapolatedRate:
        """The second estimate of FMR at a threshold in the tail.

        Args:
            threshold: at or above the level.
            seed: of the refits.

        Raises:
            UsageError: the threshold lies below the level, where scores can be counted.
        """
        if not threshold >= self.level:
            raise UsageError(f"threshold {threshold} is below the tail; count the scores there")
        rng = np.random.default_rng(seed)
        count = len(self.excesses)
        drawn = np.sort(rng.choice(self.excesses, (REFITS, count)), axis=1)
        share = count / self.trials
        beyond = threshold - self.level
        # How many scores lie in the tail is uncertain too.
        shares = rng.poisson(count, REFITS) / self.trials
        rates = shares * _survival(beyond, *_fit(drawn))
        lower, upper = np.quantile(rates, [BEYOND_ONE_BOUND, 1.0 - BEYOND_ONE_BOUND])
        shape, scale = np.array([self.shape]), np.array([self.scale])
        point = share * float(_survival(beyond, shape, scale)[0])
        return ExtrapolatedRate(
            threshold=threshold,
            point=point,
            lower_95=min(float(lower), point),
            upper_95=max(float(upper), point),
            excesses=count,
            trials=self.trials,
        )

    def threshold_at(self, fmr: float) -> float:
        """The threshold at which the second estimate is this FMR.

        Raises:
            UsageError: the rate is not positive, or is so high that it can be counted.
        """
        share = len(self.excesses) / self.trials
        if not 0.0 < fmr <= share:
            raise UsageError(f"the tail holds FMR up to {share:g}, not {fmr:g}")
        ratio = fmr / share
        if abs(self.shape) < LEAST_SHAPE_EXPONENTIAL:
            return self.level - self.scale * math.log(ratio)
        return self.level + self.scale / self.shape * math.expm1(-self.shape * math.log(ratio))


def _fit(excesses: F64) -> tuple[F64, F64]:
    """(R,) shapes and scales of (R, K) ascending excesses, by probability-weighted moments."""
    count = excesses.shape[1]
    below = (np.arange(1, count + 1) - 0.35) / count
    mean = excesses.mean(axis=1)
    weighted = (excesses * (1.0 - below)).mean(axis=1)
    ratio = mean / np.maximum(mean - 2.0 * weighted, np.finfo(np.float64).tiny)
    return np.asarray(2.0 - ratio), np.asarray(mean * (ratio - 1.0))


def _survival(beyond: float, shape: F64, scale: F64) -> F64:
    """(R,) chance of an excess at least so large."""
    exponential = np.abs(shape) < LEAST_SHAPE_EXPONENTIAL
    safe = np.where(exponential, 1.0, shape)
    inside = np.maximum(1.0 + safe * beyond / scale, 0.0)
    with np.errstate(divide="ignore"):
        pareto = np.where(inside > 0, inside ** (-1.0 / safe), 0.0)
    return np.where(exponential, np.exp(-beyond / scale), pareto)
