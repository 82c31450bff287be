"""A 64-bit hash of how a picture looks: it stays when the picture is encoded, sized or lit anew.

After Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010), 3.2.1:
signs of low frequencies of the discrete cosine transform, about their median. Here of the cosine
transform of exact area means, whose constant and first row and column are left out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BITS", "hamming_distance", "perceptual_hash"]

BITS = 64
_SIDE = 32
_FREQUENCIES = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_LEAST_CONTRAST = 2.0
"""Standard deviation in grey levels below which the signs are those of noise."""


def perceptual_hash(pixels_rgb: npt.NDArray[np.uint8]) -> int | None:
    """The hash of a picture.

    Args:
        pixels_rgb: (H, W, 3) uint8.

    Returns:
        64 bits as a whole number; None for a picture that is all but blank, whose looks tell
        nothing.
    """
    height, width = pixels_rgb.shape[:2]
    if not height or not width:
        return None
    small = _area_means(pixels_rgb) @ _LUMA
    if small.std() < _LEAST_CONTRAST:
        return None
    cosines = _cosines()
    frequencies = (cosines @ small @ cosines.T).ravel()
    bits = frequencies > np.median(frequencies)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hamming_distance(a: int, b: int) -> int:
    """In how many bits two hashes differ, 0..64."""
    return (a ^ b).bit_count()


def _area_means(pixels_rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(32, 32, 3): the mean of each of 32 by 32 equal parts of a picture, exact in float32."""
    # OpenCV averages areas only where it shrinks; pixels that are repeated change no mean.
    times = -(-_SIDE // min(pixels_rgb.shape[:2]))
    if times > 1:
        pixels_rgb = pixels_rgb.repeat(times, axis=0).repeat(times, axis=1)
    exact = pixels_rgb.astype(np.float32)
    means = cv2.resize(exact, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32)


@cache
def _cosines() -> npt.NDArray[np.float32]:
    """(8, 32): the second to ninth rows of the DCT-II of 32 points, not normalised."""
    frequency = np.arange(1, _FREQUENCIES + 1)[:, None]
    angles = np.pi * (np.arange(_SIDE) + 0.5) * frequency / _SIDE
    return np.cos(angles, dtype=np.float32)
