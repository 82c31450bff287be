"""Thin typed wrappers of the few OpenCV operations that the stages need on pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, F64, U8, Pixels

__all__ = [
    "blur",
    "cielab",
    "convolve",
    "encode_jpeg",
    "encode_png",
    "grey",
    "jpeg_round_trip",
    "limit_opencv_threads",
    "quarter_turn",
    "resize",
    "resize_bilinear",
    "resize_field",
    "sample",
    "smooth_field",
    "strip_means",
    "warp_affine",
    "warp_perspective",
]


def resize(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    """Resample to an exact size: area averaging to shrink, bilinear to enlarge.

    Sides are halved while that is exact, which OpenCV does several times as fast per pixel as
    averaging by a fraction.
    """
    height, width = pixels.shape[:2]
    while width >= 2 * width_px and height >= 2 * height_px and width % 2 == height % 2 == 0:
        width, height = width // 2, height // 2
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
    shrinks = width_px * height_px < width * height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, (width_px, height_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


def resize_bilinear(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    """Resample to an exact size bilinearly even to shrink, as networks trained that way expect."""
    resized = cv2.resize(pixels, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
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


def warp_perspective(pixels: Pixels, picture_to_frame: F64, canvas: Pixels) -> Pixels:
    """Lay a picture onto a copy of `canvas`, bilinearly.

    Args:
        pixels: (H, W, 3) uint8.
        picture_to_frame: (3, 3) homography of picture to canvas coordinates.
        canvas: (H', W', 3) uint8, seen wherever the picture does not reach.
    """
    height, width = canvas.shape[:2]
    laid = cv2.warpPerspective(
        pixels,
        picture_to_frame,
        (width, height),
        dst=canvas.copy(),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return np.asarray(laid, np.uint8)


def sample(pixels: Pixels, x: F32, y: F32) -> Pixels:
    """Look a picture up at places of its own, bilinearly; what lies outside of it is black.

    Args:
        pixels: (H, W, 3) uint8.
        x: (H', W') float32 column of each result pixel; whole numbers are pixel centres.
        y: (H', W') float32 row.
    """
    return np.asarray(cv2.remap(pixels, x, y, cv2.INTER_LINEAR), np.uint8)


def resize_field(field: F32, width_px: int, height_px: int) -> F32:
    """Resample a float field, (H, W) or (H, W, C), bilinearly to an exact size."""
    resized = cv2.resize(field, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.float32)


def strip_means(field: Pixels | F32, parts: int) -> F32:
    """The mean of each of `parts` equal strips of the first axis, however many rows it has.

    Exact where strips end within a row too: each has its share of it.

    Args:
        field: (N, ...) with N > 0.
        parts: how many.

    Returns:
        (parts, ...) float32, not rounded.
    """
    rows = field.reshape(len(field), -1)
    edges = np.linspace(0.0, len(rows), parts + 1)
    begins = np.floor(edges).astype(int)
    sums = np.zeros((parts, rows.shape[1]), np.float32)
    for part in np.flatnonzero(np.diff(begins)).tolist():
        within = rows[begins[part] : begins[part + 1]]
        sums[part] = cv2.reduce(within, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)[0]
    # What lies above an edge in the row that it cuts; the last edge cuts none.
    cut = rows[np.minimum(begins, len(rows) - 1)]
    above = (edges - begins).astype(np.float32)[:, None] * cut
    sums += above[1:] - above[:-1]
    return (sums * np.float32(parts / len(rows))).reshape(parts, *field.shape[1:])


def smooth_field(field: F32, sigma_px: float) -> F32:
    """Gaussian blur of a plane of float32 values, without rounding; borders are mirrored."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma_px), np.float32)


def blur(pixels: Pixels, sigma_px: float) -> Pixels:
    """Gaussian blur; a sigma of 0 changes nothing."""
    if sigma_px <= 0:
        return pixels
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma_px), np.uint8)


def convolve(pixels: Pixels, kernel: F32) -> Pixels:
    """Correlate each channel with one small (h, w) kernel; the border is reflected."""
    return np.asarray(cv2.filter2D(pixels, -1, kernel), np.uint8)


def encode_jpeg(pixels_rgb: Pixels, quality: int) -> bytes:
    """Baseline JPEG file of a picture, `quality` 1 to 100."""
    bgr = cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return content.tobytes()


def jpeg_round_trip(pixels_rgb: Pixels, quality: int) -> Pixels:
    """What is left of a picture after JPEG compression at `quality` 1 to 100."""
    content = np.frombuffer(encode_jpeg(pixels_rgb, quality), np.uint8)
    bgr = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def encode_png(pixels_rgb: Pixels) -> bytes:
    """(H, W, 3) uint8 RGB -> PNG file."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR))
    return encoded.tobytes()


def limit_opencv_threads(threads: int) -> None:
    """Set OpenCV's threads for the whole process, which only the process's owner should do."""
    cv2.setNumThreads(threads)


def cielab(pixels_rgb: U8) -> F32:
    """(H, W, 3) sRGB -> (H, W, 3) float32 CIELAB (D65): L* 0..100, a* and b* about -128..127."""
    unit = pixels_rgb.astype(np.float32) / np.float32(255.0)
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), np.float32)
