"""The index of pictures: where the face is, what the picture is for, what the teachers say."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fvs.records import Pixels

__all__ = ["Box", "Face", "decoded", "read_index", "write_index"]

Box = tuple[float, float, float, float]

COLUMNS = (
    "file", "sha256", "source", "age", "sex", "group", "use",
    "left", "top", "right", "bottom", "print", "live", "replay",
)  # fmt: skip


class Face(NamedTuple):
    """One row: the main face of one picture.

    `age` is NaN and the words are empty where unknown; `teachers` is the mean of their softmaxes
    in the order of `geometry.CLASSES`.
    """

    file: str
    sha256: str
    source: str
    age: float
    sex: str
    group: str
    use: str
    xyxy_px: Box
    teachers: tuple[float, float, float]


def decoded(content: bytes) -> Pixels:
    """RGB pixels of a JPEG file that is known to be one."""
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(np.asarray(picture), cv2.COLOR_BGR2RGB), np.uint8)


def write_index(path: Path, faces: Iterable[Face]) -> None:
    """Write one CSV row per face."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for face in faces:
            *words, box, teachers = face
            words[3] = "" if np.isnan(face.age) else f"{face.age:g}"
            writer.writerow([*words, *(f"{v:.2f}" for v in box), *(f"{p:.5f}" for p in teachers)])


def read_index(path: Path) -> list[Face]:
    """What `write_index` wrote."""
    with path.open(newline="") as stream:
        return [_face(row) for row in csv.DictReader(stream)]


def _face(row: dict[str, str]) -> Face:
    def numbers(names: Sequence[str]) -> list[float]:
        return [float(row[name]) for name in names]

    left, top, right, bottom = numbers(("left", "top", "right", "bottom"))
    printed, live, replay = numbers(("print", "live", "replay"))
    return Face(
        file=row["file"],
        sha256=row["sha256"],
        source=row["source"],
        age=float(row["age"] or "nan"),
        sex=row["sex"],
        group=row["group"],
        use=row["use"],
        xyxy_px=(left, top, right, bottom),
        teachers=(printed, live, replay),
    )
