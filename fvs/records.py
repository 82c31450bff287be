"""Frozen structs of arrays that the stages hand on; every row carries its image and a status.

One row stands for one picture, face or comparison. A batch of one is not special, and an empty
batch is a batch. Coordinates are pixels, x to the right and y down; boxes are `xyxy`. Landmarks
are the five points of the ArcFace template: two eyes, nose tip, two mouth corners, each pair from
the left to the right of an upright picture (so the person's right eye comes first).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fvs.errors import UsageError
from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "F32",
    "F64",
    "U8",
    "Bool",
    "Crops",
    "Decisions",
    "Embeddings",
    "Faces",
    "Images",
    "Int",
    "Liveness",
    "Pixels",
    "Quality",
    "Rows",
    "Scores",
]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
"""One picture: (height, width, 3) uint8, RGB."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Base of all records: columns of one length, checked once, filtered by indexing."""

    SHARED: ClassVar[frozenset[str]] = frozenset()
    """Attributes that hold for all rows and so are no columns."""

    status: U8

    def __post_init__(self) -> None:
        """Refuse columns of different lengths.

        Raises:
            UsageError: naming each column and its length.
        """
        columns = self._columns()
        if len({len(getattr(self, name)) for name in columns}) > 1:
            lengths = {name: len(getattr(self, name)) for name in columns}
            raise UsageError(f"{type(self).__name__}: columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.status)

    @property
    def ok(self) -> Bool:
        """(N,) True where the row's numbers may be used."""
        return np.asarray(self.status == Status.OK)

    def take(self, rows: npt.ArrayLike) -> Self:
        """The rows at `rows` (indices or a boolean mask), in that order."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        columns = {}
        for field in fields(self):
            column = getattr(self, field.name)
            if field.name in self.SHARED:
                columns[field.name] = column
            elif isinstance(column, tuple):
                columns[field.name] = tuple(column[i] for i in index)
            else:
                columns[field.name] = column[index]
        return type(self)(**columns)

    def with_rows(self, rows: npt.ArrayLike, replacements: Self) -> Self:
        """These rows replaced: row `rows[k]` by row k of `replacements`; the others stay.

        Args:
            rows: (K,) distinct indices.
            replacements: K rows.
        """
        index = np.asarray(rows, np.int64)
        if not len(index):
            return self
        order = np.arange(len(self))
        order[index] = len(self) + np.arange(len(index))
        return type(self).concatenate([self, replacements]).take(order)

    @classmethod
    @cache
    def _columns(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls) if field.name not in cls.SHARED)

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All rows of `parts` in order; at least one part is needed to know the shapes.

        Raises:
            UsageError: no parts, or parts whose shared attributes differ.
        """
        if not parts:
            raise UsageError(f"{cls.__name__}.concatenate needs at least one part")
        if len(parts) == 1:
            return parts[0]
        columns = {}
        for field in fields(cls):
            values = [getattr(part, field.name) for part in parts]
            if field.name in cls.SHARED:
                if any(value != values[0] for value in values):
                    raise UsageError(f"{cls.__name__}: parts differ in {field.name}")
                columns[field.name] = values[0]
            elif isinstance(values[0], tuple):
                columns[field.name] = tuple(item for value in values for item in value)
            else:
                columns[field.name] = np.concatenate(values)
        return cls(**columns)


@dataclass(frozen=True, eq=False)
class Images(Rows):
    """Decoded pictures, turned upright by their EXIF orientation.

    Attributes:
        status: (N,) uint8 `Status`.
        pixels_rgb: N arrays (height, width, 3) uint8; None where the status is not OK.
        native_wh: (N, 2) int64, upright width and height in the file; 0 where unknown.
        scale: (N,) float64, decoded pixels per native pixel: 1, or less after scaled decoding.
        file_format: N names (`jpeg`, `png`, `webp`); empty where unknown.
    """

    pixels_rgb: tuple[Pixels | None, ...]
    native_wh: Int
    scale: F64
    file_format: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Images(n={len(self)}, ok={int(self.ok.sum())})"


@dataclass(frozen=True, eq=False)
class Faces(Rows):
    """Faces found in pictures, in the pixel frame of `Images.pixels_rgb`.

    Attributes:
        status: (M,) uint8 `Status`; rows that stand for a missing face hold NaN.
        image_index: (M,) int64, the row of `Images` that the face was found in.
        xyxy_px: (M, 4) float32 box; may reach beyond the picture.
        landmarks_px: (M, 5, 2) float32.
        detection_score: (M,) float32 in 0..1.
    """

    image_index: Int
    xyxy_px: F32
    landmarks_px: F32
    detection_score: F32

    @property
    def inter_eye_px(self) -> F32:
        """(M,) float32 distance between the eyes; NaN where there is no face."""
        between = self.landmarks_px[:, 1] - self.landmarks_px[:, 0]
        return np.asarray(np.hypot(between[:, 0], between[:, 1]), dtype=np.float32)

    @property
    def width_height_px(self) -> F32:
        """(M, 2) float32 box sizes; NaN where there is no face."""
        return np.asarray(self.xyxy_px[:, 2:] - self.xyxy_px[:, :2], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Crops(Rows):
    """Aligned face pictures, one size for all.

    Attributes:
        status: (N,) uint8 `Status`.
        image_index: (N,) int64.
        pixels_rgb: (N, size, size, 3) uint8; zero where the status is not OK.
        picture_to_crop: (N, 2, 3) float64, the similarity that made each crop.
    """

    image_index: Int
    pixels_rgb: U8
    picture_to_crop: F64


@dataclass(frozen=True, eq=False)
class Quality(Rows):
    """Quality measures under their ISO/IEC 29794-5 component names.

    Attributes:
        status: (N,) uint8: OK, QUALITY_TOO_LOW, or the earlier failure.
        image_index: (N,) int64.
        components: K names, the same for all rows; the engine's last is `unified_quality_score`.
        raw: (N, K) float32 in each measure's own unit; NaN where it could not be assessed.
        scalar: (N, K) float32, 0 worst to 100 best; NaN where it could not be assessed.
        refused: (N, K) bool, True where a component alone refuses the capture.
    """

    SHARED: ClassVar[frozenset[str]] = frozenset({"components"})

    image_index: Int
    components: tuple[str, ...]
    raw: F32
    scalar: F32
    refused: Bool


@dataclass(frozen=True, eq=False)
class Liveness(Rows):
    """Passive presentation attack detection (PAD), apart from the match.

    Attributes:
        status: (N,) uint8: OK, LIVENESS_NOT_ASSESSED, or the earlier failure.
        image_index: (N,) int64.
        live_probability: (N,) float32 in 0..1, the mean over the pack's networks of their
            probability for *live*; NaN where it was not assessed.
    """

    image_index: Int
    live_probability: F32


@dataclass(frozen=True, eq=False)
class Embeddings(Rows):
    """Unit vectors of faces.

    Attributes:
        status: (N,) uint8 `Status`.
        image_index: (N,) int64.
        vectors: (N, D) float32 of length 1; zero where the status is not OK.
        norm: (N,) float32, length before normalisation; NaN where the status is not OK.
        model_id: the embedder that made them; vectors of different models never compare.
    """

    SHARED: ClassVar[frozenset[str]] = frozenset({"model_id"})

    image_index: Int
    vectors: F32
    norm: F32
    model_id: str

    def __repr__(self) -> str:
        return f"Embeddings(n={len(self)}, ok={int(self.ok.sum())}, model_id={self.model_id!r})"


@dataclass(frozen=True, eq=False)
class Scores(Rows):
    """Comparison scores.

    Attributes:
        status: (N,) or (N, M) uint8 `Status`.
        similarity: the same shape, float32 cosine in -1..1; NaN where the status is not OK.
    """

    similarity: F32


@dataclass(frozen=True, eq=False)
class Decisions(Rows):
    """Answers.

    Attributes:
        status: (N,) uint8, always OK: not having compared is an outcome.
        outcome: N `Outcome`.
        reasons: N tuples of reason codes, the gravest first; see `fvs.advice`.
        threshold: (N,) float64, the score from which this subject matches; NaN where no
            threshold holds the target at the subject's age.
        target_fmr: (N,) float64.
    """

    outcome: tuple[Outcome, ...]
    reasons: tuple[tuple[str, ...], ...]
    threshold: F64
    target_fmr: F64
