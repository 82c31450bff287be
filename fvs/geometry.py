"""Plane geometry of landmarks, similarities and quarter turns, shared by several stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, F64, Int

__all__ = [
    "ARCFACE_TEMPLATE_112",
    "FACE_TEMPLATES",
    "TEMPLATE_SIDE_PX",
    "similarity_transforms",
    "turn_points",
    "upright_quarters",
]

ARCFACE_TEMPLATE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
)  # fmt: skip
"""Where the five landmarks lie in a 112 x 112 px crop (insightface `face_align.arcface_dst`)."""

TEMPLATE_SIDE_PX = 112

DLIB_TEMPLATE_150 = np.array(
    [[46.5, 45.6], [101.7, 46.1], [73.9, 78.0], [49.7, 103.0], [98.0, 103.5]]
)
"""Where they lie in dlib's 150 x 150 px face chip, whose own five points are corners of the eyes
and the nose's base: measured means."""

FACE_TEMPLATES = {
    "arcface": ARCFACE_TEMPLATE_112 / TEMPLATE_SIDE_PX,
    "dlib": DLIB_TEMPLATE_150 / 150,
    # dlib's chip lies at (17, 34) in this larger crop, which has room for the ArcFace crop too:
    # over 179 pool faces, the one frame lies in the other at 1.496 times its scale and at one
    # place, with standard deviations of 0.4 % and 0.6 px.
    "dlib_wide": (DLIB_TEMPLATE_150 + np.array([17, 34])) / 184,
}
"""Alignment as manifests name it -> the five landmarks as fractions of the crop's side."""

MIN_SPREAD_PX2 = 1e-6
"""Sum of squared distances of landmarks from their mean below which they are one point."""


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


def similarity_transforms(source: F64, target: F64) -> F64:
    """Least-squares similarities (turn, scale, shift; no reflection) onto one target.

    With points as complex numbers z, the similarity is `a z + b`, and least squares is a complex
    regression: a = sum(conj(z - mean) (t - mean)) / sum |z - mean|^2. In the plane this equals
    Umeyama, IEEE PAMI 13 (1991) 376, eq. 40-42, without the singular value decomposition.

    Args:
        source: (N, K, 2) points.
        target: (K, 2) where they should go.

    Returns:
        (N, 2, 3) maps of source to target; NaN where the points are not finite or are one point.
    """
    finite = np.asarray(np.isfinite(source).all(axis=(1, 2)))
    z = np.where(finite[:, None, None], source, 0.0) @ np.array([1, 1j])
    t = target @ np.array([1, 1j])
    z_mean = z.mean(axis=1, keepdims=True)
    centred = z - z_mean
    spread = (np.abs(centred) ** 2).sum(axis=1)
    usable = finite & (spread >= MIN_SPREAD_PX2)
    a = np.full(len(z), complex(np.nan, np.nan))
    regression = (centred.conj() * (t - t.mean())).sum(axis=1)
    np.divide(regression, spread, out=a, where=usable)
    b = t.mean() - a * z_mean[:, 0]
    rows = [[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]
    return np.moveaxis(np.array(rows), 2, 0)
