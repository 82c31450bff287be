"""The main face of each picture, aligned with a margin, by the engine's own stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.choose import choose_faces
from fvs.detect import detect_faces
from fvs.geometry import ARCFACE_TEMPLATE_112, similarity_transforms
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.raster import warp_affine
from fvs.records import Images
from fvs.refine import refine_faces
from fvs.status import Role, Status
from training.embedder.geometry import CROP_PX, MARGIN_PX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.records import F64, Pixels

__all__ = ["align_pictures", "main_landmarks", "open_detector"]

DETECTOR = "detect-yunet-202310"


def open_detector(weights_folder: Path) -> Network:
    """The shipped detector's manifest with its weights from this folder, on one thread."""
    manifest = load_manifest(shipped_models_dir() / DETECTOR)
    return Network(manifest, weights_folder / manifest.file, Runtime(intra_op_threads=1))


def main_landmarks(pictures_rgb: Sequence[Pixels | None], detector: Network) -> F64:
    """(N, 5, 2) landmarks of the main face; NaN where a picture or its face is missing.

    Bystanders do not matter here: what the picture is about has one label.
    """
    images = _images(pictures_rgb)
    faces = choose_faces(detect_faces(images, detector), images, Role.SELFIE)
    faces = refine_faces(images, faces, detector)
    return faces.landmarks_px.astype(np.float64)


def align_pictures(pictures_rgb: Sequence[Pixels | None], detector: Network) -> list[Pixels | None]:
    """(128, 128, 3) crops around the main face; None where a picture or its face is missing."""
    points = main_landmarks(pictures_rgb, detector)
    maps = similarity_transforms(points, ARCFACE_TEMPLATE_112 + MARGIN_PX)
    solved = [bool(np.isfinite(matrix).all()) for matrix in maps]
    return [
        warp_affine(picture, matrix, CROP_PX, CROP_PX) if ok and picture is not None else None
        for picture, matrix, ok in zip(pictures_rgb, maps, solved, strict=True)
    ]


def _images(pictures_rgb: Sequence[Pixels | None]) -> Images:
    count = len(pictures_rgb)
    sizes = [(0, 0) if p is None else (p.shape[1], p.shape[0]) for p in pictures_rgb]
    missing = [p is None for p in pictures_rgb]
    return Images(
        status=np.where(missing, Status.CORRUPT_IMAGE, Status.OK).astype(np.uint8),
        pixels_rgb=tuple(pictures_rgb),
        native_wh=np.array(sizes, np.int64).reshape(-1, 2),
        scale=np.ones(count),
        file_format=("jpeg",) * count,
    )
