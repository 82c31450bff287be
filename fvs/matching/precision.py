"""How a vector is kept: what it costs in bytes, and what of it a scan reads.

| precision | bytes a vector | a scan reads | a cosine is off by |
|---|---:|---:|---|
| `float32` | 4 D | 4 D | rounding |
| `float16` | 2 D | 2 D | up to 5e-4 |
| `int8` | D + 4 | D | up to a few 1e-3, most at small D |
| `int8x2` | 2 D + 4 | D | up to 3e-5 |

In the integer forms each vector has a scale of its own. One scale for all either wastes most of
the 8 bits of most vectors, or cuts large components off, the more the fewer dimensions there are.
`int8x2` is a 16-bit integer in two planes: scans read the plane of high bytes, and what they
propose is judged with both. Of the integer forms the length is 1 again after decoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import faiss
import msgspec
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32, U8

__all__ = [
    "I8",
    "Bounds",
    "Encoded",
    "Precision",
    "ScanProbes",
    "decode",
    "encode",
    "erased_code",
    "scan_index",
    "scan_probes",
]

I8 = npt.NDArray[np.int8]

_LARGEST = 127
_FINE_STEPS = 256
"""Steps of the low plane to one of the high plane."""
_HALF_STEP = 128
_USUAL_LARGEST = 4.5
"""Standard deviations that hardly any component of a random direction exceeds. Where the low plane
leaves precision to spare, vectors get the scale that this needs at least, and so nearly all the
same: the less scales differ, the more a scan's order is that of the scores."""
_SIGN_BIT = 0x80
"""faiss keeps a signed component as a byte 128 higher: the same bits but for the sign's."""
_SCALE_BYTES = 4
_NO_BOUND = float(np.finfo(np.float32).max)


class Precision(StrEnum):
    """How vectors are kept, see the module's table."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    INT8X2 = "int8x2"

    @property
    def has_scale(self) -> bool:
        """Whether each vector has a scale."""
        return self in {Precision.INT8, Precision.INT8X2}

    @property
    def has_low_plane(self) -> bool:
        """Whether there are bytes that a scan does not read."""
        return self is Precision.INT8X2

    def scanned_bytes(self, dimension: int) -> int:
        """Bytes of one vector that a scan reads."""
        return {Precision.FLOAT32: 4, Precision.FLOAT16: 2}.get(self, 1) * dimension

    def vector_bytes(self, dimension: int) -> int:
        """Bytes that one vector takes, without its key."""
        beside = _SCALE_BYTES * self.has_scale + dimension * self.has_low_plane
        return self.scanned_bytes(dimension) + beside


@dataclass(frozen=True, eq=False)
class Encoded:
    """Vectors on their way into an index; columns that a precision lacks have no width.

    Attributes:
        scanned: (N, D) float32, what faiss is given to keep: whole numbers for integer forms.
        scale: (N,) or (0,) float32, the value of one step of the high plane.
        low: (N, D) or (0, D) int8, the low plane, in 1/256 of a step.
    """

    scanned: F32
    scale: F32
    low: I8

    @property
    def residual(self) -> F32:
        """(N,) or (0,) float32: the length of what a scan does not see."""
        lengths = np.linalg.norm(self.low.astype(np.float32), axis=1)
        return np.asarray(lengths * self.scale[: len(self.low)] / _FINE_STEPS, np.float32)


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all vectors of a segment, and lets a search know what it has not seen.

    Attributes:
        smallest_scale: of a vector; of floats 1.
        largest_scale: likewise.
        largest_residual: the greatest length of what a scan does not see of a vector.
    """

    smallest_scale: float = _NO_BOUND
    largest_scale: float = 0.0
    largest_residual: float = 0.0

    @classmethod
    def of_all(cls, parts: Sequence[Bounds]) -> Self:
        """The bounds of several segments together."""
        return cls(
            min(part.smallest_scale for part in parts),
            max(part.largest_scale for part in parts),
            max(part.largest_residual for part in parts),
        )

    def including(self, encoded: Encoded) -> Bounds:
        """The bounds of more vectors."""
        return Bounds(
            float(encoded.scale.min(initial=self.smallest_scale)),
            float(encoded.scale.max(initial=self.largest_scale)),
            float(encoded.residual.max(initial=self.largest_residual)),
        )


