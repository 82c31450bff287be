"""Whether one system errs less than another on the same pairs: the paired bootstrap.

Both systems see the same people, so hard ones are hard for both. Each replicate draws subjects once
and takes the difference of the two systems on that draw; its spread is that of the difference, and
narrower than two intervals side by side suggest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.bootstrap import REPLICATES, curve_replicates, percentile_interval

if TYPE_CHECKING:
    from fvs.metrics.subject_pairs import KindsOfPairs, SubjectPairs

__all__ = ["SystemDifference", "compare_systems"]

FEWEST_REPLICATES = 100
"""A percentile at 2.5 % of fewer is decided by two or three draws."""


class SystemDifference(NamedTuple):
    """FNMR of two systems at one FMR, and by how much they differ.

    Attributes:
        fmr: at most, on these pairs; each system at its own threshold.
        first: FNMR of the first.
        second: FNMR of the second.
        difference: second - first; below 0 the second errs less.
        lower_95: of the difference.
        upper_95: likewise.
        p_value: two-sided, of there being no difference; never below what so many draws can show.
    """

    fmr: float
    first: float
    second: float
    difference: float
    lower_95: float
    upper_95: float
    p_value: float


def compare_systems(
    first: KindsOfPairs,
    second: KindsOfPairs,
    fmr: float,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> SystemDifference:
    """The difference of FNMR at an FMR, thresholds found anew in each draw.

    Args:
        first: pairs of one system.
        second: the same pairs scored by another; where one could not compare a pair, it should
            stand there with a score that no threshold accepts.
        fmr: the false match rate that both are held to.
        replicates: how many draws.
        seed: of the draws, the same for both.

    Raises:
        UsageError: the pairs are not the same, too few draws are asked for, or too few non-mated
            scores were kept.

    Example:
        >>> import numpy as np
        >>> from fvs.metrics import Evaluation
        >>> rng = np.random.default_rng(0)
        >>> one, other = np.triu_indices(80, 1)
        >>> person_one, person_other = one // 2, other // 2
        >>> centre = np.where(person_one == person_other, 0.5, 0.1)
        >>> blurred, sharp = rng.normal(centre, 0.2), rng.normal(centre, 0.05)
        >>> found = compare_systems(
        ...     Evaluation.of(blurred, person_one, person_other).pairs,
        ...     Evaluation.of(sharp, person_one, person_other).pairs,
        ...     fmr=0.01,
        ... )
        >>> found.difference < 0, found.upper_95 < 0, found.p_value < 0.05
        (True, True, True)
    """
    if replicates < FEWEST_REPLICATES:
        raise UsageError(f"{replicates} draws have no percentiles; take {REPLICATES}")
    _refuse_others(first.mated, second.mated)
    _refuse_others(first.non_mated, second.non_mated)
    points, drawn = [], []
    for system in (first, second):
        curve = curve_replicates(system, [fmr], replicates=replicates, seed=seed)
        points.append(float(curve.fnmr[0]))
        drawn.append(curve.drawn[:, 0])
    differences = drawn[1] - drawn[0]
    lower, upper = percentile_interval(differences[:, None])
    return SystemDifference(
        fmr=fmr,
        first=points[0],
        second=points[1],
        difference=points[1] - points[0],
        lower_95=float(lower[0]),
        upper_95=float(upper[0]),
        p_value=_p_value(differences),
    )


def _p_value(differences: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Twice the share of draws on the rarer side of 0, the data counting as one draw."""
    drawn = differences[~np.isnan(differences)]
    rarer = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2.0 * (rarer + 1) / (len(drawn) + 1))


def _refuse_others(first: SubjectPairs, second: SubjectPairs) -> None:
    same = np.array_equal(first.counts.by_subject, second.counts.by_subject)
    if first.trials != second.trials or not same:
        raise UsageError(
            f"{first!r} and {second!r} are not the same pairs",
            advice="Compare systems on the same pairs, with the same numbers for subjects.",
        )
