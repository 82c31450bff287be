"""How error rates differ between groups of people (ISO/IEC 19795-10:2024).

Each group's rate with its interval comes first. Ratios and Gini's coefficient sum them up in one
number, and are only as good as the smallest group. Tests say whether a difference can be chance;
with many groups some differ by chance alone, so p-values are corrected (Holm, "A simple
sequentially rejective multiple test procedure", Scandinavian J. Statistics 6 (1979)).

Where the subjects of comparisons are known, tests count independent trials only: the variance by
subject (`fvs.metrics.subject_intervals`) makes them fewer, and with them the evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from scipy.special import chdtrc
from scipy.stats import fisher_exact

from fvs.errors import UsageError
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.subject_intervals import false_match_band, false_non_match_band

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from fvs.metrics.subject_intervals import SubjectRate
    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.records import F64, Int

__all__ = [
    "ZERO_COUNTS_AS",
    "Difference",
    "GroupRates",
    "gini",
    "group_false_match_rates",
    "group_false_non_match_rates",
    "holm",
    "max_over_geometric_mean",
    "max_over_min",
]

ZERO_COUNTS_AS = 0.5
"""Errors that a group without any counts in a ratio: neither holds a rate of 0."""

FEWEST_GROUPS = 2


class Difference(NamedTuple):
    """One group against all others together.

    Attributes:
        group: its name.
        ratio: of its rate to that of the others.
        p_value: of Fisher's exact test on effective trials, two-sided.
        p_corrected: over all groups, by Holm.
    """

    group: str
    ratio: float
    p_value: float
    p_corrected: float

    @property
    def differs(self) -> bool:
        """Whether chance makes such a difference in less than 5 % of all evaluations."""
        return self.p_corrected < 0.05  # noqa: PLR2004 - the level of all intervals here


@dataclass(frozen=True, eq=False)
class GroupRates:
    """An error rate of each of several groups at one threshold.

    Attributes:
        groups: (G,) names.
        errors: (G,) int64.
        trials: (G,) int64.
        effective_trials: (G,) float64 independent trials that would tell as much.
        lower_95: (G,) float64.
        upper_95: (G,) float64.

    Example:
        >>> found = GroupRates.of(["a", "b", "c"], [10, 12, 40], [10_000, 10_000, 10_000])
        >>> found.worst, round(found.max_over_min, 1), round(found.max_over_geometric_mean, 2)
        ('c', 4.0, 2.37)
        >>> [one.group for one in found.differences() if one.differs]
        ['a', 'b', 'c']
    """

    groups: tuple[str, ...]
    errors: Int
    trials: Int
    effective_trials: F64
    lower_95: F64
    upper_95: F64

    @classmethod
    def of(cls, groups: Sequence[str], errors: npt.ArrayLike, trials: npt.ArrayLike) -> Self:
        """Rates from counts, trials taken as independent.

        Raises:
            UsageError: lengths differ, or a group has no trials.
        """
        k, n = np.asarray(errors, np.int64), np.asarray(trials, np.int64)
        if not k.shape == n.shape == (len(groups),):
            raise UsageError(f"{len(groups)} groups, {k.shape} errors and {n.shape} trials")
        lower, upper = clopper_pearson(k, n)
        return cls(tuple(groups), k, n, n.astype(np.float64), lower, upper)

    @classmethod
    def from_subjects(cls, rates: Mapping[str, SubjectRate]) -> Self:
        """Rates whose intervals know the subjects."""
        found = rates.values()
        return cls(
            groups=tuple(rates),
            errors=np.array([one.errors for one in found], np.int64),
            trials=np.array([one.trials for one in found], np.int64),
            effective_trials=np.array([one.effective_trials for one in found], np.float64),
            lower_95=np.array([one.lower_95 for one in found], np.float64),
            upper_95=np.array([one.upper_95 for one in found], np.float64),
        )

    def __len__(self) -> int:
        return len(self.groups)

    def __repr__(self) -> str:
        return f"GroupRates({', '.join(self.groups)})"

    @property
    def point(self) -> F64:
        """(G,) errors / trials."""
        return self.errors / self.trials

    @property
    def ratio_rates(self) -> F64:
        """(G,) rates as they enter ratios: no error counts as half a one."""
        return np.maximum(self.errors, ZERO_COUNTS_AS) / self.trials

    @property
    def worst(self) -> str:
        """The group with the highest rate."""
        return self.groups[int(np.argmax(self.ratio_rates))]

    @property
    def max_over_min(self) -> float:
        """Highest over lowest rate."""
        return max_over_min(self.ratio_rates)

    @property
    def max_over_geometric_mean(self) -> float:
        """Highest rate over the geometric mean of all, by which NIST ranks differentials."""
        return max_over_geometric_mean(self.ratio_rates)

    @property
    def gini(self) -> float:
        """Gini's coefficient: 0 where all are equal, 1 where one group has all errors."""
        return gini(self.point)

    def differences(self) -> list[Difference]:
        """Each group against all others together, corrected for their number.

        Raises:
            UsageError: there are fewer than two groups.
        """
        self._refuse_one()
        p_values = np.array([self._p_value(row) for row in range(len(self))])
        others = (self.errors.sum() - self.errors + ZERO_COUNTS_AS * (self.errors == 0)) / (
            self.trials.sum() - self.trials
        )
        return [
            Difference(
                group=group,
                ratio=float(self.ratio_rates[row] / others[row]) if others[row] else math.inf,
                p_value=float(p_values[row]),
                p_corrected=float(corrected),
            )
            for row, (group, corrected) in enumerate(zip(self.groups, holm(p_values), strict=True))
        ]

    def p_all_equal(self) -> float:
        """Chance of differences this large if all groups had one rate (chi-square test).

        Returns:
            1 where there is no error, or nothing else.

        Raises:
            UsageError: there are fewer than two groups.
        """
        self._refuse_one()
        trials, wrong = self.effective_trials, self.effective_trials * self.point
        share = wrong.sum() / trials.sum()
        if not 0.0 < share < 1.0:
            return 1.0
        statistic = ((wrong - share * trials) ** 2 / (trials * share * (1.0 - share))).sum()
        return float(chdtrc(len(self) - 1, statistic))

    def _p_value(self, row: int) -> float:
        trials, wrong = self.effective_trials, self.effective_trials * self.point
        own = (wrong[row], trials[row] - wrong[row])
        rest = (wrong.sum() - wrong[row], (trials - wrong).sum() - (trials - wrong)[row])
        table = [[round(float(count)) for count in counts] for counts in (own, rest)]
        return float(fisher_exact(table).pvalue)

    def _refuse_one(self) -> None:
        if len(self) < FEWEST_GROUPS:
            raise UsageError("differences need at least two groups")


