"""Step 1: pool pictures -> both networks' raw vectors.

`python -m training.duet.extract --shared ../shared --pool RUNS/data/pool.csv --dlib FILE.dat
--own own.onnx --out RUNS/duet`
"""

from __future__ import annotations

import argparse
import csv
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime

from fvs.align import align_faces
from fvs.choose import choose_faces
from fvs.detect import detect_faces
from fvs.dlib_import.graph import to_onnx
from fvs.dlib_import.resnet import read_resnet
from fvs.folders import PictureSet
from fvs.image import decode_images
from fvs.refine import refine_faces
from fvs.status import Role
from training.common.pool import pool_tars
from training.duet.graph import CANVAS_PX, INPUT_NAME, compose_raw
from training.embedder.landmarks import open_detector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.network import Network
    from fvs.records import F32, U8, Bool

__all__ = ["main", "open_parts"]

LOGGER = logging.getLogger(__name__)

CHUNK_PICTURES = 64
WORKERS = 2


def main() -> None:
    """Write `vectors.npz` (dlib, own) and `pool.csv` with the rows of its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pool", type=Path, required=True, help="index with the column `use`")
    parser.add_argument("--dlib", type=Path, required=True)
    parser.add_argument("--own", type=Path, required=True, help="float32 ONNX")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train-every", type=int, default=6, help="1 takes all of them")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)

    rows = _chosen_rows(args.pool, args.train_every)
    detector = open_detector(args.shared / "models")
    session = _open(compose_raw(*open_parts(args.dlib, args.own)))
    sets = [PictureSet.open(tar) for tar in pool_tars(args.shared)]
    where = {Path(name).name: (one, name) for one in sets for name in one.pictures}
    chunks = [rows[i : i + CHUNK_PICTURES] for i in range(0, len(rows), CHUNK_PICTURES)]

    def measured(chunk: list[dict[str, str]]) -> tuple[Bool, list[F32]]:
        places = [where[Path(row["file"]).name] for row in chunk]
        return _raw_vectors([one.read([name])[0] for one, name in places], detector, session)

    kept, vectors = [], []
    with ThreadPoolExecutor(WORKERS) as pool:
        for chunk, (ok, raw) in zip(
            chunks, _shown(pool.map(measured, chunks), len(chunks)), strict=True
        ):
            kept += [row for row, found in zip(chunk, ok, strict=True) if found]
            vectors.append(raw)
    dlib, own = (np.concatenate([raw[part] for raw in vectors]) for part in (0, 1))
    np.savez(args.out / "vectors.npz", dlib=dlib, own=own)
    with (args.out / "pool.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)


def open_parts(dlib: Path, own: Path) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Open dlib's file as ONNX, and our own network, both float32."""
    with dlib.open("rb") as stream:
        return to_onnx(read_resnet(stream, dlib.name)), onnx.load(own)


def _chosen_rows(index: Path, train_every: int) -> list[dict[str, str]]:
    """All that are held out, every n-th of the others, and all LFW people of no evaluation pair.

    Of the last also those that the index calls duplicates: two alike pictures of one person.
    """
    with index.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    strangers = [r for r in rows if r["source"] == "lfw" and r["use"] != "meets-evaluation"]
    others = [r for r in rows if r["source"] != "lfw"]
    train = [r for r in others if r["use"] == "train"]
    return strangers + [r for r in others if r["use"] == "heldout"] + train[::train_every]


def _open(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _raw_vectors(
    files: list[bytes], detector: Network, session: onnxruntime.InferenceSession
) -> tuple[Bool, list[F32]]:
    images = decode_images(files)
    faces = choose_faces(detect_faces(images, detector), images, Role.SELFIE)
    faces = refine_faces(images, faces, detector)
    crops = align_faces(images, faces, CANVAS_PX, "dlib_wide")
    return crops.ok, session.run(None, {INPUT_NAME: _planes(crops.pixels_rgb[crops.ok])})


def _planes(crops_rgb: U8) -> F32:
    return np.ascontiguousarray(crops_rgb.transpose(0, 3, 1, 2), np.float32)


def _shown(
    results: Iterator[tuple[Bool, list[F32]]], total: int
) -> Iterator[tuple[Bool, list[F32]]]:
    start = time.monotonic()
    for done, result in enumerate(results, 1):
        if done % 10 == 0 or done == total:
            left_s = (time.monotonic() - start) * (total - done) / done
            LOGGER.info("%d of %d chunks, %.0f s left", done, total, left_s)
        yield result


if __name__ == "__main__":
    main()
