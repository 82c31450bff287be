"""Whether skin has a natural colour: neither a colour cast nor a black-and-white picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.face_region import LEFT_CHEEK, RIGHT_CHEEK
from fvs.quality.scale import BEST, Component, Sigmoid
from fvs.raster import cielab

if TYPE_CHECKING:
    from fvs.records import F64, U8

__all__ = ["COMPONENTS", "measure_colour"]

NATURAL_A = (5.0, 25.0)
NATURAL_B = (5.0, 35.0)
"""CIELAB ranges of skin under white light, all skin colours (OFIQ)."""
NOT_SKIN = 100.0
"""Distance given to greenish or bluish skin (OFIQ)."""


def _distance_scale(distance: F64) -> F64:
    """200 (1 - sigmoid(distance / 10)): 100 at distance 0 (OFIQ)."""
    return np.asarray(np.minimum(2.0 * Sigmoid(0.0, -10.0)(distance), BEST), np.float64)


COMPONENTS = (
    Component(
        name="natural_colour",
        unit="CIELAB distance from skin colours",
        scale=_distance_scale,
        reason_below="unnatural_colour",
        reason_above="unnatural_colour",
    ),
)


def measure_colour(crops_rgb: U8) -> dict[str, F64]:
    """Distance of the cheeks' mean colour from the range of skin colours.

    Args:
        crops_rgb: (M, 112, 112, 3) aligned crops.

    Returns:
        `natural_colour`: (M,), 0 within the range.
    """
    cheeks = np.concatenate([crops_rgb[:, *LEFT_CHEEK], crops_rgb[:, *RIGHT_CHEEK]], axis=2)
    if not len(cheeks):
        return {"natural_colour": np.empty(0, np.float64)}
    # A colour conversion knows no neighbours, so the batch may be one tall picture.
    lab = cielab(cheeks.reshape(-1, cheeks.shape[2], 3)).reshape(len(cheeks), -1, 3)
    a, b = lab[:, :, 1].mean(axis=1), lab[:, :, 2].mean(axis=1)
    distance = np.hypot(_outside(a, NATURAL_A), _outside(b, NATURAL_B))
    return {"natural_colour": np.where((a >= 0) & (b >= 0), distance, NOT_SKIN)}


def _outside(value: F64, span: tuple[float, float]) -> F64:
    return np.asarray(np.maximum(np.maximum(span[0] - value, value - span[1]), 0.0), np.float64)
