"""False match and false non-match rates (ISO/IEC 19795-1) from one sorted sweep of scores.

The boundary rule of the whole product: `score >= threshold` accepts. A false match is a
non-mated score at or above the threshold, a false non-match a mated score below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import most_errors_within, rate

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.operating_points import Rate
    from fvs.records import F32, F64, Int

__all__ = [
    "HIGHEST_SCORE",
    "SCORE_STEP",
    "EqualError",
    "ScoreTail",
    "Sweep",
    "threshold_allowing",
    "threshold_within",
]

SCORE_STEP = 1e-4
"""Published thresholds are multiples of this: readable, and well above the last digits of a
float32 dot product, in which two machines may differ."""

HIGHEST_SCORE = 1.0
"""Of cosines; published thresholds lie no higher."""


@dataclass(frozen=True, eq=False)
class ScoreTail:
    """The highest of many scores and how many there were in all.

    Of tens of millions of non-mated comparisons only the highest can be false matches at any
    threshold of interest, so only those are kept.

    Attributes:
        highest: (K,) float32, ascending; K <= trials, and all scores left out are <= highest[0].
        trials: number of comparisons in all.
    """

    highest: F32
    trials: int

    @classmethod
    def of(cls, scores: npt.ArrayLike) -> Self:
        """A tail that leaves nothing out.

        Raises:
            UsageError: a score is not finite.
        """
        highest = np.sort(_finite(scores))
        return cls(highest, len(highest))

    def __repr__(self) -> str:
        return f"ScoreTail(kept={len(self.highest)}, trials={self.trials})"

    @property
    def floor(self) -> float:
        """Counts are exact for thresholds above this; -inf where nothing was left out."""
        return -math.inf if len(self.highest) == self.trials else float(self.highest[0])

    def at_or_above(self, threshold: float) -> int:
        """How many scores accept at this threshold.

        Raises:
            UsageError: the threshold reaches into the scores left out.
        """
        boundary = _as_score(threshold)
        if boundary <= self.floor:
            raise UsageError(f"threshold {threshold} is not above the kept scores ({self.floor})")
        return len(self.highest) - int(np.searchsorted(self.highest, boundary, side="left"))

    def fmr_at(self, threshold: float) -> Rate:
        """False match rate with its interval, the scores being non-mated.

        Raises:
            UsageError: as `at_or_above`, or there are no scores.
        """
        return rate(self.at_or_above(threshold), self.trials)


class EqualError(NamedTuple):
    """Where FMR and FNMR come closest; `rate` is their mean there."""

    threshold: float
    rate: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """Both errors at every threshold that makes a difference; all else is read off this.

    Attributes:
        thresholds: (K,) float64, the distinct scores, ascending, and last +inf (accepts nobody).
        false_matches: (K,) int64, non-mated scores at or above each threshold.
        false_non_matches: (K,) int64, mated scores below each threshold.
        mated_trials: number of mated scores.
        non_mated_trials: number of non-mated scores, those left out of their tail included.
        floor: the sweep holds for thresholds above this; -inf where it holds for all.
    """

    thresholds: F64
    false_matches: Int
    false_non_matches: Int
    mated_trials: int
    non_mated_trials: int
    floor: float

    @classmethod
    def of(cls, mated: npt.ArrayLike, non_mated: npt.ArrayLike | ScoreTail) -> Self:
        """Sort once and count.

        Args:
            mated: (M,) scores of the same person; rounded to float32, as the engine's are.
            non_mated: (N,) scores of different people, or the tail of them.

        Raises:
            UsageError: a score is not finite.
        """
        genuine = np.sort(_finite(mated))
        tail = non_mated if isinstance(non_mated, ScoreTail) else ScoreTail.of(non_mated)
        distinct = np.unique(np.concatenate([genuine, tail.highest]))
        distinct = np.append(distinct[distinct > tail.floor], np.float32(math.inf))
        return cls(
            thresholds=distinct.astype(np.float64),
            false_matches=len(tail.highest) - np.searchsorted(tail.highest, distinct, side="left"),
            false_non_matches=np.searchsorted(genuine, distinct, side="left"),
            mated_trials=len(genuine),
            non_mated_trials=tail.trials,
            floor=tail.floor,
        )

    def __repr__(self) -> str:
        return f"Sweep(mated={self.mated_trials}, non_mated={self.non_mated_trials})"

    def fmr_at(self, threshold: float) -> Rate:
        """Share of non-mated scores at or above `threshold`.

        Raises:
            UsageError: the threshold is not above `floor`, or there are no non-mated scores.
        """
        return rate(int(self.false_matches[self._index(threshold)]), self.non_mated_trials)

    def fnmr_at(self, threshold: float) -> Rate:
        """Share of mated scores below `threshold`.

        Raises:
            UsageError: the threshold is not above `floor`, or there are no mated scores.
        """
        return rate(int(self.false_non_matches[self._index(threshold)]), self.mated_trials)

    def threshold_at_fmr(self, target: float) -> float:
        """The lowest score at which the *counted* FMR is within `target`; +inf where none is.

        Raises:
            UsageError: the scores left out would be needed to find it.
        """
        within = self.false_matches <= target * self.non_mated_trials
        lowest = int(np.argmax(within))
        if lowest == 0 and math.isfinite(self.floor):
            raise UsageError(f"too few non-mated scores were kept for FMR {target:g}")
        return float(self.thresholds[lowest])

    def fnmr_at_fmr(self, target: float) -> Rate:
        """FNMR at `threshold_at_fmr(target)`.

        Raises:
            UsageError: as `threshold_at_fmr` and `fnmr_at`.
        """
        return self.fnmr_at(self.threshold_at_fmr(target))

    def equal_error(self) -> EqualError:
        """The equal error rate: at the lowest threshold of those where the two come closest.

        Raises:
            UsageError: one of the two kinds of score is missing or was not kept whole.
        """
        if not self.mated_trials or not self.non_mated_trials or math.isfinite(self.floor):
            raise UsageError("an equal error rate needs all scores of both kinds")
        fmr = self.false_matches / self.non_mated_trials
        fnmr = self.false_non_matches / self.mated_trials
        nearest = int(np.argmin(np.abs(fmr - fnmr)))
        return EqualError(
            threshold=float(self.thresholds[nearest]),
            rate=float(fmr[nearest] + fnmr[nearest]) / 2.0,
        )

    def most_accurate_threshold(self) -> float:
        """The threshold with the fewest errors of both kinds; the highest of equals."""
        errors = self.false_matches + self.false_non_matches
        return float(self.thresholds[len(errors) - 1 - int(np.argmin(errors[::-1]))])

    def _index(self, threshold: float) -> int:
        boundary = _as_score(threshold)
        if boundary <= self.floor:
            raise UsageError(f"threshold {threshold} is not above the sweep's floor {self.floor}")
        return int(np.searchsorted(self.thresholds, boundary, side="left"))


def threshold_within(non_mated: ScoreTail, target: float) -> float | None:
    """The lowest multiple of `SCORE_STEP` at which the upper bound of FMR is within `target`.

    Returns:
        A threshold; None where there are too few comparisons to show it even without an error;
        +inf where too many of them reach the highest score there is.

    Raises:
        UsageError: more scores would have to have been kept to find it.
    """
    allowed = most_errors_within(non_mated.trials, target)
    return None if allowed is None else threshold_allowing(non_mated, allowed)


def threshold_allowing(non_mated: ScoreTail, errors: int) -> float:
    """The lowest multiple of `SCORE_STEP` at which at most so many scores accept.

    Returns:
        A threshold; -inf where there are no more scores than that; +inf where too many of them
        reach the highest score there is.

    Raises:
        UsageError: more scores would have to have been kept to find it.
    """
    if errors >= non_mated.trials:
        return -math.inf
    if errors >= len(non_mated.highest):
        raise UsageError(f"too few non-mated scores were kept to allow {errors} errors")
    first_refused = non_mated.highest[len(non_mated.highest) - 1 - errors]
    step = math.floor(float(first_refused) / SCORE_STEP)
    while _as_score(_grid(step)) <= first_refused:
        step += 1
    return _grid(step) if _grid(step) <= HIGHEST_SCORE else math.inf


def _grid(step: int) -> float:
    return round(step * SCORE_STEP, 4)


def _as_score(threshold: float) -> np.float32:
    """The threshold as numpy sees it in `float32_scores >= threshold`."""
    return np.float32(threshold)


def _finite(scores: npt.ArrayLike) -> F32:
    array = np.asarray(scores, np.float32).ravel()
    if not np.isfinite(array).all():
        raise UsageError("scores must be finite; leave out rows whose status is not OK")
    return array
