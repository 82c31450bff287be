"""A pack's scores on Labeled Faces in the Wild, or any set of pictures in folders of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.derivation import lfw_subjects
from fvs.derivation.extraction import extract_faces
from fvs.errors import UsageError
from fvs.metrics.subject_pairs import compare_subjects
from fvs.metrics.tiles import scored_tiles
from fvs.report.measures import Histogram, measure_pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.records import F32, Int
    from fvs.report.measures import ErrorMeasures

__all__ = ["measure_pictures"]

EDGES = np.linspace(-1.0, 1.0, 101)


def measure_pictures(
    engine: Engine,
    pictures: PictureSet,
    threshold: float,
    cache_dir: Path | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> ErrorMeasures:
    """Compare each picture with each other one.

    Args:
        engine: the pack to measure.
        pictures: in folders named after the person.
        threshold: the pack's, at which rates are stated.
        cache_dir: folder that keeps extracted faces, or None.
        on_progress: called with the number of pictures that are done.

    Raises:
        UsageError: no two people, or no person twice, has a usable face.
    """
    faces = extract_faces(engine, pictures, cache_dir, on_progress)
    subjects = lfw_subjects(np.array(pictures.pictures)[faces.ok].tolist())
    vectors = faces.vectors[faces.ok]
    people, counts = np.unique(subjects, return_counts=True)
    if len(people) < 2 or counts.max() < 2:  # noqa: PLR2004 - two people, one of them twice
        raise UsageError(
            "these pictures make no mated or no non-mated pair",
            advice="Give a folder or tar with a folder of pictures for each person.",
        )
    pairs = compare_subjects(vectors, subjects)
    return measure_pairs(pairs, (threshold, "pack"), _histogram(vectors, subjects))


def _histogram(vectors: F32, subjects: Int) -> Histogram:
    mated, every = np.zeros(len(EDGES) - 1, np.int64), np.zeros(len(EDGES) - 1, np.int64)
    for tile in scored_tiles(vectors):
        same = subjects[tile.first, None] == subjects[None, tile.second]
        every += np.histogram(tile.scores[tile.once], EDGES)[0]
        mated += np.histogram(tile.scores[tile.once & same], EDGES)[0]
    return Histogram(edges=EDGES, mated=mated, non_mated=every - mated)
