"""The pairs at the wrong ends: mated ones that score lowest, non-mated ones that score highest.

They tell more of a data set than of a system: many are wrong labels. They are pictures of people,
so a report holds them only where they are asked for, small, and without a name: a pair is told by
its row in the scores, where whoever owns them can look it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.image import decode_images
from fvs.raster import encode_png, resize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.folders import PictureSet
    from fvs.metrics.evaluation import Evaluation
    from fvs.records import Bool, Int, Pixels

__all__ = ["PAIRS_SHOWN", "ExtremePairs", "PairPicture", "extreme_pairs", "extreme_rows"]

PAIRS_SHOWN = 8
SIDE_PX = 112
"""Enough to see a wrong label; not enough to print a face."""

NO_PICTURE_GREY = 200


@dataclass(frozen=True)
class PairPicture:
    """Two pictures side by side; `row` counts from 1 below the heading of the scores."""

    png: bytes
    score: float
    row: int


@dataclass(frozen=True)
class ExtremePairs:
    """Both kinds, the most extreme first."""

    worst_mated: tuple[PairPicture, ...]
    best_non_mated: tuple[PairPicture, ...]


def extreme_pairs(evaluation: Evaluation, pictures: PictureSet) -> ExtremePairs:
    """Read and shrink the pictures of the most extreme pairs.

    Raises:
        UsageError: the scores name no pictures, or one of those named is not there.
    """
    first, second = evaluation.first_picture, evaluation.second_picture
    if first is None or second is None:
        raise UsageError(
            "the scores do not say which pictures were compared",
            advice="Thumbnails need the columns first_picture and second_picture.",
        )

    def shown(row: int) -> PairPicture:
        files = pictures.read([str(first[row]), str(second[row])])
        return PairPicture(_side_by_side(files), float(evaluation.similarity[row]), row + 1)

    return _both_ends(evaluation, shown)


def extreme_rows(similarity: np.ndarray, chosen: Bool, *, highest: bool) -> Int:
    """Rows of the chosen pairs with the highest or lowest scores, the most extreme first."""
    rows = np.flatnonzero(chosen)
    order = np.argsort(-similarity[rows] if highest else similarity[rows], kind="stable")
    return rows[order[:PAIRS_SHOWN]]


def _both_ends(evaluation: Evaluation, shown: Callable[[int], PairPicture]) -> ExtremePairs:
    scores, mated = evaluation.similarity, evaluation.mated
    return ExtremePairs(
        worst_mated=tuple(shown(int(r)) for r in extreme_rows(scores, mated, highest=False)),
        best_non_mated=tuple(shown(int(r)) for r in extreme_rows(scores, ~mated, highest=True)),
    )


def _side_by_side(files: Sequence[bytes]) -> bytes:
    images = decode_images(files, min_long_side_px=SIDE_PX)
    return encode_png(np.concatenate([_thumbnail(pixels) for pixels in images.pixels_rgb], axis=1))


def _thumbnail(pixels_rgb: Pixels | None) -> Pixels:
    """The middle square, shrunk; grey where a file holds no picture."""
    if pixels_rgb is None:
        return np.full((SIDE_PX, SIDE_PX, 3), NO_PICTURE_GREY, np.uint8)
    height, width = pixels_rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(pixels_rgb[top : top + side, left : left + side], SIDE_PX, SIDE_PX)
