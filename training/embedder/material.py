"""What every embedder is measured on: LFW and the pool's held-out pictures, as crops."""

from __future__ import annotations

import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.metrics.folds import read_lfw_pairs
from training.embedder.data import Pool
from training.embedder.prepare import inner

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F32, U8, Bool, Int
    from training.embedder.data import Label

__all__ = ["Material", "Pairs", "open_material", "read_pairs"]


class Pairs(NamedTuple):
    """The pairs of the protocol as rows of the evaluation pictures."""

    first: Int
    second: Int
    is_mated: Bool
    fold: Int


class Material(NamedTuple):
    """Crops (N, 112, 112, 3) uint8 RGB, the teacher's embeddings of them, pairs and labels."""

    lfw: U8
    lfw_teacher: F32
    files: list[str]
    pairs: Pairs
    heldout: U8
    heldout_teacher: F32
    labels: list[Label]
    pool: Pool

    def training_crops(self, count: int) -> U8:
        """Crops that were trained on, evenly spread over the pool."""
        rows = self.pool.rows("train")
        chosen = rows[np.linspace(0, len(rows) - 1, count).astype(int)]
        return np.ascontiguousarray(inner(self.pool.crops_rgb[chosen]))


def read_pairs(text: str, files: list[str]) -> Pairs:
    """LFW's `pairs.txt`, its pictures as rows of `files`."""
    row_of = {PurePosixPath(file).stem: row for row, file in enumerate(files)}
    listed = read_lfw_pairs(text)
    return Pairs(
        first=np.array([row_of[PurePosixPath(pair.first).stem] for pair in listed]),
        second=np.array([row_of[PurePosixPath(pair.second).stem] for pair in listed]),
        is_mated=np.array([pair.mated for pair in listed]),
        fold=np.array([pair.fold for pair in listed]),
    )


def open_material(shared: Path, data: Path) -> Material:
    """Read what `prepare` wrote into `data`, and the pairs of the protocol."""
    lfw, pool = Pool.open(data, "lfw"), Pool.open(data, "pool")
    files = [label.file for label in lfw.labels]
    with tarfile.open(shared / "data" / "lfw_eval.tar") as archive:
        stream = archive.extractfile("pairs.txt")
        pairs = read_pairs(stream.read().decode() if stream else "", files)
    rows = pool.rows("heldout")
    return Material(
        lfw=inner(lfw.crops_rgb),
        lfw_teacher=lfw.teacher,
        files=files,
        pairs=pairs,
        heldout=inner(pool.crops_rgb[rows]),
        heldout_teacher=pool.teacher[rows],
        labels=[pool.labels[row] for row in rows],
        pool=pool,
    )
