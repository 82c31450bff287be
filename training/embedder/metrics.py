"""Error rates of verification: LFW's protocol, thresholds at a false match rate, FMR of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, F64, Bool, Int

__all__ = [
    "AllPairs",
    "all_pairs",
    "false_matches",
    "fnmr_at_fmr",
    "ten_fold_accuracy",
    "threshold_at_fmr",
]

ROWS_PER_BLOCK = 1024


def threshold_at_fmr(nonmated: F32 | F64, fmr: float) -> float:
    """Smallest threshold, from the scores themselves, at which `score > t` has at most this FMR."""
    allowed = int(np.floor(fmr * len(nonmated)))
    return float(np.partition(nonmated, len(nonmated) - allowed - 1)[len(nonmated) - allowed - 1])


def fnmr_at_fmr(mated: F32 | F64, nonmated: F32 | F64, fmr: float) -> float:
    """Share of mated scores that do not pass the threshold at this FMR."""
    return float(np.mean(mated <= threshold_at_fmr(nonmated, fmr)))


def ten_fold_accuracy(scores: F64, is_mated: Bool, fold: Int) -> tuple[float, float]:
    """LFW's accuracy: each fold judged at the threshold that is best on the others.

    Args:
        scores: (P,) of the pairs.
        is_mated: (P,).
        fold: (P,) number of the fold.

    Returns:
        Mean and standard error over the folds (Huang et al. 2007).
    """
    accuracies = []
    for held in np.unique(fold):
        rest = fold != held
        threshold = _best_threshold(scores[rest], is_mated[rest])
        accuracies.append(np.mean((scores[~rest] > threshold) == is_mated[~rest]))
    return float(np.mean(accuracies)), float(np.std(accuracies, ddof=1) / len(accuracies) ** 0.5)


def _best_threshold(scores: F64, is_mated: Bool) -> float:
    order = np.argsort(scores, kind="stable")
    mated = is_mated[order]
    right = np.concatenate([[mated.sum()], mated.sum() + np.cumsum(np.where(mated, -1, 1))])
    cut = int(np.argmax(right))
    return float(scores[order][cut - 1]) if cut else -1.0 - np.finfo(float).eps


class AllPairs(NamedTuple):
    """Scores of all pairs of pictures of named people."""

    mated: F32
    nonmated: F32


def all_pairs(embeddings: F32, person: Int) -> AllPairs:
    """Every pair once, (N, D) unit embeddings and (N,) person numbers."""
    mated, nonmated = [], []
    for start in range(0, len(embeddings), ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, len(embeddings))
        cosines = embeddings[start:stop] @ embeddings.T
        later = np.arange(start, stop)[:, None] < np.arange(len(embeddings))
        same = person[start:stop, None] == person
        mated.append(cosines[later & same])
        nonmated.append(cosines[later & ~same])
    return AllPairs(np.concatenate(mated), np.concatenate(nonmated))


def false_matches(embeddings: F32, threshold: float) -> tuple[int, int]:
    """Pairs above the threshold, and all pairs, where every picture shows another person."""
    count = len(embeddings)
    matches = 0
    for start in range(0, count, ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, count)
        cosines = embeddings[start:stop] @ embeddings.T
        later = np.arange(start, stop)[:, None] < np.arange(count)
        matches += int(np.count_nonzero((cosines > threshold) & later))
    return matches, count * (count - 1) // 2
