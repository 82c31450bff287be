"""Exact binomial intervals: how far a rate can be from the one that was counted.

Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", Biometrika 26 (1934). Trials are taken as independent. Comparisons that share a
picture are not quite so, which makes the intervals of all-pairs rates too narrow; the number of
subjects is therefore stated beside them wherever they are published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from fvs.errors import UsageError
from fvs.operating_points import Rate

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F64

__all__ = [
    "BEYOND_ONE_BOUND",
    "CONFIDENCE",
    "clopper_pearson",
    "most_errors_within",
    "rate",
    "trials_needed",
]

CONFIDENCE = 0.95
"""Two-sided, as ISO/IEC 19795-1 reports: 2.5 % beyond either bound."""

BEYOND_ONE_BOUND = (1.0 - CONFIDENCE) / 2.0


def clopper_pearson(errors: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[F64, F64]:
    """Exact two-sided 95 % bounds of a binomial proportion.

    Args:
        errors: (N,) or scalar counts, 0..trials.
        trials: of the same shape, each at least 1.

    Returns:
        Lower and upper bounds, float64 of that shape. No errors give a lower bound of exactly 0,
        nothing but errors an upper bound of exactly 1.

    Raises:
        UsageError: there are no trials (the rate is undefined), or errors lie outside 0..trials.
    """
    k = np.asarray(errors, np.float64)
    n = np.asarray(trials, np.float64)
    if np.any(n < 1) or np.any(k < 0) or np.any(k > n):
        raise UsageError("a rate needs at least one trial, and errors within 0..trials")
    some = np.maximum(k, 1)
    lower = np.where(k > 0, betaincinv(some, n - some + 1, BEYOND_ONE_BOUND), 0.0)
    rest = np.maximum(n - k, 1)
    upper = np.where(k < n, betaincinv(k + 1, rest, 1.0 - BEYOND_ONE_BOUND), 1.0)
    return lower, upper


def rate(errors: int, trials: int) -> Rate:
    """A rate with its counts and exact interval.

    Raises:
        UsageError: as `clopper_pearson`.
    """
    lower, upper = clopper_pearson(errors, trials)
    return Rate(
        errors=int(errors),
        trials=int(trials),
        point=int(errors) / int(trials),
        lower_95=float(lower),
        upper_95=float(upper),
    )


def trials_needed(target: float, errors: int = 0) -> int:
    """The fewest trials that can show a rate to be within `target` in spite of some errors.

    Without errors the upper bound is `1 - 0.025 ** (1 / n)`.

    Raises:
        UsageError: the target is not between 0 and 1, or errors are negative.
    """
    if not 0.0 < target < 1.0 or errors < 0:
        raise UsageError(f"a target rate lies between 0 and 1 (got {target}), errors from 0")
    too_few = errors
    enough = max(1, 2 * errors)
    while errors >= enough or clopper_pearson(errors, enough)[1] > target:
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if clopper_pearson(errors, middle)[1] <= target:
            enough = middle
        else:
            too_few = middle
    return enough


def most_errors_within(trials: int, target: float) -> int | None:
    """The most errors in `trials` whose upper bound is still within `target`.

    Returns:
        A count, or None where even no error would leave the bound above the target.
    """
    if trials < 1 or clopper_pearson(0, trials)[1] > target:
        return None
    fewest, most = 0, trials
    while fewest < most:
        middle = (fewest + most + 1) // 2
        if clopper_pearson(middle, trials)[1] <= target:
            fewest = middle
        else:
            most = middle - 1
    return fewest
