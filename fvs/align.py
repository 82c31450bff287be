"""Brings each face to the five-point pose that networks were trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.geometry import FACE_TEMPLATES, TEMPLATE_SIDE_PX, similarity_transforms
from fvs.raster import warp_affine
from fvs.records import Crops, Faces, Images
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.manifest import ModelManifest

__all__ = ["align_faces", "align_for_embedder"]

STANDARD_ALIGNMENT = "arcface"


def align_faces(
    images: Images,
    faces: Faces,
    size_px: int = TEMPLATE_SIDE_PX,
    alignment: str = STANDARD_ALIGNMENT,
) -> Crops:
    """Cut out each face, turned and scaled so that its landmarks fit a template.

    Args:
        images: the pictures; `faces.image_index` says which one each face is in.
        faces: M faces.
        size_px: side of the crops.
        alignment: name of the template, a key of `FACE_TEMPLATES`.

    Returns:
        M crops with the status of their faces; NO_FACE where the landmarks of an OK face span
        no similarity (not finite, or all in one point).

    Raises:
        UsageError: a face is OK whose picture is not.
    """
    target = FACE_TEMPLATES[alignment] * size_px
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


def align_for_embedder(
    images: Images, faces: Faces, standard: Crops, embedder: ModelManifest
) -> Crops:
    """The crops that an embedder asks for.

    Args:
        images: the pictures.
        faces: M faces.
        standard: `align_faces(images, faces)`, on which quality is judged.
        embedder: manifest of the embedder.

    Returns:
        M crops of its size and alignment: `standard` itself where that is what it asks for.

    Raises:
        UsageError: the model is no embedder, or states no input size.
    """
    size_px, head = embedder.input.size_px, embedder.embed
    if size_px is None or head is None:
        raise UsageError(f"{embedder.id} is no embedder that states its input size")
    if (size_px, head.alignment) == (standard.pixels_rgb.shape[1], STANDARD_ALIGNMENT):
        return standard
    return align_faces(images, faces, size_px, head.alignment)
