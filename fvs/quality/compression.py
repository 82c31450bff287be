"""Visible blocks of hard JPEG compression, in the picture itself.

The aligned crop is resampled, which hides the blocks, so they are sought in the decoded picture
around the face. File size says little: a smooth 12-megapixel selfie and a ruined small one spend
the same bytes per pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.scale import Component, Sigmoid
from fvs.raster import grey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32, F64, U8, Pixels

__all__ = ["COMPONENTS", "measure_compression"]

BLOCK_PX = 8
"""Side of a JPEG block in native pixels."""
SMALLEST_BLOCK_PX = 4
"""Scaled decoding shrinks blocks with the picture; below this they are finer than any feature."""
WINDOW_PX = 128
"""At most this much of the face is examined, which bounds the cost; 16 blocks a side suffice."""
QUIET_LEVELS = 1.0
"""Added to both sides of the ratio, so that rounding in flat regions does not look like blocks."""

COMPONENTS = (
    Component(
        name="compression_artifacts",
        unit="steps at block borders / steps inside",
        scale=Sigmoid(1.8, -0.2),
        reason_below="over_compressed",
        reason_above="over_compressed",
    ),
)


def measure_compression(pictures: Sequence[Pixels], xyxy_px: F32, scale: F64) -> dict[str, F64]:
    """Blockiness around each face.

    Args:
        pictures: M decoded pictures.
        xyxy_px: (M, 4) face boxes in them.
        scale: (M,) decoded pixels per native pixel.

    Returns:
        `compression_artifacts`: (M,) mean grey step across the borders of the most marked grid,
        over that elsewhere; 1 where nothing shows, or blocks would be too small to show; NaN
        where the box is not finite.
    """
    raw = np.where(np.isfinite(xyxy_px).all(axis=1), 1.0, np.nan)
    for row, (picture, box) in enumerate(zip(pictures, xyxy_px, strict=True)):
        period = round(BLOCK_PX * float(scale[row]))
        if period >= SMALLEST_BLOCK_PX and np.isfinite(raw[row]):
            raw[row] = _blockiness(_window(picture, box), period)
    return {"compression_artifacts": raw}


def _window(picture: Pixels, box: F32) -> U8:
    """Grey pixels around the box's centre, moved into the picture."""
    height, width = picture.shape[:2]
    spans = []
    for low, high, size in ((box[1], box[3], height), (box[0], box[2], width)):
        side = int(np.clip(high - low, min(2 * BLOCK_PX, size), min(WINDOW_PX, size)))
        start = int(np.clip((low + high - side) / 2, 0, size - side))
        spans.append(slice(start, start + side))
    return grey(np.ascontiguousarray(picture[spans[0], spans[1]]))


def _blockiness(window: U8, period: int) -> float:
    """Mean of both directions' ratio; the grid may start anywhere (pictures get cropped)."""
    ratios = []
    for axis in (0, 1):
        steps = _steps(window if axis == 0 else window.T)
        blocks = len(steps) // period
        if blocks == 0:
            return 1.0
        phases = steps[: blocks * period].reshape(blocks, period).mean(axis=0)
        strongest = phases.max()
        others = (phases.sum() - strongest) / (period - 1)
        ratios.append((strongest + QUIET_LEVELS) / (others + QUIET_LEVELS))
    return float(np.mean(ratios))


def _steps(window: U8) -> F64:
    """(H, W) -> (H - 1,) mean absolute difference of neighbouring rows, kept in bytes for speed."""
    above, below = window[:-1], window[1:]
    return np.asarray((np.maximum(above, below) - np.minimum(above, below)).mean(axis=1))
