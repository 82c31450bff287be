"""Step 1: pool pictures and the reference detector's faces in them -> one folder of arrays.

`python -m training.detector.prepare --shared ../shared --index RUNS/data/pool.csv --out RUNS/faces`

The index (step 1 of the embedder) says what each picture is for, so that all models share one
hold-out and one wall around the evaluation pictures.
"""

from __future__ import annotations

import argparse
import csv
import logging
import tarfile
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import msgspec
import numpy as np

from fvs.detect import FaceSearch, Look, SearchStep, detect_faces
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.records import Faces, Images
from fvs.refine import refine_faces
from fvs.status import Status
from training.common.pool import pool_tars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.records import F32, Pixels

__all__ = ["REFERENCE", "USES", "Labelled", "as_images", "label_pictures", "main", "open_reference"]

LOGGER = logging.getLogger(__name__)

REFERENCE = "detect-yunet-202310"

USES = ("train", "heldout")
"""Uses of the index that are kept; duplicates and what meets the evaluation set are not."""

WEAK_SCORE = 0.3
"""The reference's detections down to here are kept: what may be a face is no negative."""

THOROUGH = FaceSearch(
    steps=(
        SearchStep(
            looks=(
                Look(side_px=320, border=0.0625),
                Look(side_px=160, border=0.2),
                Look(side_px=256, border=0.25),
                Look(side_px=640, border=0.03),
            )
        ),
    )
)
"""All looks at every picture, for the faces of bystanders count as well."""

WORKERS = 2
BATCH = 16


class Labelled(NamedTuple):
    """One picture with the reference's faces, refined; `found_score` is from before refinement."""

    file: str
    pixels_rgb: Pixels
    faces: Faces
    found_score: F32


def main() -> None:
    """Write `pixels.bin`, `pictures.csv` and `faces.npz` into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True, help="the embedder's pool.csv")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    with args.index.open(newline="") as stream:
        uses = {row["file"]: row["use"] for row in csv.DictReader(stream)}
    uses = {file: use for file, use in uses.items() if use in USES}
    tars = pool_tars(args.shared)
    detector = open_reference(args.shared / "models")
    _write(args.out, _label_all(_pictures(tars, uses), detector), uses)


def open_reference(weights_folder: Path) -> Network:
    """The reference detector with a low threshold, on one thread."""
    manifest = load_manifest(shipped_models_dir() / REFERENCE)
    if manifest.detect is None:
        raise TypeError(f"{REFERENCE} is no detector")
    head = msgspec.structs.replace(manifest.detect, score_threshold=WEAK_SCORE)
    manifest = msgspec.structs.replace(manifest, detect=head)
    return Network(manifest, weights_folder / manifest.file, Runtime(intra_op_threads=1))


def label_pictures(
    files: Sequence[str], pictures_rgb: Sequence[Pixels], detector: Network
) -> list[Labelled]:
    """The reference's faces in each picture, their landmarks refined."""
    images = as_images(pictures_rgb)
    found = detect_faces(images, detector, THOROUGH)
    refined = refine_faces(images, found, detector)
    rows = [np.flatnonzero(found.image_index == index) for index in range(len(files))]
    return [
        Labelled(file, pixels, refined.take(r), found.detection_score[r])
        for file, pixels, r in zip(files, pictures_rgb, rows, strict=True)
    ]


def _pictures(tars: Sequence[Path], uses: dict[str, str]) -> Iterator[tuple[str, Pixels]]:
    for path in tars:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name in uses else None
                if stream is not None:
                    content = np.frombuffer(stream.read(), np.uint8)
                    bgr = cv2.imdecode(content, cv2.IMREAD_COLOR)
                    if bgr is not None:
                        yield member.name, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def _label_all(pictures: Iterator[tuple[str, Pixels]], detector: Network) -> Iterator[Labelled]:
    def label(batch: list[tuple[str, Pixels]]) -> list[Labelled]:
        return label_pictures([f for f, _ in batch], [p for _, p in batch], detector)

    with ThreadPoolExecutor(WORKERS) as pool:
        while batches := [b for _ in range(WORKERS) if (b := list(islice(pictures, BATCH)))]:
            for rows in pool.map(label, batches):
                yield from rows


def _write(out: Path, labelled: Iterator[Labelled], uses: dict[str, str]) -> None:
    """Pixels end to end in one file, one line a picture, one row a face."""
    parts: list[tuple[int, Faces, F32]] = []
    offset = 0
    with (out / "pixels.bin").open("wb") as pixels, (out / "pictures.csv").open("w") as index:
        writer = csv.writer(index, lineterminator="\n")
        writer.writerow(["file", "use", "height", "width", "offset", "faces"])
        for row, (file, picture, faces, found) in enumerate(labelled):
            height, width = picture.shape[:2]
            writer.writerow([file, uses[file], height, width, offset, len(faces)])
            pixels.write(np.ascontiguousarray(picture).tobytes())
            offset += picture.size
            parts.append((row, faces, found))
            if row % 2000 == 0:
                LOGGER.info("%d pictures", row)
    everyone = Faces.concatenate([faces for _, faces, _ in parts])
    np.savez(
        out / "faces.npz",
        picture=np.repeat([row for row, _, _ in parts], [len(faces) for _, faces, _ in parts]),
        xyxy_px=everyone.xyxy_px,
        landmarks_px=everyone.landmarks_px,
        score=everyone.detection_score,
        ok=everyone.ok,
        found_score=np.concatenate([found for _, _, found in parts]),
    )
    LOGGER.info("%d pictures, %d faces", len(parts), len(everyone))


def as_images(pictures_rgb: Sequence[Pixels]) -> Images:
    """The record that the engine's stages take, of pictures in memory."""
    count = len(pictures_rgb)
    return Images(
        status=np.full(count, Status.OK, np.uint8),
        pixels_rgb=tuple(pictures_rgb),
        native_wh=np.array([(p.shape[1], p.shape[0]) for p in pictures_rgb]).reshape(-1, 2),
        scale=np.ones(count),
        file_format=("jpeg",) * count,
    )


if __name__ == "__main__":
    main()
