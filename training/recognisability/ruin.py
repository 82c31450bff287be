"""Aligned crops ruined in eight ways, from hardly to beyond recognition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.raster import blur, jpeg_round_trip, resize
from training.embedder.geometry import CROP_PX

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from fvs.records import U8, Pixels

    Ruin = Callable[[Pixels, float, Generator], Pixels]

__all__ = ["RUINS", "ruined", "ruined_views"]

MAX_BLUR_PX = 6.0
MAX_NOISE_LEVELS = 70.0
MAX_STOPS = 5.0
SIDES_PX = (64, 10)
"""Side to which a crop is shrunk, from mild to worst."""
JPEG_QUALITIES = (40, 3)
MAX_TURN_DEG = 35.0
MAX_OCTAVES = 0.6
MAX_SHIFT_PX = 24.0
MAX_YAW_DEG = 65.0
CYLINDER_PX = 60.0
"""Radius of the head where it is turned about its axis."""
DISPLAY_GAMMA = 2.2
EYES_AT, CHIN_AT = 0.46, 0.95
"""Of the crop's height."""


def ruined_views(crops_rgb: U8, views: int, rng: Generator) -> U8:
    """Each crop as it is, then `views` times ruined.

    Args:
        crops_rgb: (N, 128, 128, 3).
        views: how many beside the clean one.
        rng: draws kinds and severities.

    Returns:
        (N, 1 + views, 128, 128, 3).
    """
    result = np.repeat(crops_rgb[:, None], 1 + views, axis=1)
    for row in result:
        for view in row[1:]:
            view[:] = ruined(view, rng)
    return result


def ruined(crop_rgb: Pixels, rng: Generator) -> Pixels:
    """One or two kinds of ruin, each of any severity."""
    kinds = rng.permutation(len(RUINS))[: rng.integers(1, 3)]
    for kind in kinds:
        crop_rgb = RUINS[kind](crop_rgb, rng.random(), rng)
    return crop_rgb


def _blurred(crop: Pixels, severity: float, _: Generator) -> Pixels:
    return blur(crop, MAX_BLUR_PX * severity)


def _shrunk(crop: Pixels, severity: float, _: Generator) -> Pixels:
    side = round(_between(SIDES_PX, severity))
    return resize(resize(crop, side, side), CROP_PX, CROP_PX)


def _noisy(crop: Pixels, severity: float, rng: Generator) -> Pixels:
    noise = MAX_NOISE_LEVELS * severity * rng.standard_normal(crop.shape)
    return np.clip(crop + noise, 0, 255).astype(np.uint8)


def _compressed(crop: Pixels, severity: float, _: Generator) -> Pixels:
    return jpeg_round_trip(crop, round(_between(JPEG_QUALITIES, severity)))


def _covered(crop: Pixels, severity: float, rng: Generator) -> Pixels:
    """A plain patch over the eyes, up from the chin, or anywhere."""
    size = int(CROP_PX * (0.1 + 0.5 * severity))
    top, left, width = int(EYES_AT * CROP_PX - size / 2), 0, CROP_PX
    place = rng.integers(3)
    if place == 1:
        top = int(CHIN_AT * CROP_PX - size)
        size = CROP_PX - top
    elif place == 2:  # noqa: PLR2004 - the third of three places
        top, left = rng.integers(0, CROP_PX - size + 1, 2)
        width = size
    covered = crop.copy()
    covered[max(top, 0) : top + size, left : left + width] = rng.integers(0, 256, 3)
    return covered


def _badly_lit(crop: Pixels, severity: float, rng: Generator) -> Pixels:
    """Too much or too little light, more of it on one side."""
    across = np.linspace(-1, 1, CROP_PX)
    angle = rng.uniform(0, 2 * np.pi)
    side = (np.cos(angle) * across + np.sin(angle) * across[:, None] + 1.5) / 3
    gain = 2.0 ** (rng.choice([-1, 1]) * MAX_STOPS * severity * (0.4 + 0.6 * side))
    lit = (crop / 255.0) ** DISPLAY_GAMMA * gain[..., None]
    return np.clip(255 * lit ** (1 / DISPLAY_GAMMA), 0, 255).astype(np.uint8)


def _misaligned(crop: Pixels, severity: float, rng: Generator) -> Pixels:
    """What wrong landmarks do."""
    turn, octaves, dx, dy = severity * rng.uniform(-1, 1, 4)
    middle = ((CROP_PX - 1) / 2, (CROP_PX - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, turn * MAX_TURN_DEG, 2.0 ** (octaves * MAX_OCTAVES))
    matrix[:, 2] += MAX_SHIFT_PX * dx, MAX_SHIFT_PX * dy
    size, border = (CROP_PX, CROP_PX), cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(crop, matrix, size, borderMode=border), np.uint8)


def _turned(crop: Pixels, severity: float, rng: Generator) -> Pixels:
    """The picture on a cylinder, turned about its axis: one half of the face goes."""
    yaw = rng.choice([-1, 1]) * np.deg2rad(MAX_YAW_DEG * severity)
    across = (np.arange(CROP_PX) - CROP_PX / 2) / CYLINDER_PX
    seen_at = np.clip(np.arcsin(np.clip(across, -1, 1)) + yaw, -np.pi / 2, np.pi / 2)
    columns = CROP_PX / 2 + CYLINDER_PX * np.sin(seen_at)
    x, y = np.meshgrid(columns.astype(np.float32), np.arange(CROP_PX, dtype=np.float32))
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(crop, x, y, cv2.INTER_LINEAR, borderMode=border), np.uint8)


def _between(mild_worst: tuple[int, int], severity: float) -> float:
    mild, worst = mild_worst
    return float(mild * (worst / mild) ** severity)


RUINS: tuple[Ruin, ...] = (
    _blurred,
    _shrunk,
    _noisy,
    _compressed,
    _covered,
    _badly_lit,
    _misaligned,
    _turned,
)
