"""Vectors in one faiss index, and an exact search through it, whatever their precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import faiss
import numpy as np

from fvs.matching.column import Column
from fvs.matching.hits import Hits
from fvs.matching.precision import (
    Bounds,
    Precision,
    decode,
    encode,
    erased_code,
    scan_index,
    scan_probes,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.matching.precision import I8, ScanProbes
    from fvs.records import F32, U8, Bool, Int

__all__ = ["NO_KEY", "Segment", "SegmentColumns", "cosines"]

NO_KEY = -1
"""What faiss calls a missing result; also the key of a removed vector."""

PAIRS_PER_BLOCK = 512
"""Pairs compared at once: the vectors of a block stay in the processor's cache."""

_ROUNDING = 1e-5
"""By how much two ways to add up one cosine of unit vectors differ at most, with a wide margin."""

_PROPOSED_BEYOND_K = {False: 16, True: 1000}
"""Results that faiss is asked for beyond k. Without a scale, its order is ours up to rounding; with
one it is not, and the best thousand of a million settle nearly every search in one scan."""

_PROPOSED_AGAIN = 16_384
"""Results that faiss is asked for where the first did not settle a search."""


def cosines(left: F32, right: F32) -> F32:
    """Row by row, (N, D) and (N, D) -> (N,); a row's result does not depend on its batch."""
    products: F32 = np.vecdot(left, right)
    return np.minimum(np.maximum(products, -1.0, out=products), 1.0, out=products)


@dataclass(frozen=True, eq=False)
class SegmentColumns:
    """Rows as they are stored; columns that a precision lacks have no rows.

    Attributes:
        keys: (N,) int64.
        codes: (N, B) uint8, what faiss scans.
        scale: (N,) float32.
        low: (N, D) int8.
    """

    keys: Int
    codes: U8
    scale: F32
    low: I8


