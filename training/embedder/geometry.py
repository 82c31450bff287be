"""Five-point alignment with a margin, so that augmentation has real pixels to move into."""

from __future__ import annotations

import numpy as np

from fvs.records import F64

__all__ = ["CROP_PX", "INPUT_PX", "MARGIN_PX", "TEMPLATE_PX", "similarity"]

INPUT_PX = 112
"""Side of the networks' input."""

MARGIN_PX = 8
"""Pixels kept around the input on each side for jitter (about 7 %)."""

CROP_PX = INPUT_PX + 2 * MARGIN_PX

TEMPLATE_PX: F64 = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Landmarks of an aligned face in a 112 px crop (ArcFace, Deng et al. 2019)."""


def similarity(source_px: F64, target_px: F64) -> F64:
    """The similarity that maps `source_px` to `target_px` with least squared error.

    Umeyama 1991 for two dimensions without reflection, where it has this closed form in complex
    numbers.

    Args:
        source_px: (N, P, 2) points.
        target_px: (P, 2) points.

    Returns:
        (N, 2, 3) affine maps.
    """
    source = source_px[..., 0] + 1j * source_px[..., 1]
    target = target_px[:, 0] + 1j * target_px[:, 1]
    source_mean = source.mean(axis=1, keepdims=True)
    centred = source - source_mean
    turn = (centred.conj() * (target - target.mean())).sum(axis=1) / (np.abs(centred) ** 2).sum(
        axis=1
    )
    shift = target.mean() - turn * source_mean[:, 0]
    rows = [turn.real, -turn.imag, shift.real, turn.imag, turn.real, shift.imag]
    return np.stack(rows, axis=1).reshape(-1, 2, 3)
