"""Pictures of a pool that show a person who stands there already, source by source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.duplicates import cleaning_scale, find_duplicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.derivation.extraction import MeasuredFaces
    from fvs.derivation.groups import Labels
    from fvs.records import Bool, Int

__all__ = ["ADULT_AGE_YEARS", "Cleaning", "clean_people"]

ADULT_AGE_YEARS = 20
"""From here a high score alone tells that two pictures show one person."""


@dataclass(frozen=True, eq=False)
class Cleaning:
    """What was found in a pool of N pictures.

    Attributes:
        dropped: (N,) True for pictures of a person of whom an earlier one of the source stays.
            Never where no face was found, for such a picture cannot be told from any other.
        two_pictures: (Q, 2) int64, pairs of rows that are two photographs of one adult.
    """

    dropped: Bool
    two_pictures: Int


def clean_people(faces: MeasuredFaces, labels: Sequence[Labels], embedder_id: str) -> Cleaning:
    """Find people who stand twice in their source.

    Args:
        faces: N pictures as the embedder sees them.
        labels: of the same pictures; those of unknown age are taken for adults.
        embedder_id: of the embedder.

    Raises:
        UsageError: nobody knows from which of its scores two pictures show one person.
    """
    scale = cleaning_scale(embedder_id)
    dropped = np.zeros(len(faces), np.bool_)
    two_pictures = [np.empty((0, 2), np.int64)]
    sources = np.array([one.source for one in labels])
    minor = np.array(
        [one.age_years is not None and one.age_years < ADULT_AGE_YEARS for one in labels], np.bool_
    )
    for source in np.unique(sources):
        rows = np.flatnonzero((sources == source) & faces.ok)
        found = find_duplicates(faces.vectors[rows], faces.thumbnails[rows], minor[rows], scale)
        dropped[rows] = found.dropped
        two_pictures.append(rows[found.two_pictures])
    return Cleaning(dropped=dropped, two_pictures=np.concatenate(two_pictures))
