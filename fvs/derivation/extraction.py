"""Pictures -> faces for measuring, kept on disk so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.align import align_faces, align_for_embedder
from fvs.choose import choose_faces
from fvs.detect import detect_faces
from fvs.embed import embed_crops
from fvs.engine import Engine
from fvs.errors import UsageError
from fvs.liveness import assess_liveness
from fvs.records import Rows
from fvs.refine import refine_faces
from fvs.status import Role, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fvs.engine import Samples
    from fvs.folders import PictureSet
    from fvs.records import F32, U8, Faces, Images

__all__ = ["LIVENESS_EVERY", "MeasuredFaces", "extract_faces", "measure_faces", "model_hashes"]

CHUNK_PICTURES = 128
"""Pictures per file of the cache: a few seconds of work are lost when a run is stopped."""

CACHE_VERSION = 1
"""Part of the cache's key: raise it when the columns change."""

CHECKED_PICTURES = 64
"""Pictures extracted anew to see that the engine still does what it did when the cache was made:
so many show, with 96 %, a change that touches one picture in twenty."""

SAME_VECTOR = 1e-5
"""Largest difference of a coordinate between runs of one engine."""

THUMBNAIL_PX = 56

LIVENESS_EVERY = 8
"""PAD takes two fifths of all time, and an eighth of the pictures tells the share well enough."""


@dataclass(frozen=True, eq=False)
class MeasuredFaces(Rows):
    """What measuring needs of N pictures.

    Attributes:
        status: (N,) uint8, of the embedding.
        vectors: (N, D) float32 of length 1; zero where the status is not OK.
        live_probability: (N,) float32; assessed for every eighth picture, else NaN.
        thumbnails: (N, 56, 56) uint8, the aligned crop in grey.
    """

    vectors: F32
    live_probability: F32
    thumbnails: U8


def model_hashes(engine: Engine) -> tuple[str, ...]:
    """SHA-256 of the detector's, embedder's and PAD networks' files, in this order."""
    networks = (engine.detector, engine.embedder, *engine.pad)
    return tuple(network.manifest.sha256 for network in networks)


def measure_faces(engine: Engine, files: Sequence[bytes]) -> MeasuredFaces:
    """Extract faces for measuring: quality refuses nobody, and in a crowd the middle is meant.

    Data sets of faces centre the person that a picture is labelled with, so the face nearest to
    the middle is taken where the engine would rather ask who is meant.
    """
    without_pad = Engine(engine.detector, engine.embedder, (), engine.settings)
    samples = without_pad.extract(files, Role.SELFIE)
    faces = MeasuredFaces(
        status=samples.embeddings.status,
        vectors=samples.embeddings.vectors,
        live_probability=_sampled_liveness(engine, samples),
        thumbnails=_thumbnails(samples.crops.pixels_rgb),
    )
    crowded = np.flatnonzero(samples.faces.status == Status.SEVERAL_FACES)
    return faces.with_rows(crowded, _measure_middle_faces(engine, samples.images.take(crowded)))


def _sampled_liveness(engine: Engine, samples: Samples) -> F32:
    live_probability = np.full(len(samples), np.nan, np.float32)
    rows = np.arange(0, len(samples), LIVENESS_EVERY)
    liveness = assess_liveness(samples.images, samples.faces.take(rows), engine.pad)
    live_probability[rows] = liveness.live_probability
    return live_probability


def _measure_middle_faces(engine: Engine, images: Images) -> MeasuredFaces:
    found = detect_faces(images, engine.detector)
    middles = [_middle_face(found, row, images) for row in range(len(images))]
    faces = choose_faces(found.take(np.array(middles, np.int64)), images, Role.SELFIE)
    faces = refine_faces(images, faces, engine.detector)
    crops = align_faces(images, faces)
    embedder_crops = align_for_embedder(images, faces, crops, engine.embedder.manifest)
    embeddings = embed_crops(embedder_crops, engine.embedder)
    return MeasuredFaces(
        status=embeddings.status,
        vectors=embeddings.vectors,
        live_probability=np.full(len(images), np.nan, np.float32),
        thumbnails=_thumbnails(crops.pixels_rgb),
    )


