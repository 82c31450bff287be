"""Writes and reads the committed list of the pictures that a model was trained on.

`python -m training.trained_on --pool RUNS/data/pool.csv --model embed-fvs128-202611`

A list is gzip of text. Its first line binds it to one weight file: `<model id> <sha256>`; each
further line is a picture: the first 8 hexadecimal digits of its bytes' SHA-256, and its name.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from pathlib import Path
from typing import NamedTuple

from fvs.manifest import load_manifest
from fvs.packs import shipped_models_dir

__all__ = ["LISTS_DIR", "TrainedOn", "main", "read_list", "write_list"]

LISTS_DIR = Path(__file__).with_name("lists")

HASH_DIGITS = 8
"""Kept of each picture's hash. 17,000 pictures meet 7,701 others by chance with 3 %; chance can
only raise a false alarm."""


class TrainedOn(NamedTuple):
    """The pictures behind one weight file; `hashes` and `files` are parallel."""

    model_id: str
    weights_sha256: str
    hashes: tuple[str, ...]
    files: tuple[str, ...]


def write_list(path: Path, trained_on: TrainedOn) -> None:
    """Write a list, the same bytes for the same pictures."""
    rows = sorted(zip(trained_on.files, trained_on.hashes, strict=True))
    lines = [f"{trained_on.model_id} {trained_on.weights_sha256}"]
    lines += [f"{digest[:HASH_DIGITS]} {file}" for file, digest in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), mtime=0))


def read_list(path: Path) -> TrainedOn:
    """What `write_list` wrote."""
    head, *rows = gzip.decompress(path.read_bytes()).decode().splitlines()
    model_id, weights_sha256 = head.split(" ")
    pairs = [row.split(" ", 1) for row in rows]
    return TrainedOn(
        model_id, weights_sha256, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
    )


def main() -> None:
    """Write the list of one model from the index or indices that its training used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--pool", type=Path, required=True, nargs="+", help="pool.csv of each part of the training"
    )
    parser.add_argument("--model", required=True, help="folder in models/, with its manifest")
    args = parser.parse_args()
    manifest = load_manifest(shipped_models_dir() / args.model)
    hash_of = {file: digest for index in args.pool for file, digest in _trained(index)}
    path = LISTS_DIR / f"{args.model}.txt.gz"
    trained_on = TrainedOn(
        manifest.id, manifest.sha256, tuple(hash_of.values()), tuple(hash_of.keys())
    )
    write_list(path, trained_on)
    sys.stdout.write(f"{path.name}: {len(hash_of)} pictures, {path.stat().st_size} bytes\n")


def _trained(index: Path) -> list[tuple[str, str]]:
    with index.open(newline="") as stream:
        return [(r["file"], r["sha256"]) for r in csv.DictReader(stream) if r["use"] == "train"]


if __name__ == "__main__":
    main()