def group_false_match_rates(non_mated: Mapping[str, SubjectPairs], threshold: float) -> GroupRates:
    """FMR of each group, with intervals by subject.

    Args:
        non_mated: group -> pairs of different people of it.
        threshold: `score >= threshold` accepts.

    Raises:
        UsageError: as `false_match_band`.
    """
    bands = {group: false_match_band(pairs, [threshold]) for group, pairs in non_mated.items()}
    return GroupRates.from_subjects({group: band.at(0) for group, band in bands.items()})


def group_false_non_match_rates(mated: Mapping[str, SubjectPairs], threshold: float) -> GroupRates:
    """FNMR of each group, with intervals by subject.

    Args:
        mated: group -> mated pairs of its people.
        threshold: `score >= threshold` accepts.

    Raises:
        UsageError: as `false_non_match_band`.
    """
    bands = {group: false_non_match_band(pairs, [threshold]) for group, pairs in mated.items()}
    return GroupRates.from_subjects({group: band.at(0) for group, band in bands.items()})


def max_over_min(rates: npt.ArrayLike) -> float:
    """Highest over lowest rate; infinite where only the lowest is 0, NaN where all are.

    Raises:
        UsageError: there are no rates, or a negative one.
    """
    values = _checked(rates)
    if values.min() > 0:
        return float(values.max() / values.min())
    return math.inf if values.max() > 0 else math.nan


def max_over_geometric_mean(rates: npt.ArrayLike) -> float:
    """Highest rate over the geometric mean; infinite where a lower one is 0, NaN where all are.

    Raises:
        UsageError: there are no rates, or a negative one.
    """
    values = _checked(rates)
    if values.min() > 0:
        return float(values.max() / np.exp(np.log(values).mean()))
    return math.inf if values.max() > 0 else math.nan


def gini(rates: npt.ArrayLike) -> float:
    """Gini's coefficient with the small-sample factor G / (G - 1); 0 where all rates are equal.

    Raises:
        UsageError: there are no rates, or a negative one.

    Example:
        >>> gini([0.1, 0.1, 0.1]), gini([0.0, 0.0, 0.3])
        (0.0, 1.0)
    """
    values = np.sort(_checked(rates))
    n = len(values)
    if n < FEWEST_GROUPS or values[0] == values[-1]:
        return 0.0
    weights = 2.0 * np.arange(1, n + 1) - n - 1
    return float((weights * values).sum() / ((n - 1) * values.sum()))


def holm(p_values: npt.ArrayLike) -> F64:
    """P-values corrected for their number, so that the chance of any false alarm stays at 5 %.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return corrected


def _checked(rates: npt.ArrayLike) -> F64:
    values = np.asarray(rates, np.float64)
    if not values.size or not np.all(values >= 0):
        raise UsageError("a summary needs rates, none of them negative")
    return values
