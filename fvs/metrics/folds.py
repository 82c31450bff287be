"""The ten-fold protocol of Labeled Faces in the Wild.

Huang et al., "Labeled Faces in the Wild: A Database for Studying Face Recognition in
Unconstrained Environments", UMass Amherst TR 07-49 (2007), View 2: for each fold the threshold is
chosen on the nine others; the mean accuracy and its standard error over the folds are reported.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.rates import Sweep

if TYPE_CHECKING:
    from fvs.records import F32, Bool, Int

__all__ = ["FoldAccuracy", "LfwPair", "fold_accuracy", "read_lfw_pairs"]

MATED_FIELDS = 3
NON_MATED_FIELDS = 4


class FoldAccuracy(NamedTuple):
    """Accuracy by the protocol.

    Attributes:
        mean: of the folds' accuracies.
        standard_error: sample standard deviation of the folds over the root of their number.
        accuracies: one per fold.
        thresholds: the one applied to each fold.
    """

    mean: float
    standard_error: float
    accuracies: tuple[float, ...]
    thresholds: tuple[float, ...]


class LfwPair(NamedTuple):
    """One line of `pairs.txt`; pictures by name, `Person/Person_0001.jpg`."""

    first: str
    second: str
    mated: bool
    fold: int


def fold_accuracy(similarity: F32, mated: Bool, fold: Int) -> FoldAccuracy:
    """Choose a threshold on all folds but one, apply it to that one, for each.

    Args:
        similarity: (N,) scores.
        mated: (N,) True where the two pictures show one person.
        fold: (N,) fold of each pair.

    Raises:
        UsageError: there are fewer than two folds.
    """
    folds = np.unique(fold)
    if len(folds) < 2:  # noqa: PLR2004 - one to choose on, one to apply to
        raise UsageError("the protocol needs at least two folds")
    thresholds = [
        Sweep.of(
            similarity[(fold != held_out) & mated], similarity[(fold != held_out) & ~mated]
        ).most_accurate_threshold()
        for held_out in folds
    ]
    accuracies = [
        float(
            np.mean(
                (similarity[fold == held_out] >= np.float32(threshold)) == mated[fold == held_out]
            )
        )
        for held_out, threshold in zip(folds, thresholds, strict=True)
    ]
    return FoldAccuracy(
        mean=float(np.mean(accuracies)),
        standard_error=float(np.std(accuracies, ddof=1)) / math.sqrt(len(folds)),
        accuracies=tuple(accuracies),
        thresholds=tuple(thresholds),
    )


def read_lfw_pairs(text: str) -> tuple[LfwPair, ...]:
    """Read `pairs.txt`: a header `folds pairs`, then per fold so many mated, then non-mated pairs.

    Raises:
        UsageError: a line is malformed or the number of lines is not what the header says.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or len(lines[0]) != 2:  # noqa: PLR2004 - the header's two counts
        raise UsageError("pairs.txt must start with the number of folds and of pairs in each")
    folds, per_kind = (int(count) for count in lines[0])
    if len(lines) != 1 + folds * 2 * per_kind:
        raise UsageError(f"pairs.txt has {len(lines) - 1} pairs, not {folds * 2 * per_kind}")
    return tuple(_pair(line, i // (2 * per_kind)) for i, line in enumerate(lines[1:]))


def _pair(line: list[str], fold: int) -> LfwPair:
    if len(line) == MATED_FIELDS:
        person, one, other = line
        return LfwPair(_picture(person, one), _picture(person, other), mated=True, fold=fold)
    if len(line) == NON_MATED_FIELDS:
        person, one, second, other = line
        return LfwPair(_picture(person, one), _picture(second, other), mated=False, fold=fold)
    raise UsageError(f"malformed line in pairs.txt: {' '.join(line)}")


def _picture(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04d}.jpg"
