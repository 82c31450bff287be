"""Slow, obvious references beside the fast error rates of `fvs.metrics`."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[float, int, int]
"""Score, first subject, second subject."""


def accepted(pairs: Sequence[Pair], threshold: float) -> int:
    """Count one by one."""
    return sum(np.float32(score) >= np.float32(threshold) for score, _, _ in pairs)


def weighted_rate(pairs: Sequence[Pair], threshold: float, weights: Sequence[int]) -> float:
    """Share that accepts when each subject stands so many times, pair by pair."""
    hits = trials = 0
    for score, first, second in pairs:
        weight = weights[first] if first == second else weights[first] * weights[second]
        trials += weight
        hits += weight * (np.float32(score) >= np.float32(threshold))
    return hits / trials if trials else math.nan


def dyadic_variance(pairs: Sequence[Pair], threshold: float) -> float:
    """Sum of the products of the surpluses of all two comparisons that share a subject."""
    share = accepted(pairs, threshold) / len(pairs)
    surplus = [float(np.float32(s) >= np.float32(threshold)) - share for s, _, _ in pairs]
    together = sum(
        surplus[p] * surplus[q]
        for p, q in itertools.product(range(len(pairs)), repeat=2)
        if {pairs[p][1], pairs[p][2]} & {pairs[q][1], pairs[q][2]}
    )
    return together / len(pairs) ** 2


def surpluses(pairs: Sequence[Pair], threshold: float, subjects: int) -> list[float]:
    """Errors of each subject less those expected."""
    share = accepted(pairs, threshold) / len(pairs)
    found = [0.0] * subjects
    for score, first, second in pairs:
        for subject in {first, second}:
            found[subject] += float(np.float32(score) >= np.float32(threshold)) - share
    return found


def mann_whitney(mated: Sequence[float], non_mated: Sequence[float]) -> float:
    """Chance that a mated score exceeds a non-mated one, ties halved, pair by pair."""
    wins = sum(
        1.0 if np.float32(m) > np.float32(n) else 0.5 if np.float32(m) == np.float32(n) else 0.0
        for m, n in itertools.product(mated, non_mated)
    )
    return wins / (len(mated) * len(non_mated))


def mean_difference_gini(rates: Sequence[float]) -> float:
    """Gini's coefficient by its definition, all pairs of groups."""
    n = len(rates)
    differences = sum(abs(a - b) for a, b in itertools.product(rates, repeat=2))
    return differences / (2 * n * n * (sum(rates) / n)) * n / (n - 1)
