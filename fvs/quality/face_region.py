"""Where the face lies in every 112 px ArcFace crop; alignment makes it the same place for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import Bool

__all__ = ["CHEEK_PIXELS", "CROP_SIZE_PX", "FACE_REGION", "LEFT_CHEEK", "RIGHT_CHEEK"]

CROP_SIZE_PX = 112
_CENTRE_XY_PX = (55.5, 70.0)
_RADII_XY_PX = (30.0, 38.0)
"""From the brows to just above the chin and inside the cheeks' outline: skin, not background."""


def _ellipse() -> Bool:
    y, x = np.mgrid[:CROP_SIZE_PX, :CROP_SIZE_PX]
    across = (x - _CENTRE_XY_PX[0]) / _RADII_XY_PX[0]
    down = (y - _CENTRE_XY_PX[1]) / _RADII_XY_PX[1]
    region = np.asarray(across**2 + down**2 <= 1.0)
    region.setflags(write=False)
    return region


FACE_REGION: Bool = _ellipse()
"""(112, 112) True inside the face."""

CHEEK_PIXELS = 24 * 18
LEFT_CHEEK = (slice(62, 86), slice(28, 46))
RIGHT_CHEEK = (slice(62, 86), slice(66, 84))
"""Rows and columns of both cheeks, between eyes and mouth; mirror images of one another."""
