"""How what was measured is distributed, for live signals to be compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.extraction import LIVENESS_EVERY
from fvs.distributions import Signal, distribution_of

if TYPE_CHECKING:
    from fvs.derivation.extraction import MeasuredFaces
    from fvs.distributions import Distribution
    from fvs.metrics.evaluation import Evaluation
    from fvs.records import F32, Bool, Int

__all__ = [
    "distributions_of_evaluation",
    "distributions_of_people",
    "liveness_distribution",
    "mated_pairs_lost",
    "similarity_distribution",
]


def distributions_of_people(
    mated: F32, faces: MeasuredFaces, subjects: Int, source: str
) -> tuple[Distribution, ...]:
    """What pictures of people tell.

    Args:
        mated: (M,) scores of one person's pictures that have a face.
        faces: N pictures.
        subjects: (N,) equal for pictures of one person.
        source: what the pictures are called.
    """
    lost = mated_pairs_lost(subjects, faces.ok)
    return similarity_distribution(mated, lost, source) + liveness_distribution(faces, source)


def distributions_of_evaluation(
    evaluation: Evaluation, mated_lost: int, source: str
) -> tuple[Distribution, ...]:
    """What a table of scores tells: of its mated pairs, as most of those who come are genuine.

    Args:
        evaluation: the pairs that were compared.
        mated_lost: mated pairs that could not be.
        source: what the table is called.
    """
    mated = evaluation.mated
    found = similarity_distribution(evaluation.similarity[mated], mated_lost, source)
    if evaluation.quality is None:
        return found
    quality = _with_lost(evaluation.quality[mated], mated_lost)
    return found + _stated("quality", quality, f"the worse picture of mated pairs of {source}")


def similarity_distribution(mated: F32, lost: int, source: str) -> tuple[Distribution, ...]:
    """Of mated pairs; those with a picture that has no usable face count as missing."""
    return _stated("similarity", _with_lost(mated, lost), f"mated pairs of {source}")


def liveness_distribution(faces: MeasuredFaces, source: str) -> tuple[Distribution, ...]:
    """Of the pictures whose liveness was looked at; of them those without a face are missing.

    A crowded picture was measured by its middle face alone, without liveness: it is left out.
    """
    looked_at = np.arange(len(faces)) % LIVENESS_EVERY == 0
    assessed = np.isfinite(faces.live_probability)
    if not assessed.any():
        return ()
    values = faces.live_probability[looked_at & (assessed | ~faces.ok)]
    return _stated("live_probability", values, f"every {LIVENESS_EVERY}th picture of {source}")


def mated_pairs_lost(subjects: Int, usable: Bool) -> int:
    """Pairs of one person's pictures of which one or both have no usable face.

    Args:
        subjects: (N,) equal for pictures of one person.
        usable: (N,) whether a picture has a face.
    """
    return _pairs_within(subjects) - _pairs_within(subjects[usable])


def _pairs_within(subjects: Int) -> int:
    counts = np.unique(subjects, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _with_lost(values: F32, lost: int) -> F32:
    return np.append(values, np.full(lost, np.nan, np.float32))


def _stated(name: str, values: F32, of: str) -> tuple[Distribution, ...]:
    """One, or none where there are too few values."""
    found = distribution_of(Signal(name, values.astype(np.float64)), of)
    return () if found is None else (found,)
