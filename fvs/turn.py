"""Rights pictures that were handed in lying on their side or upside down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.geometry import turn_points, upright_quarters
from fvs.raster import quarter_turn

if TYPE_CHECKING:
    from fvs.records import Faces, Images, Int

__all__ = ["quarter_turns", "turn_faces", "turn_images"]


def quarter_turns(faces: Faces) -> Int:
    """(M,) counter-clockwise quarter turns in 0..3 that right each face; 0 where there is none.

    Decided by the landmarks alone, to within 45 degrees.
    """
    return upright_quarters(faces.landmarks_px)


def turn_images(images: Images, turns: Int) -> Images:
    """Turn each picture counter-clockwise by its number of quarters.

    Args:
        images: N pictures.
        turns: (N,) quarters, any integers.
    """
    pixels = tuple(
        None if picture is None else quarter_turn(picture, int(quarters))
        for picture, quarters in zip(images.pixels_rgb, turns, strict=True)
    )
    lies_on_side = (turns % 2 == 1)[:, None]
    native_wh = np.where(lies_on_side, images.native_wh[:, ::-1], images.native_wh)
    return replace(images, pixels_rgb=pixels, native_wh=native_wh)


def turn_faces(faces: Faces, images: Images, turns: Int) -> Faces:
    """Boxes and landmarks in the frame of the turned pictures.

    Args:
        faces: one row per picture.
        images: the N pictures before turning.
        turns: (N,) quarters, as given to `turn_images`.
    """
    sizes = [(0, 0) if p is None else (p.shape[1], p.shape[0]) for p in images.pixels_rgb]
    width_height = np.asarray(sizes, np.int64).reshape(-1, 2)
    corners = turn_points(faces.xyxy_px.reshape(-1, 2, 2), width_height, turns)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    points = turn_points(faces.landmarks_px, width_height, turns)
    return replace(faces, xyxy_px=boxes, landmarks_px=points)
