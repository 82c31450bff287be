"""Plane geometry of landmarks and quarter turns, shared by the stages that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, Int

__all__ = ["turn_points", "upright_quarters"]


def upright_quarters(landmarks_px: F32) -> Int:
    """Counter-clockwise quarter turns that bring each face nearest to upright.

    The direction "to the right of the face" is the sum of three: along the eyes, along the mouth,
    and from the eyes to the mouth turned by a quarter, so that no single landmark decides.

    Args:
        landmarks_px: (M, 5, 2) in the order of `Faces`.

    Returns:
        (M,) int64 in 0..3; 0 where there are no landmarks.
    """
    points = landmarks_px.astype(np.float64)
    across = (points[:, 1] - points[:, 0]) + (points[:, 4] - points[:, 3])
    down = (points[:, 3] + points[:, 4] - points[:, 0] - points[:, 1]) / 2
    rightward = across + np.stack([down[:, 1], -down[:, 0]], axis=1)
    # With y down, this angle grows clockwise: so many quarters the face must be turned back.
    quarters = np.rint(np.arctan2(rightward[:, 1], rightward[:, 0]) / (np.pi / 2))
    return np.asarray(np.nan_to_num(quarters).astype(np.int64) % 4)


def turn_points(points_px: F32, width_height_px: Int, turns: Int) -> F32:
    """Follow points through counter-clockwise quarter turns of their picture.

    Args:
        points_px: (N, K, 2) x and y; whole numbers are pixel centres.
        width_height_px: (N, 2) of each picture before turning.
        turns: (N,) quarters, any integers.

    Returns:
        (N, K, 2) float32.
    """
    x, y = np.moveaxis(points_px, -1, 0)
    from_right, from_bottom = np.moveaxis(width_height_px[:, None] - 1 - points_px, -1, 0)
    turned = [(x, y), (y, from_right), (from_right, from_bottom), (from_bottom, x)]
    by_turns = np.stack([np.stack(pair, axis=-1) for pair in turned])
    return np.asarray(by_turns[turns % 4, np.arange(len(points_px))], np.float32)
