"""The prepared pool, people alike within it, and a memory of views already judged."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from training.common.pool import EAST_ASIAN_GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.random import Generator

    from fvs.records import F32, U8, Int

__all__ = ["Cell", "Label", "Pool", "Replay", "cells_of", "draw_alike"]


class Label(NamedTuple):
    """One row of the index; `age` is NaN and the words are empty where unknown."""

    file: str
    sha256: str
    source: str
    age: float
    sex: str
    group: str
    use: str

    @property
    def region(self) -> str:
        """`east-asian`, another group's name, or empty."""
        return "east-asian" if self.group in EAST_ASIAN_GROUPS else self.group


@dataclass(frozen=True)
class Pool:
    """Aligned crops (N, 128, 128, 3) on disk, their teacher embeddings and their labels."""

    crops_rgb: U8
    teacher: F32
    labels: Sequence[Label]

    @classmethod
    def open(cls, folder: Path, name: str) -> Self:
        """What `prepare` wrote under this name."""
        crops = np.load(folder / f"{name}.npy", mmap_mode="r")
        with (folder / f"{name}.csv").open(newline="") as stream:
            labels = [_label(row) for row in csv.DictReader(stream)]
        return cls(crops, np.load(folder / f"{name}_teacher.npy"), labels)

    def rows(self, use: str) -> Int:
        """Indices of the pictures for one use (`train`, `heldout`, ...)."""
        return np.flatnonzero([label.use == use for label in self.labels])


def _label(row: dict[str, str]) -> Label:
    words = {name: row[name] for name in ("file", "sha256", "source", "sex", "group", "use")}
    return Label(**words, age=float(row["age"] or "nan"))


class Cell(NamedTuple):
    """People alike: rows of the pool, and how often they are drawn."""

    name: str
    rows: Int
    weight: float


def cells_of(
    labels: Sequence[Label], rows: Int, bands: Sequence[float], smallest: int
) -> list[Cell]:
    """Cells of one age band, then narrowed by group, then by sex as well.

    Drawing goes with the square root of a cell's size, so that small ones are not forgotten.

    Args:
        labels: of the whole pool.
        rows: those that may be used.
        bands: limits in years, each band from one limit to below the next.
        smallest: cells with fewer pictures are left out.
    """
    members: dict[str, list[int]] = {}
    for row in rows.tolist():
        label = labels[row]
        for low, high in pairwise(bands):
            if low <= label.age < high:
                band = f"{low:g}-{high:g}"
                narrower = f"{band} {label.region}"
                for name in (band, narrower, f"{narrower} {label.sex}"):
                    members.setdefault(name, []).append(row)
    kept = {name: np.array(m) for name, m in members.items() if len(m) >= smallest}
    total = sum(len(m) ** 0.5 for m in kept.values())
    return [Cell(name, m, len(m) ** 0.5 / total) for name, m in kept.items()]


def draw_alike(cells: Sequence[Cell], count: int, rng: Generator) -> Int:
    """`count` different rows from one random cell."""
    cell = cells[rng.choice(len(cells), p=[cell.weight for cell in cells])]
    return rng.choice(cell.rows, count, replace=False)


class Replay:
    """The last `capacity` views with the teacher's answers; the oldest give way."""

    def __init__(self, capacity: int, side_px: int, dimension: int) -> None:
        self._views = np.zeros((capacity, side_px, side_px, 3), np.uint8)
        self._answers = np.zeros((capacity, dimension), np.float32)
        self._written = 0

    def __len__(self) -> int:
        return min(self._written, len(self._views))

    def add(self, views_rgb: U8, answers: F32) -> None:
        """Remember (N, H, W, 3) views and their (N, D) answers."""
        where = (self._written + np.arange(len(views_rgb))) % len(self._views)
        self._views[where] = views_rgb
        self._answers[where] = answers
        self._written += len(views_rgb)

    def draw(self, count: int, rng: Generator) -> tuple[U8, F32]:
        """`count` remembered views, fewer while there are fewer."""
        chosen = rng.choice(len(self), min(count, len(self)), replace=False)
        return self._views[chosen], self._answers[chosen]
