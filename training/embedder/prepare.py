"""Step 1: tar files of pictures -> aligned 128 px crops, teacher embeddings and an index.

`python -m training.embedder.prepare --shared ../shared --out RUNS/data`
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from training.common.pool import pictures_in, pool_tars
from training.embedder.geometry import INPUT_PX, MARGIN_PX
from training.embedder.landmarks import align_pictures, open_detector
from training.embedder.lists import SAME_PICTURE_COSINE, duplicates, is_held_out, meets
from training.embedder.teacher import open_teacher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.network import Network
    from fvs.records import F32, U8, Pixels

__all__ = ["INDEX_COLUMNS", "Aligned", "align_tars", "chosen_uses", "inner", "main"]

LOGGER = logging.getLogger(__name__)

INDEX_COLUMNS = ("file", "sha256", "source", "age", "sex", "group", "use")

WORKERS = 2

BATCH = 64


class Aligned(NamedTuple):
    """One picture's crop, or None where no face was found."""

    file: str
    sha256: str
    crop_rgb: Pixels | None


def main() -> None:
    """Write `pool.npy`, `pool_teacher.npy`, `pool.csv` and the same for `lfw` into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    models, data = args.shared / "models", args.shared / "data"
    detector = open_detector(models)
    teacher = open_teacher(models / "mobilefacenet_128d.onnx", threads=WORKERS)

    def prepared(name: str, tars: list[Path]) -> tuple[list[Aligned], F32]:
        aligned = list(align_tars(tars, detector))
        found = [row for row in aligned if row.crop_rgb is not None]
        LOGGER.info(
            "%s: %d pictures, %d without a face", name, len(aligned), len(aligned) - len(found)
        )
        crops = np.stack([row.crop_rgb for row in found if row.crop_rgb is not None])
        np.save(args.out / f"{name}.npy", crops)
        embeddings = teacher.embed(inner(crops))
        np.save(args.out / f"{name}_teacher.npy", embeddings)
        return found, embeddings

    pool, pool_teacher = prepared("pool", pool_tars(args.shared))
    lfw, lfw_teacher = prepared("lfw", [data / "lfw_eval.tar"])
    use = chosen_uses(
        [row.file for row in pool],
        [row.sha256 for row in pool],
        pool_teacher,
        [row.file for row in lfw],
        [row.sha256 for row in lfw],
        lfw_teacher,
    )
    _write_index(args.out / "pool.csv", pool, use, _labels(data / "pool_labels.csv"))
    _write_index(args.out / "lfw.csv", lfw, ["evaluate"] * len(lfw), {})
    for value in sorted(set(use)):
        LOGGER.info("%s: %d", value, use.count(value))


def inner(crops_rgb: U8) -> U8:
    """The 112 px middle of 128 px crops: the face as the networks are meant to see it."""
    return crops_rgb[:, MARGIN_PX : MARGIN_PX + INPUT_PX, MARGIN_PX : MARGIN_PX + INPUT_PX]


def align_tars(tars: list[Path], detector: Network) -> Iterator[Aligned]:
    """Every picture of `tars`, in order, aligned on its main face."""

    def align(batch: list[tuple[str, bytes]]) -> list[Aligned]:
        crops = align_pictures([_decoded(content) for _, content in batch], detector)
        hashes = [hashlib.sha256(content).hexdigest() for _, content in batch]
        files = [file for file, _ in batch]
        return [Aligned(*row) for row in zip(files, hashes, crops, strict=True)]

    with ThreadPoolExecutor(WORKERS) as pool:
        pictures = pictures_in(tars)
        while batches := [b for _ in range(WORKERS) if (b := list(islice(pictures, BATCH)))]:
            for rows in pool.map(align, batches):
                yield from rows


def _decoded(content: bytes) -> Pixels | None:
    """RGB pixels of a JPEG file, or None where it is none."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        return None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def chosen_uses(
    files: list[str],
    hashes: list[str],
    teacher: F32,
    eval_files: list[str],
    eval_hashes: list[str],
    eval_teacher: F32,
) -> list[str]:
    """What each pool picture is for: train, heldout, or the reason why it is for nothing.

    Faces that the teacher takes for one of the evaluation set go as well, whoever they are.
    """
    barred = set(meets(files, hashes, eval_files, set(eval_hashes)))
    twice = duplicates(teacher)
    in_evaluation = (teacher @ eval_teacher.T).max(axis=1) > SAME_PICTURE_COSINE
    uses = []
    for file, again, seen in zip(files, twice, in_evaluation, strict=True):
        if file in barred or seen:
            uses.append("meets-evaluation")
        elif again:
            uses.append("duplicate")
        else:
            uses.append("heldout" if is_held_out(file) else "train")
    return uses


def _labels(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def _write_index(
    path: Path, rows: list[Aligned], uses: list[str], labels: dict[str, dict[str, str]]
) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(
            stream, INDEX_COLUMNS, extrasaction="ignore", restval="", lineterminator="\n"
        )
        writer.writeheader()
        for row, use in zip(rows, uses, strict=True):
            label = labels.get(row.file, {})
            writer.writerow({**label, "file": row.file, "sha256": row.sha256, "use": use})


if __name__ == "__main__":
    main()
