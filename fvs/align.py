"""Brings each face to the five-point pose that embedders were trained on."""

from __future__ import annotations

import numpy as np

from fvs.errors import UsageError
from fvs.geometry import ARCFACE_TEMPLATE_112, TEMPLATE_SIDE_PX, similarity_transforms
from fvs.raster import warp_affine
from fvs.records import Crops, Faces, Images
from fvs.status import Status

__all__ = ["align_faces"]


def align_faces(images: Images, faces: Faces, size_px: int = TEMPLATE_SIDE_PX) -> Crops:
    """Cut out each face, turned and scaled so that its landmarks fit the ArcFace template.

    Args:
        images: the pictures; `faces.image_index` says which one each face is in.
        faces: M faces.
        size_px: side of the crops.

    Returns:
        M crops with the status of their faces; NO_FACE where the landmarks of an OK face span
        no similarity (not finite, or all in one point).

    Raises:
        UsageError: a face is OK whose picture is not.
    """
    target = ARCFACE_TEMPLATE_112 * (size_px / TEMPLATE_SIDE_PX)
    transforms = similarity_transforms(faces.landmarks_px.astype(np.float64), target)
    solved = np.isfinite(transforms).all(axis=(1, 2))
    status = np.where(faces.ok & ~solved, Status.NO_FACE, faces.status).astype(np.uint8)
    crops = np.zeros((len(faces), size_px, size_px, 3), np.uint8)
    for row in np.flatnonzero(status == Status.OK):
        picture = images.pixels_rgb[faces.image_index[row]]
        if picture is None:
            raise UsageError(f"face {row} is OK, but its picture could not be read")
        crops[row] = warp_affine(picture, transforms[row], size_px, size_px)
    return Crops(
        status=status,
        image_index=faces.image_index,
        pixels_rgb=crops,
        picture_to_crop=transforms,
    )
