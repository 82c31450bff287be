"""Where the face stands in the picture and how large it is, from the five landmarks.

OFIQ measures heads in T, the distance from the midpoint of the eyes to the chin. Five landmarks
have no chin, so T is taken as a fixed multiple of the distance between the eyes. Margins refuse
what cuts into the face; OFIQ's own scales ask for the free space of a passport photograph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.scale import BEST, Component, Sigmoid

if TYPE_CHECKING:
    from fvs.records import F32, F64, Int

__all__ = ["COMPONENTS", "measure_geometry"]

EYES_TO_CHIN_PER_EYE_DISTANCE = 1.78
"""Anthropometric mean of adults: 112 mm / 63 mm."""
EYE_DISTANCE_PER_EYES_TO_MOUTH = 0.98
"""Of a frontal face as detectors mark it, see `fvs.quality.pose.MEAN_FACE`."""
IDEAL_HEAD_SIZE = 0.45
"""T per picture height of a well-framed portrait (OFIQ)."""
HEAD_SIZE_WIDTH = 0.05


def _head_size_scale(raw: F64) -> F64:
    """Best at `IDEAL_HEAD_SIZE`, falling to both sides (OFIQ: 200 (1 - sigmoid(|raw - 0.45|)))."""
    falling = Sigmoid(0.0, -HEAD_SIZE_WIDTH)
    return np.asarray(np.minimum(2.0 * falling(np.abs(raw - IDEAL_HEAD_SIZE)), BEST), np.float64)


def _cut_off(name: str, unit: str, centre: float, width: float) -> Component:
    return Component(
        name=name,
        unit=unit,
        scale=Sigmoid(centre, width),
        reason_below="face_cut_off",
        reason_above="face_cut_off",
    )


COMPONENTS = (
    Component(
        name="inter_eye_distance",
        unit="native px",
        # OFIQ centres at 70 px, which passports need. Verification needs what its 112 px crop
        # can hold, eyes 35 px apart, and works somewhat below.
        scale=Sigmoid(35.0, 8.0),
        reason_below="face_too_small",
        reason_above="face_too_small",
    ),
    Component(
        name="head_size",
        unit="eyes to chin / picture height",
        scale=_head_size_scale,
        reason_below="face_too_far",
        reason_above="face_too_close",
        ideal=IDEAL_HEAD_SIZE,
    ),
    # 50 where the picture ends at the temple, the middle of the forehead, just below the chin.
    _cut_off("leftward_crop", "inter-eye distances", 0.6, 0.1),
    _cut_off("rightward_crop", "inter-eye distances", 0.6, 0.1),
    _cut_off("margin_above", "eyes to chin", 0.5, 0.07),
    _cut_off("margin_below", "eyes to chin", 1.05, 0.05),
)


def measure_geometry(landmarks_px: F32, picture_wh_px: Int, scale: F64) -> dict[str, F64]:
    """Sizes and margins.

    A turned head foreshortens the distance between its eyes and a nodding one that from eyes to
    mouth, so the larger of the two measures the face.

    Args:
        landmarks_px: (M, 5, 2) in the decoded picture.
        picture_wh_px: (M, 2) size of the decoded picture.
        scale: (M,) decoded pixels per native pixel.

    Returns:
        Component name -> (M,) raw value. `inter_eye_distance`: native pixels, of the face turned
        frontal. `head_size`: eyes to chin over picture height. `leftward_crop`,
        `rightward_crop`: from the outer eye to that side of the picture, in inter-eye distances.
        `margin_above`, `margin_below`: from the eyes to that edge, in eyes-to-chin distances.
    """
    points = np.asarray(landmarks_px, np.float64)
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    between = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    down = np.linalg.norm(mouth - eyes, axis=1)
    inter_eye = np.maximum(between, down * EYE_DISTANCE_PER_EYES_TO_MOUTH)
    inter_eye = np.where(inter_eye > 0, inter_eye, np.nan)
    chin = inter_eye * EYES_TO_CHIN_PER_EYE_DISTANCE
    width, height = picture_wh_px[:, 0], picture_wh_px[:, 1]
    return {
        "inter_eye_distance": inter_eye / scale,
        "head_size": chin / height,
        "leftward_crop": points[:, :2, 0].min(axis=1) / inter_eye,
        "rightward_crop": (width - points[:, :2, 0].max(axis=1)) / inter_eye,
        "margin_above": eyes[:, 1] / chin,
        "margin_below": (height - eyes[:, 1]) / chin,
    }
