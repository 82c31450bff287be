"""Takes one face per picture, or says why none can be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import grey
from fvs.records import F64, U8, Bool, Faces, Images, Int
from fvs.status import Role, Status

if TYPE_CHECKING:
    from fvs.records import F32, Pixels

__all__ = ["choose_faces"]

OFF_CENTRE_DISCOUNT = 0.5
"""A face whose centre lies in the corner of the picture weighs half of one in the middle."""

COMPARABLE = 0.7
"""A second face of this share of the chosen one's weight leaves open who is meant: with equal
heads, it is a person at 1.4 times the distance, as someone looking over the shoulder is."""

MIN_RIVAL_SCORE = 0.6
"""Patterns that resemble a face score just above the detector's threshold; people score more."""

INSIDE_SHARE = 0.6
"""A box with this share of its area in another is the same face seen twice, not a second one."""


def choose_faces(faces: Faces, images: Images, role: Role) -> Faces:
    """The face that each picture is about.

    On a selfie the face of greatest weight = sqrt(visible area) * (1 - `OFF_CENTRE_DISCOUNT` * d)
    is chosen, d being the distance of its centre from the picture's as a share of half the
    diagonal. On a card weight = sqrt(visible area) * contrast, the standard deviation of its
    grey levels, so that the portrait stays and its small pale ghost goes, wherever they are.

    Args:
        faces: all faces, in any order.
        images: the N pictures they were found in.
        role: what the pictures are for.

    Returns:
        N rows, `image_index` 0..N-1. Status: the picture's own failure; NO_FACE; SEVERAL_FACES
        if another face weighs at least `COMPARABLE` of the chosen (whose numbers stay, so that
        they can be shown); else OK. Where there is no face, all numbers are NaN.
    """
    weight = _weights(faces, images, role)
    order = np.lexsort((-weight, faces.image_index))
    faces, weight = faces.take(order), weight[order]
    present, first = np.unique(faces.image_index, return_index=True)
    chosen_of = first[np.searchsorted(present, faces.image_index)]
    rival = _rivals(faces, weight, chosen_of)

    status = np.where(images.ok, Status.NO_FACE, images.status)
    status[present] = np.where(images.ok[present], Status.OK, images.status[present])
    crowded = np.unique(faces.image_index[rival])
    status[crowded] = np.where(images.ok[crowded], Status.SEVERAL_FACES, images.status[crowded])
    return _one_row_each(faces.take(first), status.astype(np.uint8))


def _weights(faces: Faces, images: Images, role: Role) -> F64:
    weight = np.zeros(len(faces))
    for row in np.flatnonzero(faces.ok):
        picture = images.pixels_rgb[faces.image_index[row]]
        if picture is not None:
            weight[row] = _weight(picture, faces.xyxy_px[row].astype(np.float64), role)
    return weight


def _weight(picture: Pixels, xyxy_px: F64, role: Role) -> float:
    size = np.array([picture.shape[1], picture.shape[0]])
    low = np.clip(xyxy_px[:2], 0, size)
    high = np.clip(xyxy_px[2:], 0, size)
    side = float(np.sqrt(np.prod(high - low)))
    if role is Role.CARD:
        return side * _contrast(picture, low, high)
    off_centre = np.hypot(*((low + high - size) / 2)) / np.hypot(*(size / 2))
    return side * (1 - OFF_CENTRE_DISCOUNT * float(off_centre))


def _contrast(picture: Pixels, low: F64, high: F64) -> float:
    """Standard deviation of the grey levels in a box; 0 where it is empty."""
    (left, top), (right, bottom) = low.astype(int), np.ceil(high).astype(int)
    inside = picture[top:bottom, left:right]
    return float(grey(np.ascontiguousarray(inside)).std()) if inside.size else 0.0


def _rivals(faces: Faces, weight: F64, chosen_of: Int) -> Bool:
    """(M,) True where a face is comparable to the one chosen in its picture, and is another."""
    comparable = weight >= COMPARABLE * weight[chosen_of]
    sure = faces.detection_score >= MIN_RIVAL_SCORE
    apart = _inside_share(faces.xyxy_px, faces.xyxy_px[chosen_of]) < INSIDE_SHARE
    return np.asarray(comparable & sure & apart & (chosen_of != np.arange(len(faces))))


def _inside_share(a_xyxy: F32, b_xyxy: F32) -> F64:
    """(M,) the intersection's share of the smaller box of each pair."""
    low, high = np.maximum(a_xyxy[:, :2], b_xyxy[:, :2]), np.minimum(a_xyxy[:, 2:], b_xyxy[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (a_xyxy, b_xyxy)]
    return np.asarray(shared / np.maximum(np.minimum(*areas), 1.0), np.float64)


def _one_row_each(chosen: Faces, status: U8) -> Faces:
    """Spread the chosen faces over all pictures; NaN where a picture has none."""
    boxes = np.full((len(status), 4), np.nan, np.float32)
    points = np.full((len(status), 5, 2), np.nan, np.float32)
    score = np.full(len(status), np.nan, np.float32)
    boxes[chosen.image_index] = chosen.xyxy_px
    points[chosen.image_index] = chosen.landmarks_px
    score[chosen.image_index] = chosen.detection_score
    return Faces(
        status=status,
        image_index=np.arange(len(status), dtype=np.int64),
        xyxy_px=boxes,
        landmarks_px=points,
        detection_score=score,
    )
