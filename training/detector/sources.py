"""Prepared pictures with the reference's faces, and rendered cards: what frames are made of."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.records import F64, U8, Bool, Int, Pixels

__all__ = ["FACE", "MIRRORED", "UNSURE", "People", "Picture", "Sources"]

FACE, UNSURE = 1, 0
"""Kinds of a labelled place: surely a face; something that is neither to be found nor missed."""

MIRRORED = [1, 0, 2, 4, 3]
"""Order of the landmarks of a mirrored face."""

SURE_SCORE = 0.8
"""The reference's score from which a face is surely one; refinement must have seen it again."""


SAME_FACE_IOU = 0.3


class People(NamedTuple):
    """Faces in one frame: boxes (M, 4), landmarks (M, 5, 2) in pixels, kind (M,)."""

    xyxy_px: F64
    landmarks_px: F64
    kind: Int

    @classmethod
    def nobody(cls) -> Self:
        """No face."""
        return cls(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0, np.int64))

    def take(self, rows: Bool | slice) -> Self:
        """The faces at `rows`."""
        return type(self)(self.xyxy_px[rows], self.landmarks_px[rows], self.kind[rows])

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All faces of all parts."""
        columns = zip(*[cls.nobody(), *parts], strict=True)
        return cls(*(np.concatenate(column) for column in columns))


class Picture(NamedTuple):
    """Pixels (H, W, 3) RGB and the faces in them, the main one first."""

    pixels_rgb: Pixels
    people: People


@dataclass(frozen=True)
class Sources:
    """Pictures end to end in one array, and where each begins."""

    files: Sequence[str]
    uses: Sequence[str]
    shapes: Int
    offsets: Int
    pixels: U8
    people: Sequence[People]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """What `prepare` or `cards` wrote."""
        with (folder / "pictures.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        shapes = [(int(row["height"]), int(row["width"])) for row in rows]
        with np.load(folder / "faces.npz") as arrays:
            people = _people(dict(arrays), len(rows))
        return cls(
            files=[row["file"] for row in rows],
            uses=[row["use"] for row in rows],
            shapes=np.array(shapes).reshape(-1, 2),
            offsets=np.array([int(row["offset"]) for row in rows], np.int64),
            pixels=np.memmap(folder / "pixels.bin", np.uint8, "r"),
            people=people,
        )

    def rows(self, use: str, folder: str = "") -> Int:
        """Pictures for one use, of one folder of the pool if named, that show a sure face."""
        return np.flatnonzero(
            [
                u == use and file.startswith(folder) and bool((p.kind == FACE).any())
                for file, u, p in zip(self.files, self.uses, self.people, strict=True)
            ]
        )

    def picture(self, row: int) -> Picture:
        """One picture."""
        height, width = self.shapes[row]
        start = self.offsets[row]
        pixels = self.pixels[start : start + height * width * 3].reshape(height, width, 3)
        return Picture(pixels, self.people[row])


def _people(arrays: dict[str, np.ndarray], count: int) -> list[People]:
    """Faces of each picture, surest and largest first; each once.

    Refinement may bring two detections to one face.
    """
    boxes = arrays["xyxy_px"].astype(np.float64)
    sure = arrays["ok"] & (arrays["found_score"] >= SURE_SCORE)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    order = np.lexsort((-area, ~sure, arrays["picture"]))
    limits = np.searchsorted(arrays["picture"][order], np.arange(count + 1))
    landmarks = arrays["landmarks_px"].astype(np.float64)
    kind = np.where(sure, FACE, UNSURE)
    people = []
    for index in range(count):
        rows: list[int] = []
        for row in order[limits[index] : limits[index + 1]].tolist():
            if all(_overlap(boxes[row], boxes[other]) <= SAME_FACE_IOU for other in rows):
                rows.append(row)
        people.append(People(boxes[rows], landmarks[rows], kind[rows]))
    return people


def _overlap(one: F64, other: F64) -> float:
    """Intersection over union of two boxes."""
    shared = np.prod(np.maximum(np.minimum(one, other)[2:] - np.maximum(one, other)[:2], 0))
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return float(shared / (sum(areas) - shared))
