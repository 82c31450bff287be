"""How far likelihood ratios may go before they say more than their data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.likelihood import LlrBounds

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F64

__all__ = ["bounds_by_counts", "empirical_bounds"]


def bounds_by_counts(mated: int, non_mated: int) -> LlrBounds:
    """log10 of the counts: n strangers cannot show that fewer than one in n scores so high.

    Raises:
        UsageError: one kind is missing.
    """
    if min(mated, non_mated) < 1:
        raise UsageError(f"no bounds from {mated} mated and {non_mated} non-mated comparisons")
    return LlrBounds(lower=-math.log10(mated), upper=math.log10(non_mated), method="counts")


def empirical_bounds(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> LlrBounds:
    """Empirical lower and upper bounds (ELUB).

    Vergeer, van Es, de Jongh, Alberink and Stoel, "Numerical likelihood ratios outputted by LR
    systems are often based on extrapolation: when to stop extrapolating?", Science & Justice 56
    (2016): one comparison of each kind that misleads as much as can be is added to the data, and
    ratios are used as far as decisions by them still cost no more than decisions without them.

    Args:
        mated: (M,) log10 likelihood ratios; may be infinite.
        non_mated: (N,) likewise.

    Raises:
        UsageError: one kind is missing, or a ratio is NaN.
    """
    genuine = np.sort(np.asarray(mated, np.float64).ravel())
    others = np.sort(np.asarray(non_mated, np.float64).ravel())
    if not len(genuine) or not len(others):
        raise UsageError(f"no bounds from {len(genuine)} mated, {len(others)} non-mated ratios")
    if np.isnan(genuine).any() or np.isnan(others).any():
        raise UsageError("a ratio is NaN")
    return LlrBounds(
        lower=-_upper_bound(-others[::-1], -genuine[::-1]),
        upper=_upper_bound(genuine, others),
        method="elub",
    )


def _upper_bound(genuine: F64, others: F64) -> float:
    """The largest log10 ratio t up to which FNMR(t) + t FMR(t) <= 1, both sorted.

    That is the cost of deciding by the ratio at a Bayes threshold of t >= 1, over that of always
    rejecting. Both rates are constant between two ratios, so that each stretch has one limit.
    """
    inside = np.unique(np.concatenate([genuine[genuine > 0], others[others > 0]]))
    starts = np.concatenate([[0.0], inside])
    ends = np.concatenate([inside, [np.inf]])
    missed = np.searchsorted(genuine, starts, side="right") + 1
    passed = len(others) - np.searchsorted(others, starts, side="right") + 1
    # The comparison that misleads may be all that is missed: then nothing is left to gain.
    gained = np.maximum(1.0 - missed / (len(genuine) + 1), 0.0)
    with np.errstate(divide="ignore"):
        limits = np.log10(gained) - np.log10(passed / (len(others) + 1))
    first = int(np.argmax(limits < ends))
    return max(0.0, float(starts[first]), float(limits[first]))
