"""Head pose from the five landmarks, by fitting a mean face under weak perspective.

The landmarks of a mean face in three dimensions, turned, scaled and seen from afar, should fall
on those found. The best 2 x 3 affine map of model to landmarks is linear least squares; the
nearest scaled rotation to it (its polar factor) is the pose. That is the POS step of DeMenthon
and Davis, "Model-based object pose in 25 lines of code" (IJCV 1995), and needs no iteration.

Only the nose tip stands out of the plane of the other four, so yaw and pitch rest on how far it
does: a nose 20 % longer or shorter than the mean's shifts a yaw of 40 degrees by some 5, and a
longer midface reads as a nod. Good for refusing profiles, not for measuring passports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.scale import Component, cosine_squared

if TYPE_CHECKING:
    from fvs.records import F32, F64

__all__ = ["COMPONENTS", "MEAN_FACE", "measure_head_pose"]

MEAN_FACE: F64 = np.array(
    [
        [-0.50, 0.00, 0.00],
        [+0.50, 0.00, 0.00],
        [+0.00, 0.60, 0.48],
        [-0.44, 1.01, -0.13],
        [+0.44, 1.01, -0.13],
    ]
)
"""Eyes, nose tip, mouth corners in inter-eye distances; x right, y down, z towards the camera."""
MEAN_FACE.setflags(write=False)

FLATTEST = 1e-6
"""Ratio of the affine map's singular values below which the landmarks lie on a line or point."""

COMPONENTS = (
    Component(
        name="head_pose_yaw",
        unit="degrees",
        scale=cosine_squared,
        reason_below="turned_sideways",
        reason_above="turned_sideways",
    ),
    Component(
        name="head_pose_pitch",
        unit="degrees",
        scale=cosine_squared,
        reason_below="looking_up",
        reason_above="looking_down",
    ),
    Component(
        name="head_pose_roll",
        unit="degrees",
        scale=cosine_squared,
        reason_below="head_tilted",
        reason_above="head_tilted",
    ),
)


def measure_head_pose(landmarks_px: F32) -> dict[str, F64]:
    """Angles of ISO/IEC 39794-5: the head turns by yaw, then pitch, then roll.

    Args:
        landmarks_px: (M, 5, 2).

    Returns:
        Component name -> (M,) degrees in -180..180 (pitch -90..90). Positive yaw: the person
        looks to their left, which is right in the picture. Positive pitch: down. Positive roll:
        the head tilts to their right shoulder, counter-clockwise in the picture. NaN where the
        landmarks are not finite or lie on one line.
    """
    rotation = _fit_rotation(np.asarray(landmarks_px, np.float64))
    forward = np.cross(rotation[:, 0], rotation[:, 1])
    return {
        "head_pose_yaw": np.degrees(np.arctan2(-forward[:, 0], forward[:, 2])),
        "head_pose_pitch": np.degrees(-np.arcsin(np.clip(forward[:, 1], -1.0, 1.0))),
        "head_pose_roll": np.degrees(np.arctan2(rotation[:, 0, 1], rotation[:, 1, 1])),
    }


def _fit_rotation(points: F64) -> F64:
    """(M, 5, 2) -> (M, 2, 3), the first two rows of each head's rotation."""
    finite = np.asarray(np.isfinite(points).all(axis=(1, 2)))
    centred = np.where(finite[:, None, None], points, 0.0)
    centred = centred - centred.mean(axis=1, keepdims=True)
    model = MEAN_FACE - MEAN_FACE.mean(axis=0)
    affine = np.swapaxes(centred, 1, 2) @ np.linalg.pinv(model).T
    left, singular, right = np.linalg.svd(affine, full_matrices=False)
    solid = finite & (singular[:, 1] > FLATTEST * singular[:, 0])
    return np.where(solid[:, None, None], left @ right, np.nan)