def _middle_face(found: Faces, row: int, images: Images) -> int:
    """The face of a crowded picture that is nearest to its middle."""
    rows = np.flatnonzero(found.image_index == row)
    pixels = images.pixels_rgb[row]
    if pixels is None:
        raise UsageError("a picture that could not be read has no faces")
    middle = np.array([pixels.shape[1], pixels.shape[0]]) / 2.0
    centres = (found.xyxy_px[rows, :2] + found.xyxy_px[rows, 2:]) / 2.0
    return int(rows[np.argmin(np.hypot(*(centres - middle).T))])


def extract_faces(
    engine: Engine,
    pictures: PictureSet,
    cache_dir: Path | None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> MeasuredFaces:
    """Measure all pictures of a set.

    Args:
        engine: the pack to measure with.
        pictures: where they are.
        cache_dir: folder that keeps the faces; a run with the same models and pictures goes on
            from there, if a sample extracted anew is as it was. None keeps nothing.
        on_progress: called with the number of pictures that are done.

    Returns:
        One row per `pictures.pictures`, in that order.
    """
    cache = None if cache_dir is None else _Cache(cache_dir / _key(engine, pictures))
    names = pictures.pictures
    starts = range(0, max(len(names), 1), CHUNK_PICTURES)
    if cache is not None and not cache.agrees(engine, pictures):
        cache.clear()
    parts = []
    for start in starts:
        chunk = names[start : start + CHUNK_PICTURES]
        faces = None if cache is None else cache.load(start)
        if faces is None:
            faces = measure_faces(engine, pictures.read(chunk))
            if cache is not None:
                cache.save(start, faces)
        parts.append(faces)
        on_progress(start + len(chunk))
    return MeasuredFaces.concatenate(parts)


class _Cache:
    """One file per chunk, named by its first row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, start: int) -> MeasuredFaces | None:
        path = self._path(start)
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as columns:
            return MeasuredFaces(**columns)

    def save(self, start: int, faces: MeasuredFaces) -> None:
        unfinished = self._folder / f"unfinished-{os.getpid()}.npz"
        np.savez(
            unfinished,
            status=faces.status,
            vectors=faces.vectors,
            live_probability=faces.live_probability,
            thumbnails=faces.thumbnails,
        )
        unfinished.replace(self._path(start))

    def agrees(self, engine: Engine, pictures: PictureSet) -> bool:
        """Whether some of the pictures kept, extracted anew, are as they were."""
        starts = sorted(int(path.stem) for path in self._folder.glob("[0-9]*.npz"))
        filled = [start for start in starts if start < len(pictures.pictures)]
        checked = filled[:: max(1, len(filled) // CHECKED_PICTURES)]
        files = pictures.read([pictures.pictures[start] for start in checked])
        kept = [faces.take([0]) for faces in map(self.load, checked) if faces is not None]
        if not kept:
            return True
        then, now = MeasuredFaces.concatenate(kept), measure_faces(engine, files)
        return bool(
            np.array_equal(then.status, now.status)
            and np.allclose(then.vectors, now.vectors, rtol=0, atol=SAME_VECTOR)
        )

    def clear(self) -> None:
        for path in self._folder.glob("*.npz"):
            path.unlink()

    def _path(self, start: int) -> Path:
        return self._folder / f"{start:07d}.npz"


def _key(engine: Engine, pictures: PictureSet) -> str:
    identity = [CACHE_VERSION, pictures.sha256, *model_hashes(engine)]
    return f"{pictures.name}-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]}"


def _thumbnails(pixels_rgb: U8) -> U8:
    """(N, 56, 56) grey means of the blocks of square crops whose side is a multiple of 56."""
    n, side = pixels_rgb.shape[:2]
    block = side // THUMBNAIL_PX
    used = block * THUMBNAIL_PX
    grey = pixels_rgb[:, :used, :used].mean(axis=3)
    blocks = grey.reshape(n, THUMBNAIL_PX, block, THUMBNAIL_PX, block)
    return np.asarray(blocks.mean(axis=(2, 4)).round(), np.uint8)
