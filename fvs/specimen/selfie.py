"""A selfie made from a portrait: nearer, tilted, in other light, through another lens.

It shows the same photograph as its source, so that a pair of the two is easier than any real
mated pair; good for demonstrations, useless for measuring FNMR.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import warp_perspective
from fvs.specimen.degradation import photograph

if TYPE_CHECKING:
    from fvs.records import Pixels
    from fvs.specimen.conditions import CameraConditions

__all__ = ["take_selfie"]

SELFIE_WH_PX = (720, 960)
FACE_SHARE_OF_SELFIE = 0.40
"""Height of the face box over the selfie's, at arm's length."""
FACE_CENTRE_DOWN = 0.38
"""Where the face box's centre stands in the selfie, from the top."""
WALL_RGB = (188, 184, 176)


def take_selfie(
    portrait_rgb: Pixels,
    face_xyxy_px: tuple[float, ...],
    camera: CameraConditions,
    *,
    roll_deg: float = 0.0,
    seed: int,
) -> Pixels:
    """Turn, move and enlarge a portrait and photograph it; a wall shows beyond its edges.

    Args:
        portrait_rgb: (H, W, 3) uint8.
        face_xyxy_px: the face's box in it.
        camera: light, lens, sensor and file.
        roll_deg: turn, counter-clockwise.
        seed: fixes everything that is drawn by chance.

    Returns:
        (960, 720, 3) uint8.
    """
    left, top, right, bottom = face_xyxy_px
    width, height = SELFIE_WH_PX
    scale = FACE_SHARE_OF_SELFIE * height / (bottom - top)
    angle = math.radians(roll_deg)
    turn = scale * np.array(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    to_selfie = np.eye(3)
    to_selfie[:2, :2] = turn
    face_centre = np.array([left + right, top + bottom]) / 2
    to_selfie[:2, 2] = (width / 2, height * FACE_CENTRE_DOWN) - turn @ face_centre
    wall = np.full((height, width, 3), WALL_RGB, np.uint8)
    scene = warp_perspective(portrait_rgb, to_selfie, wall)
    return photograph(scene, camera, np.random.default_rng(seed))
