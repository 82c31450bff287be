"""Vectors -> all pairs of them, with who is in those that score highest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.bounds import CompletePairs, NonMatedPairs
from fvs.metrics.pairs import compare_all_pairs, pairs_above

if TYPE_CHECKING:
    from fvs.metrics.rates import ScoreTail
    from fvs.records import F32, Int

__all__ = ["Comparisons", "compare_people"]

KEPT_PAIRS = 200_000
"""At least so many pairs are kept with their people, and always `KEPT_SHARE` of all."""

KEPT_SHARE = 0.01
"""The largest target FMR of any use."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """All pairs of a set of pictures.

    Attributes:
        mated: (M,) float32 scores of one person's pictures.
        non_mated: of different people's.
    """

    mated: F32
    non_mated: NonMatedPairs


def compare_people(vectors: F32, subjects: Int | None = None) -> Comparisons:
    """Compare each picture with each other one.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64, equal for pictures of one person; None where all differ.
    """
    labels = np.arange(len(vectors)) if subjects is None else subjects
    pairs = compare_all_pairs(vectors, labels)
    numbers, pictures = np.unique(labels, return_inverse=True, return_counts=True)[1:]
    rows, scores = pairs_above(vectors, _lowest_kept(pairs.non_mated))
    first, second = numbers[rows[:, 0]], numbers[rows[:, 1]]
    different = first != second
    return Comparisons(
        mated=pairs.mated,
        non_mated=NonMatedPairs.of(
            scores[different],
            first[different],
            second[different],
            pairs.non_mated,
            CompletePairs(pictures.astype(np.int64)),
        ),
    )


def _lowest_kept(tail: ScoreTail) -> float:
    """The score from which pairs are kept with their people."""
    wanted = min(max(KEPT_PAIRS, round(tail.trials * KEPT_SHARE)), len(tail.highest))
    return float(tail.highest[len(tail.highest) - wanted]) if wanted else 1.0
