"""Quality of a capture: measures under their ISO/IEC 29794-5:2025 names, and what they refuse.

Each component is a raw value in its own unit and a scalar from 0 (worst) to 100 (best). A policy
holds the lowest scalar of each component that may pass. Pixels are measured on the aligned crop,
geometry on the landmarks, compression in the picture around the face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.quality.colour import measure_colour
from fvs.quality.components import COMPONENTS, QUALITY_REASONS
from fvs.quality.compression import measure_compression
from fvs.quality.exposure import measure_exposure
from fvs.quality.face_region import CROP_SIZE_PX
from fvs.quality.geometry import measure_geometry
from fvs.quality.policy import QualityPolicy
from fvs.quality.pose import measure_head_pose
from fvs.quality.sharpness import measure_sharpness
from fvs.raster import grey
from fvs.records import Quality
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.records import F64, U8, Crops, Faces, Images, Int

__all__ = [
    "COMPONENTS",
    "QUALITY_REASONS",
    "QualityPolicy",
    "assess_quality",
    "quality_reasons",
]


def assess_quality(images: Images, faces: Faces, crops: Crops, policy: QualityPolicy) -> Quality:
    """Measure each capture and refuse those that the policy does not let pass.

    A component refuses where `scalar >= minimum` does not hold; so one that could not be
    assessed (NaN) refuses wherever the policy has a minimum above 0.

    Args:
        images: N pictures.
        faces: N rows, the chosen face of each picture.
        crops: N rows, its aligned 112 px crop.
        policy: the lowest scalars that may pass.

    Returns:
        N rows: the first earlier failure (all numbers NaN), QUALITY_TOO_LOW, or OK.

    Raises:
        UsageError: the rows are not aligned, or the crops are not 112 px.
    """
    _require_aligned(images, faces, crops)
    earlier = _first_failure(images.status, faces.status, crops.status)
    rows = np.flatnonzero(earlier == Status.OK)
    raw = np.full((len(images), len(COMPONENTS)), np.nan, np.float32)
    scalar = raw.copy()
    refused = np.zeros(raw.shape, np.bool_)
    measured = _measure(images.take(rows), faces.take(rows), crops.take(rows))
    for column, component in enumerate(COMPONENTS):
        values = measured[component.name]
        scalar[rows, column] = component.scale(values)
        raw[rows, column] = values
    minimum = np.array([policy.minimum(component.name) for component in COMPONENTS])
    refused[rows] = (minimum > 0) & ~(scalar[rows] >= minimum)
    status = earlier.copy()
    status[refused.any(axis=1)] = Status.QUALITY_TOO_LOW
    return Quality(
        status=status,
        image_index=faces.image_index.copy(),
        components=tuple(component.name for component in COMPONENTS),
        raw=raw,
        scalar=scalar,
        refused=refused,
    )


def quality_reasons(quality: Quality, row: int) -> tuple[str, ...]:
    """Reason codes of what refuses a row, lowest scalar first, each once.

    Codes are those of `QUALITY_REASONS`; a row that is not refused has none.
    """
    columns = np.flatnonzero(quality.refused[row])
    worst_first = columns[np.argsort(quality.scalar[row, columns], kind="stable")]
    reasons = [COMPONENTS[k].reason(float(quality.raw[row, k])) for k in worst_first]
    return tuple(dict.fromkeys(reasons))


def _measure(images: Images, faces: Faces, crops: Crops) -> dict[str, F64]:
    """Component name -> raw values; every row given is OK."""
    pictures = [pixels for pixels in images.pixels_rgb if pixels is not None]
    sizes = [picture.shape[1::-1] for picture in pictures]
    wh: Int = np.array(sizes, np.int64).reshape(-1, 2)
    crop_grey = _grey_crops(crops.pixels_rgb)
    return {
        **measure_geometry(faces.landmarks_px, wh, images.scale),
        **measure_head_pose(faces.landmarks_px),
        **measure_sharpness(crop_grey),
        **measure_exposure(crop_grey),
        **measure_colour(crops.pixels_rgb),
        **measure_compression(pictures, faces.xyxy_px, images.scale),
    }


def _grey_crops(crops_rgb: U8) -> U8:
    """(M, S, S, 3) -> (M, S, S); the batch is converted as one tall picture."""
    if not len(crops_rgb):
        return np.empty(crops_rgb.shape[:3], np.uint8)
    tall = np.ascontiguousarray(crops_rgb).reshape(-1, CROP_SIZE_PX, 3)
    return grey(tall).reshape(crops_rgb.shape[:3])


def _first_failure(*statuses: U8) -> U8:
    first = np.zeros(len(statuses[0]), np.uint8)
    for status in statuses:
        first = np.where(first == Status.OK, status, first)
    return first


def _require_aligned(images: Images, faces: Faces, crops: Crops) -> None:
    for record in (faces, crops):
        if not np.array_equal(record.image_index, np.arange(len(images))):
            raise UsageError(
                f"{type(record).__name__}: expected one row per picture, in order",
                advice="Choose one face per picture first.",
            )
    if crops.pixels_rgb.shape[1:] != (CROP_SIZE_PX, CROP_SIZE_PX, 3):
        raise UsageError(f"expected {CROP_SIZE_PX} px crops, got {crops.pixels_rgb.shape}")
