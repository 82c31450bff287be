"""Views of aligned crops: where the face sits, its light, its wear, and strangers over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.raster import jpeg_round_trip
from training.embedder.geometry import CROP_PX, INPUT_PX

if TYPE_CHECKING:
    from numpy.random import Generator

    from fvs.records import F64, U8, Pixels
    from training.embedder.config import AugmentConfig

__all__ = ["blend", "view", "views"]

MAX_SIGMAS = 2.5
"""Geometric jitter is cut here, so that views stay within what a detector's error explains."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def views(crops_rgb: U8, config: AugmentConfig, rng: Generator) -> U8:
    """One view of each crop: (N, 128, 128, 3) -> (N, 112, 112, 3) uint8 RGB."""
    result = np.empty((len(crops_rgb), INPUT_PX, INPUT_PX, 3), np.uint8)
    for row, crop in enumerate(crops_rgb):
        result[row] = view(crop, config, rng)
    return result


def view(crop_rgb: Pixels, config: AugmentConfig, rng: Generator) -> Pixels:
    """One random view of one crop."""
    matrix = _jitter(config, rng)
    size = (INPUT_PX, INPUT_PX)
    border = cv2.BORDER_REPLICATE
    pixels = np.asarray(cv2.warpAffine(crop_rgb, matrix, size, borderMode=border), np.uint8)
    if rng.random() < config.shrink:
        pixels = _shrunk(pixels, int(rng.integers(config.shrink_to_px, INPUT_PX)))
    pixels = _recoloured(pixels, config, rng)
    if rng.random() < config.jpeg:
        low, high = config.jpeg_quality
        pixels = jpeg_round_trip(pixels, int(rng.integers(low, high + 1)))
    return pixels


def blend(views_rgb: U8, config: AugmentConfig, rng: Generator) -> U8:
    """Let other views of the batch shine through some, and paste parts of them on some.

    The teacher judges the result, so these are no wrong labels but faces between faces, which a
    pool of one picture per person lacks.
    """
    result = views_rgb.copy()
    for row in range(len(views_rgb)):
        other = views_rgb[rng.integers(len(views_rgb))]
        if rng.random() < config.mixup:
            weight = rng.uniform(0.0, config.mixup_weight)
            result[row] = cv2.addWeighted(result[row], 1.0 - weight, other, weight, 0.0)
        if rng.random() < config.paste:
            other = views_rgb[rng.integers(len(views_rgb))]
            top, left, height, width = _rectangle(config, rng)
            where = (slice(top, top + height), slice(left, left + width))
            result[row][where] = other[where]
    return result


def _jitter(config: AugmentConfig, rng: Generator) -> F64:
    """(2, 3) map of a 128 px crop to a 112 px view, mirrored half of the time."""
    turn, zoom, dx, dy = np.clip(rng.standard_normal(4), -MAX_SIGMAS, MAX_SIGMAS)
    angle = np.deg2rad(turn * config.rotation_deg)
    scale = np.exp(zoom * config.scale_log)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        linear = linear @ np.diag([-1.0, 1.0])
    middle_of_crop = np.full(2, (CROP_PX - 1) / 2)
    middle_of_view = (INPUT_PX - 1) / 2 + np.array([dx, dy]) * config.shift_px
    return np.column_stack([linear, middle_of_view - linear @ middle_of_crop])


def _shrunk(pixels: Pixels, side_px: int) -> Pixels:
    small = cv2.resize(pixels, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (INPUT_PX, INPUT_PX)), np.uint8)


def _recoloured(pixels: Pixels, config: AugmentConfig, rng: Generator) -> Pixels:
    """Gains of light, contrast, saturation and channels as one affine map of colours; noise."""
    reach = config.colour
    contrast, saturation = 1.0 + rng.uniform(-reach, reach, 2)
    saturation = 0.0 if rng.random() < config.grey else saturation
    gains = 1.0 + rng.uniform(-reach, reach, 3) / 2
    mean = float(pixels.mean())
    target = mean * (1.0 + rng.uniform(-reach, reach))
    mixing = saturation * np.eye(3) + (1.0 - saturation) * np.tile(LUMA, (3, 1))
    linear = contrast * gains[:, None] * mixing
    offset = target - contrast * mean
    colours = np.column_stack([linear, np.full(3, offset)])
    changed = cv2.transform(pixels, colours)
    if rng.random() < config.noise:
        noise = rng.standard_normal(pixels.shape, np.float32) * rng.uniform(0, config.noise_std)
        changed = cv2.add(changed, noise, dtype=cv2.CV_8U)
    return np.asarray(changed, np.uint8)


def _rectangle(config: AugmentConfig, rng: Generator) -> tuple[int, int, int, int]:
    low, high = config.paste_side
    height, width = (int(side * INPUT_PX) for side in rng.uniform(low, high, 2))
    top, left = rng.integers(0, INPUT_PX - height + 1), rng.integers(0, INPUT_PX - width + 1)
    return int(top), int(left), height, width