@dataclass(frozen=True, eq=False)
class ScanProbes:
    """Probes as a scan takes them.

    Attributes:
        values: (P, D) float32; whole numbers for integer forms, whose scan rounds what it gets.
        scale: (P,) float32, by which the scan's products are to be multiplied.
        residual: (P,) float32, the length of what the scan does not see of a probe.
    """

    values: F32
    scale: F32
    residual: F32


def scan_probes(precision: Precision, probes: F32) -> ScanProbes:
    """Prepare probes, (P, D) float32, for a scan of codes of that precision."""
    if not precision.has_scale:
        return ScanProbes(
            probes, np.ones(len(probes), np.float32), np.zeros(len(probes), np.float32)
        )
    largest = np.abs(probes).max(axis=1)
    largest[largest == 0] = 1
    scale = largest / np.float32(_LARGEST)
    whole = np.rint(probes / scale[:, None])
    residual = np.linalg.norm(probes - whole * scale[:, None], axis=1)
    return ScanProbes(whole, scale, residual.astype(np.float32))


def encode(precision: Precision, vectors: F32) -> Encoded:
    """Prepare unit vectors, (N, D) float32, for an index of that precision."""
    none_low = np.empty((0, vectors.shape[1]), np.int8)
    if not precision.has_scale:
        return Encoded(vectors, np.empty(0, np.float32), none_low)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    if precision.has_low_plane:
        largest = np.maximum(largest, np.float32(_USUAL_LARGEST / vectors.shape[1] ** 0.5))
    steps = _LARGEST * (_FINE_STEPS if precision.has_low_plane else 1)
    whole = np.rint(vectors * (steps / largest))
    length = np.linalg.norm(whole, axis=1)
    if not precision.has_low_plane:
        return Encoded(whole, 1 / length, none_low)
    high = np.floor((whole + _HALF_STEP) / _FINE_STEPS)
    low = (whole - _FINE_STEPS * high).astype(np.int8)
    return Encoded(high, _FINE_STEPS / length, low)


def decode(precision: Precision, codes: U8, scale: F32, low: I8) -> F32:
    """The vectors of rows of an index.

    Args:
        precision: of the index.
        codes: (N, B) uint8 as faiss keeps them.
        scale: (N,) float32; not read where the precision has none.
        low: (N, D) int8; not read where the precision has none.

    Returns:
        (N, D) float32.
    """
    if precision is Precision.FLOAT32:
        return codes.view(np.float32)
    if precision is Precision.FLOAT16:
        return _widen(codes.view(np.int16))
    vectors = (codes ^ np.uint8(_SIGN_BIT)).view(np.int8).astype(np.float32)
    if precision.has_low_plane:
        vectors += low * np.float32(1 / _FINE_STEPS)
    vectors *= scale[:, None]
    return vectors


def _widen(halves: npt.NDArray[np.int16]) -> F32:
    """The float32 of finite float16 bits; `astype` takes seven times as long.

    The exponent is moved to where float32 has it, then rescaled by the difference of their biases,
    15 and 127. Subnormal numbers come out right.
    """
    bits = halves.astype(np.int32)
    bits <<= 13
    bits &= np.int32(-0x7000_0001)  # of the copies of the sign, all but the first
    vectors = bits.view(np.float32)
    vectors *= np.float32(2.0**112)
    return vectors


def erased_code(precision: Precision) -> int:
    """The byte that overwrites a removed vector: of floats NaN, which no search returns."""
    return _SIGN_BIT if precision.has_scale else 0xFF


def scan_index(precision: Precision, dimension: int) -> faiss.IndexFlatCodes:
    """An empty faiss index by inner product for codes of that precision."""
    if precision is Precision.FLOAT32:
        return faiss.IndexFlatIP(dimension)
    kind = (
        faiss.ScalarQuantizer.QT_fp16
        if precision is Precision.FLOAT16
        else faiss.ScalarQuantizer.QT_8bit_direct_signed
    )
    return faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
