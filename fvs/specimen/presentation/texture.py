"""Periodic structures of artefacts as a sensor samples them: dot screens, pixel grids, banding.

Such structures are finer than a frame's pixels. They are not drawn and scaled down, but evaluated
at the point of the artefact that each pixel's centre sees, after the pixel's aperture and the lens
have weakened them. Sampling then folds them to |f - round(f)| cycles per pixel, which is moire.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32

__all__ = [
    "MM_PER_INCH", "aperture_gain", "banding", "dot_screens", "pentile_grid", "stripe_grid",
]  # fmt: skip

MM_PER_INCH = 25.4
TURN = 2 * math.pi

INK_ANGLES_DEG = (15.0, 75.0, 45.0)
"""Screens of cyan, magenta and black; each absorbs mainly red, green or, here, blue light. Offset
printing turns them against each other so that their own moire is finest (ISO 12647-1)."""

ROW_SHARE = 0.5
"""Swing of the gaps between rows of pixels over that of the colour stripes."""


def aperture_gain(cycles_per_px: float, blur_px: float = 0.0) -> float:
    """How much of a sinusoid's swing a sensor sees: a square pixel's |sinc| times the lens's blur.

    Args:
        cycles_per_px: frequency at the sensor.
        blur_px: standard deviation of the lens's blur.
    """
    lens = math.exp(-2 * (math.pi * blur_px * cycles_per_px) ** 2)
    return abs(float(np.sinc(cycles_per_px))) * lens


def dot_screens(x_mm: F32, y_mm: F32, lines_per_mm: float, swing: float, turn_deg: float) -> F32:
    """(H, W, 3) round dots, one turned screen per channel, `-swing` to `swing`."""
    result = np.empty((*np.broadcast_shapes(x_mm.shape, y_mm.shape), 3), np.float32)
    for channel, angle in enumerate(INK_ANGLES_DEG):
        turn = math.radians(angle + turn_deg)
        cos, sin = TURN * lines_per_mm * math.cos(turn), TURN * lines_per_mm * math.sin(turn)
        across = np.cos(np.float32(cos) * x_mm + np.float32(sin) * y_mm)
        along = np.cos(np.float32(cos) * y_mm - np.float32(sin) * x_mm)
        result[..., channel] = np.float32(swing / 2) * (across + along)
    return result


def stripe_grid(x_mm: F32, y_mm: F32, pitch_mm: float, swing: float) -> F32:
    """(H, W, 3) factor about 1: red, green and blue stripes side by side, and gaps between rows."""
    phase = np.float32(TURN / pitch_mm)
    rows = 1 + np.float32(ROW_SHARE * swing) * np.cos(phase * y_mm)
    thirds = np.array([0, TURN / 3, 2 * TURN / 3], np.float32)
    stripes = 1 + np.float32(swing) * np.cos((phase * x_mm)[..., None] - thirds)
    return np.asarray(rows[..., None] * stripes, np.float32)


def pentile_grid(x_mm: F32, y_mm: F32, pitch_mm: float, swing: float) -> F32:
    """(H, W, 3) factor about 1 of a diamond OLED: green on every pixel, the rest on every other.

    Red and blue sit on two interleaved lattices that are turned by 45 degrees.
    """
    phase = np.float32(TURN / pitch_mm)
    u, v = phase * x_mm, phase * y_mm
    green = 1 + np.float32(swing / 2) * (np.cos(u) + np.cos(v))
    other = np.cos((u + v) / 2) * np.cos((u - v) / 2) * np.float32(swing)
    return np.stack([1 + other, green, 1 - other], axis=-1)


def banding(rows: int, periods: float, swing: float, phase: float) -> F32:
    """(rows, 1, 1) factor about 1: backlight or refresh seen through a rolling shutter."""
    y = np.linspace(0, TURN * periods, rows, dtype=np.float32)
    bands = 1 + np.float32(swing) * np.cos(y + np.float32(phase))
    return np.asarray(bands[:, None, None], np.float32)
