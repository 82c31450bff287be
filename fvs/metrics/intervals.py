"""Binomial intervals: how far a rate can be from the one that was counted.

Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", Biometrika 26 (1934): exact, never below its level. Wilson, "Probable inference, the law
of succession, and statistical inference", J. American Statistical Association 22 (1927): near its
level on average, so narrower, and for rates with errors seen.

Trials are taken as independent. Comparisons that share a picture are not quite so, which makes
these intervals of all-pairs rates too narrow; `fvs.metrics.subject_intervals` has those that know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from fvs.errors import UsageError
from fvs.operating_points import Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fvs.records import F64

__all__ = [
    "BEYOND_ONE_BOUND",
    "CONFIDENCE",
    "RULE_OF_30_ERRORS",
    "TrialsNeeded",
    "clopper_pearson",
    "most_errors_within",
    "rate",
    "rule_of_3",
    "rule_of_30",
    "trials_needed",
    "trials_table",
    "wilson",
]

CONFIDENCE = 0.95
"""Two-sided, as ISO/IEC 19795-1 reports: 2.5 % beyond either bound."""

BEYOND_ONE_BOUND = (1.0 - CONFIDENCE) / 2.0

RULE_OF_30_ERRORS = 30


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
    k, n = _counts(errors, trials)
    some = np.maximum(k, 1)
    lower = np.where(k > 0, betaincinv(some, n - some + 1, BEYOND_ONE_BOUND), 0.0)
    rest = np.maximum(n - k, 1)
    upper = np.where(k < n, betaincinv(k + 1, rest, 1.0 - BEYOND_ONE_BOUND), 1.0)
    return lower, upper


def wilson(errors: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[F64, F64]:
    """Wilson's two-sided 95 % score bounds of a binomial proportion.

    They hold their level on average over rates, not at each: near 0 they can fall well short of
    it. A claim stands on `clopper_pearson`.

    Args:
        errors: (N,) or scalar counts, 0..trials.
        trials: of the same shape, each at least 1.

    Returns:
        Lower and upper bounds, float64 of that shape.

    Raises:
        UsageError: there are no trials, or errors lie outside 0..trials.

    Example:
        >>> lower, upper = wilson(30, 1000)
        >>> round(float(lower), 4), round(float(upper), 4)
        (0.0211, 0.0425)
    """
    k, n = _counts(errors, trials)
    z = float(-ndtri(BEYOND_ONE_BOUND))
    point = k / n
    centre = (point + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(point * (1 - point) / n + z**2 / (4 * n**2))
    # At the ends the two terms are equal but for rounding.
    lower = np.where(k > 0, np.maximum(centre - half, 0.0), 0.0)
    return lower, np.where(k < n, np.minimum(centre + half, 1.0), 1.0)


def rule_of_3(trials: int) -> float:
    """The rate that so many independent trials without an error exclude, one-sided at 95 %: 3 / n.

    ISO/IEC 19795-1 quotes it for planning. It approximates 1 - 0.05 ** (1 / n); the two-sided
    bound that `clopper_pearson` gives is 3.7 / n.

    Raises:
        UsageError: there are no trials.

    Example:
        >>> rule_of_3(30_000)
        0.0001
    """
    if trials < 1:
        raise UsageError("no trials exclude nothing")
    return min(3.0 / trials, 1.0)


def rule_of_30(target: float) -> int:
    """Independent trials in which a rate of `target` shows 30 errors.

    With 30 errors the true rate lies within 30 % of the one counted, at 90 % (Doddington et al.,
    "The NIST speaker recognition evaluation", Speech Communication 31 (2000); ISO/IEC 19795-1).

    Raises:
        UsageError: the target is not between 0 and 1.

    Example:
        >>> rule_of_30(1e-4)
        300000
    """
    if not 0.0 < target < 1.0:
        raise UsageError(f"a target rate lies between 0 and 1, not at {target}")
    # Rounded first: 30 / 1e-4 is a hair above 300,000.
    return int(np.ceil(np.round(RULE_OF_30_ERRORS / target, 6)))


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


class TrialsNeeded(NamedTuple):
    """How many trials show a target.

    Attributes:
        target: rate to stay within.
        errors: that are seen nevertheless.
        trials: independent ones, the fewest whose two-sided 95 % upper bound is within the target.
        subjects: that give as many comparisons of which no two share a person, non-mated.
    """

    target: float
    errors: int
    trials: int
    subjects: int


def trials_table(targets: Sequence[float], errors: Sequence[int] = (0,)) -> list[TrialsNeeded]:
    """How many trials would be needed, for each target and each number of errors.

    Raises:
        UsageError: as `trials_needed`.

    Example:
        >>> for row in trials_table([1e-2, 1e-4], errors=[0, 3]):
        ...     print(row.target, row.errors, row.trials, row.subjects)
        0.01 0 368 736
        0.01 3 874 1748
        0.0001 0 36887 73774
        0.0001 3 87670 175340
    """
    rows = []
    for target in targets:
        for count in errors:
            trials = trials_needed(target, count)
            rows.append(TrialsNeeded(target, count, trials, 2 * trials))
    return rows


def _counts(errors: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[F64, F64]:
    k, n = np.asarray(errors, np.float64), np.asarray(trials, np.float64)
    # Said so that NaN is refused too.
    if not (np.all(n >= 1) and np.all(k >= 0) and np.all(k <= n)):
        raise UsageError("a rate needs at least one trial, and errors within 0..trials")
    return k, n
