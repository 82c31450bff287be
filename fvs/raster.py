"""Thin typed wrappers of the few OpenCV operations that the stages need on pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, F64, U8, Pixels

__all__ = ["grey", "laplacian", "quarter_turn", "resize", "warp_affine"]


def resize(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    """Resample to an exact size: area averaging to shrink, bilinear to enlarge."""
    shrinks = width_px * height_px < pixels.shape[0] * pixels.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, (width_px, height_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


def warp_affine(pixels: Pixels, picture_to_crop: F64, width_px: int, height_px: int) -> Pixels:
    """Sample a crop bilinearly; what lies outside the picture is black.

    Args:
        pixels: (H, W, 3) uint8.
        picture_to_crop: (2, 3) affine map of picture to crop coordinates.
        width_px: of the crop.
        height_px: of the crop.
    """
    warped = cv2.warpAffine(pixels, picture_to_crop, (width_px, height_px), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8)


def quarter_turn(pixels: Pixels, turns: int) -> Pixels:
    """Turn a picture counter-clockwise by `turns` quarters (any integer)."""
    return np.ascontiguousarray(np.rot90(pixels, turns))


def grey(pixels_rgb: U8) -> U8:
    """(H, W, 3) RGB -> (H, W) luma (ITU-R BT.601)."""
    return np.asarray(cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def laplacian(grey_pixels: U8) -> F32:
    """(H, W) -> (H, W) float32 discrete Laplacian, 3 x 3."""
    return np.asarray(cv2.Laplacian(grey_pixels, cv2.CV_32F), np.float32)
