"""Vectors by key: 1:1 comparison of many pairs at once, and exact 1:N search."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fvs.errors import UsageError
from fvs.matching.checks import (
    check_count,
    check_unit_length,
    check_vectors,
    checked_new_keys,
)
from fvs.matching.hits import Hits
from fvs.matching.index_files import (
    COLUMNS,
    SavedIndex,
    read_columns,
    read_manifest,
    write_index,
)
from fvs.matching.key_table import KeyTable
from fvs.matching.lock import ReadersWriterLock
from fvs.matching.precision import Bounds, Precision
from fvs.matching.segment import NO_KEY, Segment, SegmentColumns
from fvs.matching.threads import limit_faiss_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy.typing as npt

    from fvs.records import F32, Int

__all__ = ["VectorIndex"]

ROWS_PER_BLOCK = 1 << 14
"""Rows that a save copies while additions wait."""

PROBES_PER_ROUND = 256
"""Probes searched at once: what faiss proposes for them takes some megabytes."""


@dataclass(frozen=True)
class _Header:
    """What a saved index says of where it belongs."""

    revision: int
    identity: str


class VectorIndex:
    """Unit vectors by int64 key, in a faiss `IndexIDMap2`.

    Any number of threads may read while one changes it; a change waits for readers to finish and
    holds up later ones while it lasts.

    Attributes:
        revision: of the store, as it was last saved or opened; 0 before.
        identity: of what it belongs to, likewise; empty before.
    """

    def __init__(self, segments: tuple[Segment, ...], table: KeyTable) -> None:
        """Use `empty` or `open`."""
        self._segments = segments
        self._table = table
        self._lock = ReadersWriterLock()
        self._erased = 0
        self.revision = 0
        self.identity = ""

    @classmethod
    def empty(cls, dimension: int, precision: Precision = Precision.FLOAT32) -> Self:
        """An index without vectors.

        Args:
            dimension: D of the embedder.
            precision: what to keep of each vector.
        """
        return cls((Segment(precision, dimension),), KeyTable())

    @classmethod
    def open(cls, folder: Path, *, memory_mapped: bool = True) -> Self:
        """Open a saved index.

        Args:
            folder: that `save` wrote.
            memory_mapped: leave the saved vectors in the files, which are never changed: of those
                removed the bytes are overwritten in memory, and in the files by the next `save`.

        Raises:
            IndexFileError: it is missing, or not what was saved.
        """
        manifest = read_manifest(folder)
        columns = SegmentColumns(**read_columns(folder, manifest, memory_mapped=memory_mapped))
        saved = Segment.restored(manifest.precision, manifest.dimension, columns, manifest.bounds)
        table = KeyTable(expected=len(saved))
        table.insert(saved.keys, np.arange(len(saved)))
        added = Segment(manifest.precision, manifest.dimension)
        index = cls((saved, added), table)
        index.revision, index.identity = manifest.revision, manifest.identity
        return index

    def save(self, folder: Path, *, revision: int, identity: str) -> None:
        """Write the index to a folder, in place of one that is there; others may read and add.

        Args:
            folder: is made where it is missing. One process at a time saves to it.
            revision: of the store that it is in step with; `open` gives it back.
            identity: of what it belongs to; `open` gives it back.

        Raises:
            OSError: the folder cannot be written; what was there before still is.
        """
        with self._lock.reading():
            erased = self._erased
            counts = [len(segment) for segment in self._segments]
            rows = self._live_rows(counts)
        header = _Header(revision, identity)
        self._write(folder, header, rows, self._lock.reading)
        with self._lock.reading():
            if self._erased != erased:  # one of them half written, perhaps: again, undisturbed
                self._write(folder, header, self._live_rows(counts), nullcontext)
        self.revision, self.identity = revision, identity

    def _write(
        self,
        folder: Path,
        header: _Header,
        rows: list[Int],
        guard: Callable[[], AbstractContextManager[None]],
    ) -> None:
        manifest = SavedIndex(
            precision=self.precision,
            dimension=self.dimension,
            vectors=sum(map(len, rows)),
            revision=header.revision,
            identity=header.identity,
            bounds=Bounds.of_all([segment.bounds for segment in self._segments]),
        )
        write_index(folder, manifest, {name: self._blocks(name, rows, guard) for name in COLUMNS})

    def _blocks(
        self, name: str, rows: list[Int], guard: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[npt.NDArray[Any]]:
        """A column of rows of each segment, some at a time."""
        for segment, chosen in zip(self._segments, rows, strict=True):
            for start in range(0, len(chosen), ROWS_PER_BLOCK):
                with guard():
                    block = segment.column(name, chosen[start : start + ROWS_PER_BLOCK])
                yield block

    def _live_rows(self, counts: Sequence[int]) -> list[Int]:
        """Of the first rows of each segment, those with a vector."""
        return [
            np.flatnonzero(segment.keys[:count] != NO_KEY)
            for segment, count in zip(self._segments, counts, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._table)

    @property
    def nbytes(self) -> int:
        """Bytes of all vectors, with keys and the table of keys."""
        rows = sum(map(len, self._segments))
        per_row = self.precision.vector_bytes(self.dimension) + self._segments[0].keys.itemsize
        return rows * per_row + self._table.nbytes

    @property
    def dimension(self) -> int:
        """D."""
        return self._segments[0].dimension

    @property
    def precision(self) -> Precision:
        """What is kept of each vector."""
        return self._segments[0].precision

    def keys(self) -> Int:
        """(N,) int64: the keys of all vectors, in no order."""
        with self._lock.reading():
            keys: Int = np.concatenate([segment.keys for segment in self._segments])
        live: Int = keys[keys != NO_KEY]
        return live

    def add(self, keys: npt.ArrayLike, vectors: F32) -> None:
        """Add vectors.

        Args:
            keys: (N,) int64, not negative, none twice and none that is there.
            vectors: (N, D) float32 of length 1.

        Raises:
            UsageError: something of this does not hold; nothing was added.
        """
        check_vectors(vectors, self.dimension, "vectors")
        check_unit_length(vectors)
        new = checked_new_keys(keys, len(vectors))
        with self._lock.writing():
            if (self._table.rows_of(new) != NO_KEY).any():
                raise UsageError("a key to add is in the index already")
            first = sum(map(len, self._segments))
            self._segments[-1].append(new, vectors)
            self._table.insert(new, first + np.arange(len(new)))

    def remove(self, keys: npt.ArrayLike) -> int:
        """Remove vectors; their bytes in the index are overwritten.

        Args:
            keys: (K,) int64; unknown ones are left out.

        Returns:
            How many were removed.
        """
        unique = np.unique(np.asarray(keys, np.int64))
        with self._lock.writing():
            rows = self._table.rows_of(unique)
            known = rows != NO_KEY
            self._table.discard(unique[known])
            self._erased += int(known.sum())
            for segment, _, local in self._by_segment(rows[known]):
                segment.erase(local)
        return int(known.sum())

    def score_pairs(self, probes: F32, probe_rows: npt.ArrayLike, keys: npt.ArrayLike) -> F32:
        """Compare pairs of a probe and a key: verification, many at once.

        Args:
            probes: (P, D) float32.
            probe_rows: (K,) the row of `probes` in each pair.
            keys: (K,) the key in each pair.

        Returns:
            (K,) float32 cosines in -1..1; NaN where the key is unknown.

        Raises:
            UsageError: another shape or type, a number that is not finite, a row that is not there.
        """
        check_vectors(probes, self.dimension, "probes")
        chosen, wanted = np.asarray(probe_rows, np.int64), np.asarray(keys, np.int64)
        if chosen.ndim != 1 or chosen.shape != wanted.shape:
            raise UsageError(f"{chosen.shape} probe rows but {wanted.shape} keys")
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(probes):
            raise UsageError(f"probe rows lie in 0 to {len(probes) - 1}")
        scores = np.full(len(wanted), np.nan, np.float32)
        with self._lock.reading():
            for segment, pairs, rows in self._by_segment(self._table.rows_of(wanted)):
                scores[pairs] = segment.scores(probes, chosen[pairs], rows)
        return scores

    def search(self, probes: F32, k: int, threshold: float = -1.0, *, threads: int = 1) -> Hits:
        """Find the vectors most like each probe: identification, exact.

        Args:
            probes: (P, D) float32.
            k: hits wanted of each probe, at least 1.
            threshold: lowest cosine of a hit.
            threads: that share the probes; one probe is searched by one thread.

        Returns:
            At most k hits a probe, all at or above the threshold; their scores are those of
            `score_pairs`.

        Raises:
            UsageError: another shape or type, a number that is not finite, k below 1.
        """
        check_vectors(probes, self.dimension, "probes")
        check_count(k)
        parts = []
        with self._lock.reading(), limit_faiss_threads(threads):
            for start in range(0, len(probes), PROBES_PER_ROUND):
                some = probes[start : start + PROBES_PER_ROUND]
                found = [segment.search(some, k, threshold) for segment in self._segments]
                best = Hits.best(found, k, threshold)
                parts.append(Hits(best.probe_rows + start, best.keys, best.scores))
        return Hits.best(parts, k, threshold)

    def vectors_of(self, keys: npt.ArrayLike) -> F32:
        """The vectors of keys as they are stored, decoded.

        Args:
            keys: (K,) int64.

        Returns:
            (K, D) float32; NaN where the key is unknown.
        """
        wanted = np.asarray(keys, np.int64)
        vectors = np.full((len(wanted), self.dimension), np.nan, np.float32)
        with self._lock.reading():
            for segment, places, rows in self._by_segment(self._table.rows_of(wanted)):
                vectors[places] = segment.vectors(rows)
        return vectors

    def _by_segment(self, rows: Int) -> Iterator[tuple[Segment, Int | slice, Int]]:
        """Split known rows: the segment, where in `rows` its rows stand, and their number there."""
        if len(self._segments) == 1 and (rows != NO_KEY).all():
            yield self._segments[0], slice(None), rows
            return
        first = 0
        for segment in self._segments:
            there = np.flatnonzero((first <= rows) & (rows < first + len(segment)))
            yield segment, there, rows[there] - first
            first += len(segment)