class Segment:
    """Vectors in rows, in the order of addition; a removed one leaves an empty row.

    faiss scans and proposes. Every score is then computed from the stored vectors by the one
    function that 1:1 comparison uses, so that a pair has one score however it was found.
    """

    def __init__(self, precision: Precision, dimension: int) -> None:
        """Make an empty segment."""
        self.precision = precision
        self.dimension = dimension
        self._flat = scan_index(precision, dimension)
        self._index = faiss.IndexIDMap2(self._flat)
        self._scale = Column(np.empty(0, np.float32))
        self._low = Column(np.empty((0, dimension), np.int8))
        self.bounds = Bounds() if precision.has_scale else Bounds(smallest_scale=1, largest_scale=1)
        self._look()

    @classmethod
    def restored(
        cls, precision: Precision, dimension: int, columns: SegmentColumns, bounds: Bounds
    ) -> Self:
        """A segment of columns that `columns` gave, in memory or mapped; it cannot be added to."""
        segment = cls(precision, dimension)
        # faiss looks at the memory as it is; a vector of ours is the owner that it asks for.
        vector: Any = segment._flat.codes  # whose methods faiss' own stubs lack
        segment._flat.codes = vector.create_view(
            faiss.swig_ptr(columns.codes), columns.codes.size, vector.owner
        )
        segment._flat.ntotal = segment._index.ntotal = len(columns.keys)
        faiss.copy_array_to_vector(columns.keys, segment._index.id_map)
        segment._index.construct_rev_map()
        segment._scale, segment._low = Column(columns.scale), Column(columns.low)
        segment.bounds = bounds
        segment._look()
        segment._codes = columns.codes  # the same memory, which this keeps alive
        return segment

    def __len__(self) -> int:
        """Rows, empty ones included."""
        return int(self._index.ntotal)

    def append(self, keys: Int, vectors: F32) -> None:
        """Add unit vectors (N, D) under new keys (N,)."""
        encoded = encode(self.precision, vectors)
        self._index.add_with_ids(encoded.scanned, keys)
        self._scale.extend(encoded.scale)
        self._low.extend(encoded.low)
        if self.precision.has_scale:
            self.bounds = self.bounds.including(encoded)
        self._look()

    def erase(self, rows: Int) -> None:
        """Overwrite the vectors of rows and forget their keys."""
        self._codes[rows] = erased_code(self.precision)
        self.keys[rows] = NO_KEY
        if self.precision.has_scale:
            self._scale.values[rows] = 0
        if self.precision.has_low_plane:
            self._low.values[rows] = 0

    def vectors(self, rows: Int) -> F32:
        """The stored vectors of rows, (K,) -> (K, D)."""
        return decode(
            self.precision,
            _taken(self._codes, rows),
            _taken(self._scale.values, rows),
            _taken(self._low.values, rows),
        )

    def column(self, name: str, rows: Int) -> npt.NDArray[Any]:
        """A copy of rows of one of the `SegmentColumns`."""
        return _taken(self._columns()[name], rows)

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "keys": self.keys,
            "codes": self._codes,
            "scale": self._scale.values,
            "low": self._low.values,
        }

    def scores(self, probes: F32, probe_rows: Int, rows: Int) -> F32:
        """The cosine of each probe row with the stored vector of each row, (K,)."""
        scores = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), PAIRS_PER_BLOCK):
            block = slice(start, start + PAIRS_PER_BLOCK)
            left = probes.take(probe_rows[block], axis=0)
            scores[block] = cosines(left, self.vectors(rows[block]))
        return scores

    def search(self, probes: F32, k: int, threshold: float) -> Hits:
        """The best k of each probe at or above the threshold.

        Exact: what faiss did not propose has a product no higher than the last that it did. Where
        that, by the largest scale and with all that the scan did not see, could still belong to the
        best k, a second scan fetches everything that could.
        """
        proposed = min(len(self), k + _PROPOSED_BEYOND_K[self.precision.has_scale])
        if not proposed or not len(probes):
            return Hits.best([], k, threshold)
        scan = scan_probes(self.precision, probes)
        products, rows = self._flat.search(scan.values, proposed)
        unseen = self._unseen(probes, scan)
        probe_rows, places = np.nonzero(
            self._promising(products, rows, scan, unseen, (k, threshold))
        )
        found = self._judged(probes, probe_rows, rows[probe_rows, places])
        found = Hits.best([found], k, threshold)
        if proposed == len(self):
            return found
        needed = _floors(found, len(probes), k, threshold) - unseen
        unsettled = self._scaled(products[:, -1] * scan.scale) >= needed
        again = [
            self._all_above(probes, scan, int(row), float(needed[row]))
            for row in np.flatnonzero(unsettled)
        ]
        return Hits.best([found.of(~unsettled), *again], k, threshold)

    def _promising(
        self, products: F32, rows: Int, scan: ScanProbes, unseen: F32, wanted: tuple[int, float]
    ) -> Bool:
        """(P, R) which proposals could be among the best k: most need not be judged."""
        k, threshold = wanted
        about = products * scan.scale[:, None]
        if self.precision.has_scale:
            about *= self._scale.values[rows]
        about[(rows == NO_KEY) | (self.keys[rows] == NO_KEY)] = -np.inf
        floor = np.full(len(about), threshold) - unseen
        if k < about.shape[1]:
            floor = np.maximum(floor, np.partition(about, -k, axis=1)[:, -k] - 2 * unseen)
        return np.asarray(about >= floor[:, None])

    def _unseen(self, probes: F32, scan: ScanProbes) -> F32:
        """(P,) by how much a cosine may exceed what a scan says it is (Cauchy and Schwarz)."""
        of_vectors = np.linalg.norm(probes, axis=1) * (self.bounds.largest_residual + _ROUNDING)
        of_probes = scan.residual * (1 + self.bounds.largest_residual)
        return np.asarray(of_vectors + of_probes, np.float32)

    def _scaled(self, products: F32) -> F32:
        """The highest score of vectors whose product with a probe is at most so high."""
        smallest, largest = self.bounds.smallest_scale, self.bounds.largest_scale
        return np.asarray(products * np.where(products > 0, largest, smallest), np.float32)

    def _all_above(self, probes: F32, scan: ScanProbes, probe_row: int, needed: float) -> Hits:
        """All that could score so much, one probe against every row."""
        smallest, largest = self.bounds.smallest_scale, self.bounds.largest_scale
        product = needed / (largest if needed > 0 else smallest) / scan.scale[probe_row]
        radius = float(np.nextafter(np.float32(product), np.float32(-np.inf)))
        one = scan.values[probe_row : probe_row + 1]
        # faiss' range search takes ten times as long as a search; it is for what remains.
        products, rows = self._flat.search(one, min(len(self), _PROPOSED_AGAIN))
        chosen = rows[products > radius]
        if len(self) > _PROPOSED_AGAIN and products[0, -1] > radius:
            _, _, chosen = self._flat.range_search(one, radius)
        return self._judged(probes, np.full(len(chosen), probe_row), chosen)

    def _judged(self, probes: F32, probe_rows: Int, rows: Int) -> Hits:
        """What faiss proposed, with our scores; missing results and empty rows are left out."""
        there = rows != NO_KEY
        there[there] = self.keys[rows[there]] != NO_KEY
        probe_rows, rows = probe_rows[there], rows[there]
        return Hits(probe_rows, self.keys[rows], self.scores(probes, probe_rows, rows))

    def _look(self) -> None:
        """Look anew at the memory of faiss, which an addition may have moved."""
        rows = len(self)
        self._codes = _view(self._flat.codes, rows * self._flat.code_size, np.uint8)
        self._codes = self._codes.reshape(rows, self._flat.code_size)
        self.keys = _view(self._index.id_map, rows, np.int64)


def _floors(found: Hits, probes: int, k: int, threshold: float) -> F32:
    """(P,) the score that a further hit of each probe would have to reach."""
    floors = np.full(probes, threshold, np.float32)
    counts = np.bincount(found.probe_rows, minlength=probes)
    last = np.cumsum(counts) - 1
    full = counts == k
    floors[full] = found.scores[last[full]]
    return floors


def _taken(values: npt.NDArray[Any], rows: Int) -> npt.NDArray[Any]:
    """Rows of a column; nothing of one that the precision lacks."""
    return values.take(rows, axis=0) if len(values) else values


def _view(vector: Any, length: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:  # noqa: ANN401 - one of faiss' many vector classes
    """The memory of a vector of faiss as an array, until it moves."""
    return faiss.rev_swig_ptr(vector.data(), length) if length else np.empty(0, dtype)
