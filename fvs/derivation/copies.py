"""From which score two pictures are one capture: above all second captures, if copies reach it.

A copy of a picture (sent on, made smaller, cropped) scores nearly 1 with its original, two
photographs of a person less. Where between them lies the scale of the embedder, so it is measured.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.extraction import MeasuredFaces, measure_faces
from fvs.engine import Engine
from fvs.image import decode_images
from fvs.metrics.intervals import rate, trials_needed
from fvs.metrics.rates import ScoreTail, threshold_allowing
from fvs.operating_points import SameCapturePoint
from fvs.raster import encode_jpeg, resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.folders import PictureSet
    from fvs.records import F32, Pixels

__all__ = ["copies_of", "copy_scores", "same_capture_point"]

COPIED_PICTURES = 200
"""Evenly spaced over the pool; three copies of each show a share to within 4 %."""

COMPRESSED_QUALITY = 75
"""JPEG quality at which messengers send pictures on."""

COPY_QUALITY = 90
SMALLER = 2 / 3
CUT_OFF = 0.05
"""Of each side."""

COPIES_IN_WORDS = (
    f"pool pictures compressed anew (JPEG {COMPRESSED_QUALITY}), made smaller (to two thirds) or "
    f"cropped (by {CUT_OFF:.0%} on each side)"
)

LARGEST_SHARE_REACHED = 2e-3
"""There must be enough pairs of two photographs to show that no larger share of them reaches the
score: with 895 pairs of a part of the pool, a trial set one that 2.5 % of mated LFW pairs reach."""

LEAST_CAUGHT = 0.5
"""A score that most copies stay below warns of nothing."""


def same_capture_point(
    two_pictures: F32, copies: F32, mated: F32
) -> tuple[SameCapturePoint | None, str]:
    """The lowest score, in steps of 0.0001, that no two photographs of one adult reach.

    Args:
        two_pictures: (P,) scores of two photographs of one adult each; they alone set the score.
        copies: (C,) scores of pictures with their copies.
        mated: (M,) scores of mated pairs that only evaluate.

    Returns:
        The point, or None; and the rule and what came of it in words.
    """
    rule = "The same-capture score is the lowest that no two photographs of one adult reach"
    needed = trials_needed(LARGEST_SHARE_REACHED)
    if len(two_pictures) < needed or not len(copies):
        return None, f"{rule}; not supported: {len(two_pictures)} such pairs, need {needed}."
    threshold = threshold_allowing(ScoreTail.of(two_pictures), 0)
    rule += f" ({len(two_pictures)} pairs of the pool, told apart by their pixels)"
    if math.isinf(threshold):
        return None, f"{rule}; not supported: some of them score 1."
    caught = rate(_reach(copies, threshold), len(copies))
    if caught.point < LEAST_CAUGHT:
        return None, (
            f"{rule}; not supported: at {threshold:.4f} only {caught.point:.0%} of {len(copies)} "
            "copies would be found."
        )
    reached = rate(_reach(mated, threshold), len(mated))
    point = SameCapturePoint(threshold=threshold, reached=reached, caught=caught)
    return point, f"{rule}; copies were {COPIES_IN_WORDS}."


def copy_scores(engine: Engine, pools: Sequence[PictureSet], faces: MeasuredFaces) -> F32:
    """Scores of some pictures with copies of themselves.

    Args:
        engine: the pack.
        pools: where the pictures are.
        faces: of all pictures of the pools, in order.

    Returns:
        (C,) float32, three a picture, less those in which no face was found.
    """
    without_pad = Engine(engine.detector, engine.embedder, (), engine.settings)
    chosen = np.unique(np.linspace(0, len(faces) - 1, COPIED_PICTURES).astype(np.int64))
    scores = [np.empty(0, np.float32)]
    for start, pictures in zip(_starts(pools), pools, strict=True):
        rows = chosen[(chosen >= start) & (chosen < start + len(pictures.pictures))]
        files = pictures.read([pictures.pictures[row - start] for row in rows])
        copies = [copies_of(file) for file in files]
        original = faces.take(np.repeat(rows, [len(some) for some in copies]))
        copied = measure_faces(without_pad, [copy for some in copies for copy in some])
        both = original.ok & copied.ok
        scores.append(np.einsum("nd,nd->n", original.vectors[both], copied.vectors[both]))
    return np.concatenate(scores).clip(-1.0, 1.0)


def copies_of(file: bytes) -> tuple[bytes, ...]:
    """Three files that show the same capture; none of a file that cannot be read."""
    pixels = decode_images([file]).pixels_rgb[0]
    if pixels is None:
        return ()
    height, width = pixels.shape[:2]
    smaller = resize(pixels, max(1, round(width * SMALLER)), max(1, round(height * SMALLER)))
    return (
        encode_jpeg(pixels, COMPRESSED_QUALITY),
        encode_jpeg(smaller, COPY_QUALITY),
        encode_jpeg(_cropped(pixels), COPY_QUALITY),
    )


def _cropped(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = round(height * CUT_OFF), round(width * CUT_OFF)
    return pixels[top : height - top, left : width - left]


def _starts(pools: Sequence[PictureSet]) -> list[int]:
    """The row of each set's first picture."""
    lengths = [len(pictures.pictures) for pictures in pools]
    return list(itertools.accumulate(lengths[:-1], initial=0))


def _reach(scores: F32, threshold: float) -> int:
    return int(np.sum(scores >= np.float32(threshold)))
