"""What happens to faces and frames on the way: things held before them, light, lens, file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.raster import grey, jpeg_round_trip

if TYPE_CHECKING:
    from numpy.random import Generator

    from fvs.records import F32, F64, Pixels

__all__ = ["Noise", "occlude", "worn"]

NOISE_SIDE_PX = 512


class Noise:
    """Normal noise drawn once; every frame gets another cut of it at another strength."""

    def __init__(self, rng: Generator) -> None:
        self._bank: F32 = rng.standard_normal((NOISE_SIDE_PX, NOISE_SIDE_PX, 3), np.float32)

    def cut(self, side_px: int, rng: Generator) -> F32:
        """(side, side, 3) of standard deviation 1; frames larger than the bank are refused."""
        top, left = rng.integers(0, NOISE_SIDE_PX - side_px + 1, 2)
        return self._bank[top : top + side_px, left : left + side_px]


def occlude(canvas: Pixels, points: F64, rng: Generator) -> None:
    """Cover a part of one face in place: dark glasses, a mask, a hand or something flat.

    Args:
        canvas: (H, W, 3).
        points: (5, 2) landmarks.
        rng: chance.
    """
    kind = rng.random()
    right = points[1] - points[0]
    eye = float(np.hypot(*right))
    down = (points[3] + points[4] - points[0] - points[1]) / 2
    if kind < 0.35:  # noqa: PLR2004 - share of glasses
        _glasses(canvas, points, eye, rng)
    elif kind < 0.65:  # noqa: PLR2004 - share of masks
        top = points[:2].mean(axis=0) + rng.uniform(0.35, 0.6) * down
        lower = points[3:].mean(axis=0) + rng.uniform(0.5, 0.9) * down
        corners = [
            top - 0.85 * right, top, top + 0.85 * right,
            lower + 0.45 * right, lower - 0.45 * right,
        ]  # fmt: skip
        tint = [(120, 170, 200), (235, 235, 235), (25, 25, 28)][int(rng.integers(3))]
        paint = tuple(int(np.clip(v + rng.integers(-25, 26), 0, 255)) for v in tint)
        cv2.fillConvexPoly(canvas, np.rint(corners).astype(np.int32), paint, cv2.LINE_AA)
    else:
        centre = points.mean(axis=0) + rng.uniform(-1.1, 1.1, 2) * eye
        axes = tuple(int(v) for v in rng.uniform(0.2, 0.75, 2) * eye + 1)
        skin = rng.random() < 0.5  # noqa: PLR2004 - share of hands
        colour = rng.integers((110, 70, 50), (250, 205, 180)) if skin else rng.integers(0, 256, 3)
        paint = tuple(int(v) for v in colour)
        at = tuple(int(v) for v in np.rint(centre))
        cv2.ellipse(canvas, at, axes, float(rng.uniform(0, 180)), 0, 360, paint, -1, cv2.LINE_AA)


def _glasses(canvas: Pixels, points: F64, eye: float, rng: Generator) -> None:
    ink = tuple(int(v) for v in rng.integers(0, 70, 3))
    thickness = -1 if rng.random() < 0.6 else max(1, int(eye * 0.05))  # noqa: PLR2004
    angle = float(np.degrees(np.arctan2(*(points[1] - points[0])[::-1])))
    axes = (int(eye * rng.uniform(0.32, 0.45)) + 1, int(eye * rng.uniform(0.2, 0.35)) + 1)
    for point in points[:2]:
        at = tuple(int(v) for v in np.rint(point))
        cv2.ellipse(canvas, at, axes, angle, 0, 360, ink, thickness, cv2.LINE_AA)
    ends = [tuple(int(v) for v in np.rint(point)) for point in points[:2]]
    cv2.line(canvas, ends[0], ends[1], ink, max(1, int(eye * 0.05)))


def worn(canvas: Pixels, noise: Noise, rng: Generator) -> Pixels:
    """The frame as a camera and a file would have it."""
    if rng.random() < 0.25:  # noqa: PLR2004 - share in hard light
        canvas = _lit(canvas, rng)
    if rng.random() < 0.7:  # noqa: PLR2004 - share of other tones
        canvas = np.asarray(cv2.LUT(canvas, _tones(rng)), np.uint8)
    if rng.random() < 0.08:  # noqa: PLR2004 - share without colour
        canvas = np.repeat(grey(canvas)[..., None], 3, axis=2)
    if rng.random() < 0.25:  # noqa: PLR2004 - share out of focus
        canvas = _blurred(canvas, rng)
    if rng.random() < 0.2:  # noqa: PLR2004 - share of noise
        canvas = _grained(canvas, noise, rng)
    if rng.random() < 0.3:  # noqa: PLR2004 - share compressed once more
        canvas = jpeg_round_trip(canvas, int(rng.integers(25, 95)))
    return canvas


def _grained(canvas: Pixels, noise: Noise, rng: Generator) -> Pixels:
    grain, strength = noise.cut(canvas.shape[0], rng), float(rng.uniform(1, 16))
    grained = cv2.addWeighted(canvas, 1.0, grain, strength, 0.0, dtype=cv2.CV_8U)
    return np.asarray(grained, np.uint8)


def _tones(rng: Generator) -> Pixels:
    """Gamma, contrast, brightness and white balance as one table of each channel."""
    level = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.uniform(-0.6, 0.6))
    gains = np.exp(rng.uniform(-0.15, 0.15, 3)) * np.exp(rng.uniform(-0.4, 0.25))
    lift = rng.uniform(-0.08, 0.12)
    table = np.clip((level * gains + lift) * 255, 0, 255).astype(np.uint8)
    return np.asarray(table.reshape(256, 1, 3))


def _lit(canvas: Pixels, rng: Generator) -> Pixels:
    """A shadow or a spot: a coarse random field, or an edge across the frame."""
    side = canvas.shape[0]
    if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        field = np.exp(rng.uniform(-0.7, 0.7, (3, 3))).astype(np.float32)
    else:
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(-8, 8)
        y, x = np.mgrid[:16, :16] - 7.5
        edge = np.tanh((x * np.cos(angle) + y * np.sin(angle) + reach) / rng.uniform(0.3, 6))
        field = (1 + rng.uniform(0.2, 0.6) * edge).astype(np.float32)
    large = cv2.resize(field, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(canvas, cv2.merge([large] * 3), dtype=cv2.CV_8U))


def _blurred(canvas: Pixels, rng: Generator) -> Pixels:
    side = canvas.shape[0]
    how = int(rng.integers(3))
    if how == 0:
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.4, 2.2))))
    if how == 1:
        length = int(rng.integers(2, 9))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1)
        return np.asarray(cv2.filter2D(canvas, -1, kernel / kernel.sum()))
    small = int(side * rng.uniform(0.35, 0.9))
    shrunk = cv2.resize(canvas, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, (side, side)))
