"""Brings each face to the five-point pose that embedders were trained on."""

from __future__ import annotations

import numpy as np

from fvs.errors import UsageError
from fvs.raster import warp_affine
from fvs.records import F64, Crops, Faces, Images
from fvs.status import Status

__all__ = ["ARCFACE_TEMPLATE_112", "align_faces", "similarity_transforms"]

ARCFACE_TEMPLATE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
)  # fmt: skip
"""Where the five landmarks lie in a 112 x 112 px crop (insightface `face_align.arcface_dst`)."""

TEMPLATE_SIDE_PX = 112

MIN_SPREAD_PX2 = 1e-6
"""Sum of squared distances of landmarks from their mean below which they are one point."""


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


def similarity_transforms(source: F64, target: F64) -> F64:
    """Least-squares similarities (turn, scale, shift; no reflection) onto one target.

    With points as complex numbers z, the similarity is `a z + b`, and least squares is a complex
    regression: a = sum(conj(z - mean) (t - mean)) / sum |z - mean|^2. In the plane this equals
    Umeyama, IEEE PAMI 13 (1991) 376, eq. 40-42, without the singular value decomposition.

    Args:
        source: (N, K, 2) points.
        target: (K, 2) where they should go.

    Returns:
        (N, 2, 3) maps of source to target; NaN where the points are not finite or are one point.
    """
    finite = np.asarray(np.isfinite(source).all(axis=(1, 2)))
    z = np.where(finite[:, None, None], source, 0.0) @ np.array([1, 1j])
    t = target @ np.array([1, 1j])
    z_mean = z.mean(axis=1, keepdims=True)
    centred = z - z_mean
    spread = (np.abs(centred) ** 2).sum(axis=1)
    usable = finite & (spread >= MIN_SPREAD_PX2)
    a = np.full(len(z), complex(np.nan, np.nan))
    regression = (centred.conj() * (t - t.mean())).sum(axis=1)
    np.divide(regression, spread, out=a, where=usable)
    b = t.mean() - a * z_mean[:, 0]
    rows = [[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]
    return np.moveaxis(np.array(rows), 2, 0)
