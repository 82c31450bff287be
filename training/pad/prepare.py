"""Step 1: tar files of pictures -> an index of faces with the teachers' answers.

`python -m training.pad.prepare --shared ../shared --split RUNS/data/pool.csv --out RUNS/pad-data`

The split is the embedder's (`training.embedder.prepare`): the same picture is trained on, held out,
or barred because it meets the evaluation pictures, for every network of this repository.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import logging
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fvs.choose import choose_faces
from fvs.detect import detect_faces
from fvs.image import decode_images
from fvs.liveness import pad_crops
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.records import Images
from fvs.status import Role, Status
from training.common.pool import pictures_in, pool_tars
from training.embedder.landmarks import open_detector
from training.pad.index import Face, write_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fvs.records import F32, F64, Pixels

__all__ = ["TEACHERS", "faces_in", "main", "main_boxes", "mean_softmax", "open_teachers"]

LOGGER = logging.getLogger(__name__)

TEACHERS = ("pad-minifasnet-v2-202008", "pad-minifasnet-v1se-202008")

BATCH = 64


def main() -> None:
    """Write `pool.csv` and `lfw.csv` into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True, help="pool.csv of the embedder")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    detector = open_detector(args.shared / "models")
    teachers = open_teachers(args.shared / "models")
    with args.split.open(newline="") as stream:
        split = {row["file"]: row for row in csv.DictReader(stream)}
    for name, tars, labels in (
        ("pool", pool_tars(args.shared), split),
        ("lfw", [args.shared / "data" / "lfw_eval.tar"], None),
    ):
        faces = list(faces_in(tars, labels, detector, teachers))
        write_index(args.out / f"{name}.csv", faces)
        LOGGER.info("%s: %d faces", name, len(faces))


def open_teachers(weights_folder: Path) -> list[Network]:
    """Both MiniFASNets, on one thread each."""
    manifests = [load_manifest(shipped_models_dir() / teacher) for teacher in TEACHERS]
    return [Network(m, weights_folder / m.file, Runtime()) for m in manifests]


def faces_in(
    tars: Sequence[Path],
    labels: Mapping[str, dict[str, str]] | None,
    detector: Network,
    teachers: Sequence[Network],
) -> Iterator[Face]:
    """The main face of every labelled picture (of every picture for evaluation without labels)."""
    pictures = (
        (file, content) for file, content in pictures_in(tars) if labels is None or file in labels
    )
    while batch := list(islice(pictures, BATCH)):
        images = decode_images([content for _, content in batch])
        boxes = _boxes(images, detector)
        rows = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        pixels = [p for row in rows if (p := images.pixels_rgb[row]) is not None]
        answers = mean_softmax(pixels, boxes[rows], teachers)
        for row, answer in zip(rows.tolist(), answers.tolist(), strict=True):
            file, content = batch[row]
            label = labels[file] if labels is not None else {"use": "evaluate", "source": "lfw"}
            yield _face(file, content, label, boxes[row], answer)


def _face(file: str, content: bytes, label: dict[str, str], box: F32, answer: list[float]) -> Face:
    left, top, right, bottom = box.tolist()
    printed, live, replay = answer
    return Face(
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        source=label["source"],
        age=float(label.get("age") or "nan"),
        sex=label.get("sex", ""),
        group=label.get("group", ""),
        use=label["use"],
        xyxy_px=(left, top, right, bottom),
        teachers=(printed, live, replay),
    )


def main_boxes(pictures_rgb: Sequence[Pixels], detector: Network) -> F32:
    """(N, 4) box of each picture's main face; NaN where none is found."""
    sizes = [picture.shape[1::-1] for picture in pictures_rgb]
    count = len(pictures_rgb)
    images = Images(
        status=np.full(count, Status.OK, np.uint8),
        pixels_rgb=tuple(pictures_rgb),
        native_wh=np.array(sizes, np.int64).reshape(-1, 2),
        scale=np.ones(count),
        file_format=("",) * count,
    )
    return _boxes(images, detector)


def _boxes(images: Images, detector: Network) -> F32:
    """Bystanders do not matter here: what the picture is about has one label."""
    return choose_faces(detect_faces(images, detector), images, Role.SELFIE).xyxy_px


def mean_softmax(pictures_rgb: Sequence[Pixels], xyxy_px: F32, networks: Sequence[Network]) -> F64:
    """(M, 3) mean over the networks of the softmax of their logits."""
    total = np.zeros((len(pictures_rgb), 3))
    for network in networks:
        head, side = network.manifest.pad, network.manifest.input.size_px
        if head is None or side is None:
            raise ValueError(f"{network.manifest.id} is no PAD network")
        crops = pad_crops(pictures_rgb, xyxy_px, head.box_scale, side)
        power = np.exp(network.run(crops)[head.output].astype(np.float64))
        total += power / power.sum(axis=1, keepdims=True)
    return total / len(networks)


if __name__ == "__main__":
    main()
