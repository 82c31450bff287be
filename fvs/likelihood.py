"""What a score is worth as evidence: fitted maps from similarity to log10 likelihood ratio.

A likelihood ratio says how much likelier a score is between two pictures of one person than
between pictures of two. `fvs.metrics.likelihood` fits the maps; these records are all that is
needed to apply them, with numpy alone, so that they fit into certificates.

No map extrapolates: its answers end at bounds that its data can show.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F64

__all__ = [
    "BoundMethod",
    "FittedOn",
    "IsotonicMap",
    "LikelihoodMap",
    "LlrBounds",
    "LogisticMap",
    "posterior",
]

BoundMethod = Literal["elub", "counts"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen struct in which a misspelt key is an error."""


class LlrBounds(_Strict, frozen=True, kw_only=True):
    """The largest and smallest log10 likelihood ratio that data can show.

    Attributes:
        lower: at most 0.
        upper: at least 0.
        method: `elub`, empirical bounds (Vergeer et al. 2016), or `counts`, log10 of how many
            comparisons there were.
    """

    lower: float
    upper: float
    method: BoundMethod

    def __post_init__(self) -> None:
        """Refuse bounds that leave out 1, the ratio that says nothing, or that bound nothing."""
        if not -math.inf < self.lower <= 0.0 <= self.upper < math.inf:
            raise ValueError(f"bounds must be finite and enclose 0, got {self.lower}, {self.upper}")

    def clip(self, log10_lr: F64) -> F64:
        """Ratios beyond a bound become the bound."""
        return np.asarray(np.clip(log10_lr, self.lower, self.upper), np.float64)


class FittedOn(_Strict, frozen=True, kw_only=True):
    """The comparisons that a map was fitted on.

    Attributes:
        mated: how many comparisons of one person.
        non_mated: how many of two people.
        subjects: how many people.
        subjects_sha256: of their numbers in ascending order, as 8-byte little-endian integers.
    """

    mated: int
    non_mated: int
    subjects: int
    subjects_sha256: str


class LogisticMap(_Strict, frozen=True, kw_only=True, tag="logistic"):
    """log10 LR = slope * score + offset, within bounds.

    Attributes:
        slope: log10 LR per unit of score, above 0.
        offset: log10 LR of a score of 0.
        prior: prior probability of a mated comparison that weighted the two kinds.
        bounds: where the ratios end.
        fitted_on: the comparisons.
    """

    slope: float
    offset: float
    prior: float
    bounds: LlrBounds
    fitted_on: FittedOn

    def __post_init__(self) -> None:
        """Refuse a line that falls, or is none."""
        if not 0.0 < self.slope < math.inf or not math.isfinite(self.offset):
            raise ValueError(f"no rising line: slope {self.slope}, offset {self.offset}")

    def log10_lr(self, scores: npt.ArrayLike) -> F64:
        """(N,) scores -> (N,) float64 log10 likelihood ratios; NaN stays NaN."""
        return self.bounds.clip(self.slope * np.asarray(scores, np.float64) + self.offset)


class IsotonicMap(_Strict, frozen=True, kw_only=True, tag="isotonic"):
    """Steps that never fall, joined by straight lines (pool adjacent violators), within bounds.

    Attributes:
        scores: (K,) strictly ascending: first and last score of each step.
        log10_lrs: (K,) of those, never falling, within the bounds.
        bounds: where the ratios end.
        fitted_on: the comparisons.
    """

    scores: tuple[float, ...]
    log10_lrs: tuple[float, ...]
    bounds: LlrBounds
    fitted_on: FittedOn

    def __post_init__(self) -> None:
        """Refuse steps that fall, or leave the bounds."""
        scores, ratios = np.asarray(self.scores), np.asarray(self.log10_lrs)
        if scores.shape != ratios.shape or not len(scores):
            raise ValueError(f"{len(scores)} scores do not fit {len(ratios)} ratios")
        if not (np.all(np.diff(scores) > 0) and np.all(np.diff(ratios) >= 0)):
            raise ValueError("scores must rise, and ratios never fall")
        if not (self.bounds.lower <= ratios[0] and ratios[-1] <= self.bounds.upper):
            raise ValueError("a ratio lies beyond the bounds")

    def log10_lr(self, scores: npt.ArrayLike) -> F64:
        """(N,) scores -> (N,) float64 log10 likelihood ratios; NaN stays NaN."""
        values = np.asarray(scores, np.float64)
        return np.asarray(np.interp(values, self.scores, self.log10_lrs), np.float64)


LikelihoodMap = LogisticMap | IsotonicMap


def posterior(log10_lr: npt.ArrayLike, prior: float) -> F64:
    """Probability that both pictures show one person, by Bayes' rule.

    Args:
        log10_lr: (N,) log10 likelihood ratios.
        prior: that probability before the pictures were seen. It is no property of the engine:
            whoever states a posterior states the prior with it.

    Raises:
        UsageError: the prior is not strictly between 0 and 1.
    """
    if not 0.0 < prior < 1.0:
        raise UsageError(f"a prior lies between 0 and 1, not {prior}")
    log_odds = np.asarray(log10_lr, np.float64) * math.log(10.0) + math.log(prior / (1.0 - prior))
    # 1 / (1 + exp(-x)), written so that no exponential overflows.
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)), np.float64)
