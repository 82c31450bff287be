"""A 64-bit hash of how a picture looks: it stays when the picture is encoded, sized or lit anew.

After Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010), 3.2.1:
signs of low frequencies of the discrete cosine transform, about their median. Here of the cosine
transform of area means, whose constant and first row and column are left out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import strip_means

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BITS", "hamming_distance", "perceptual_hash"]

BITS = 64
_SIDE = 32
_FREQUENCIES = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_ENOUGH_ROWS = 320
"""More change no bit more often, and take their time."""
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
    rows = pixels_rgb[:: max(1, height // _ENOUGH_ROWS)]
    strips = strip_means(rows, _SIDE) @ _LUMA
    small = strip_means(np.ascontiguousarray(strips.T), _SIDE).T
    if small.std() < _LEAST_CONTRAST:
        return None
    cosines = _cosines()
    frequencies = (cosines @ small @ cosines.T).ravel()
    bits = frequencies > np.median(frequencies)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hamming_distance(a: int, b: int) -> int:
    """In how many bits two hashes differ, 0..64."""
    return (a ^ b).bit_count()


@cache
def _cosines() -> npt.NDArray[np.float32]:
    """(8, 32): the second to ninth rows of the DCT-II of 32 points, not normalised."""
    frequency = np.arange(1, _FREQUENCIES + 1)[:, None]
    angles = np.pi * (np.arange(_SIDE) + 0.5) * frequency / _SIDE
    return np.cos(angles, dtype=np.float32)
