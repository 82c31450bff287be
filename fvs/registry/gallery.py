"""The gallery: all active templates of a store, rotated and in the clear, in memory.

It is disposable. The store is the truth, and the gallery is brought in step with it by revisions:
whoever has seen all changes up to r asks for those since (`RecordStore.changed_since`). A process
that dies between the store and the gallery loses nothing but memory.

Unsealing happens outside the lock, so readers wait for a change only while a page of vectors is
copied in. Decoys, under keys that no record has, stand in for subjects that are unknown: those cost
the same work as others, so that the time of an answer does not tell who is enrolled.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.matching.hits import Hits
from fvs.matching.lock import ReadersWriterLock
from fvs.matching.segment import cosines
from fvs.registry.errors import MissingKeyError
from fvs.registry.records import RecordStatus
from fvs.registry.roster import Columns, Roster
from fvs.registry.vault import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fvs.matching.approximate import ApproximateIndex
    from fvs.matching.backend import VectorBackend
    from fvs.records import F32, U8, Bool, Int
    from fvs.registry.records import StoredRecord
    from fvs.registry.roster import Extent
    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault

__all__ = ["Gallery", "GalleryHits", "PairScores", "Shortcut", "score_stored"]

PAGE = 4096
"""Records that are read, unsealed and taken in at a time: 2 kB each."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PREFIX = slice(0, 8)  # of a pseudonym


class PairScores(NamedTuple):
    """Scores of probes with the templates of the subjects that they claim to be.

    Attributes:
        scores: (K,) float32 cosines; NaN where the template is unreadable.
        rows: (K,) int64 row of each, ascending; of one row the oldest enrolment first. Every row
            is among them.
        known: (N,) bool, False where the row's subject has no template: its score is a decoy's.
    """

    scores: F32
    rows: Int
    known: Bool


@dataclass(frozen=True, eq=False)
class GalleryHits:
    """Templates that probes resemble.

    Attributes:
        probe_rows: (H,) int64.
        scores: (H,) float32, per probe best first.
        subjects: (H, 32) uint8 pseudonyms.
        record_ids: (H, 16) uint8.
    """

    probe_rows: Int
    scores: F32
    subjects: U8
    record_ids: U8


@dataclass(frozen=True, eq=False)
class Shortcut:
    """Finds most of what a gallery held at a moment without looking at all of it.

    Its index judges what it proposes by the gallery's own vectors, so what was removed since is not
    found; what came since is beyond its extent, and is scanned.

    Attributes:
        index: over the gallery's vectors.
        extent: the moment.
    """

    index: ApproximateIndex
    extent: Extent


class Gallery:
    """Whose templates are where, and how they compare. Safe to use from many threads."""

    def __init__(self, vault: Vault, index: VectorBackend) -> None:
        """Nobody yet but the decoys, which an index that is not empty has already."""
        self.vault = vault
        self.revision = 0
        self.index = index
        self._roster = Roster()
        self._lock = ReadersWriterLock()
        self._changing = threading.Lock()
        self._damaged: set[int] = set()
        decoys = vault.decoys()
        self._decoys = len(decoys)
        if not len(index):
            index.add(np.arange(len(decoys), dtype=np.int64), decoys)

    @classmethod
    def restored(cls, vault: Vault, index: VectorBackend, columns: Columns, revision: int) -> Self:
        """A gallery from an index that holds decoys and people already, and its roster."""
        gallery = cls(vault, index)
        gallery._roster.append(columns, gallery._roster.room_for(len(columns)))
        gallery._roster.adopt(gallery._roster.tables())
        gallery._damaged = set(np.setdiff1d(columns.keys, index.keys()).tolist())
        gallery.revision = revision
        return gallery

    @contextmanager
    def unchanging(self) -> Iterator[tuple[Columns, int]]:
        """All rows, and the revision; readers go on, changes wait."""
        with self._changing:
            yield self._roster.columns(), self.revision

    def __len__(self) -> int:
        return len(self._roster)

    @property
    def damaged(self) -> int:
        """How many active records do not open."""
        return len(self._damaged)

    def catch_up(
        self,
        store: RecordStore,
        *,
        limit: int = PAGE,
        on_page: Callable[[int], None] | None = None,
    ) -> int:
        """Take in all changes of the store since `revision`.

        Args:
            store: of this gallery's registry.
            limit: records at a time.
            on_page: told how many records were taken in so far.

        Returns:
            How many records had changed.

        Raises:
            MissingKeyError: the ring lacks a key.
            StoreError: the store refuses.
        """
        done = 0
        with self._changing:
            while page := store.changed_since(self.revision, limit):
                self._take_in(page)
                done += len(page)
                if on_page is not None:
                    on_page(done)
        return done

    def try_page(self, store: RecordStore, limit: int) -> bool:
        """Take in one page unless another thread is at it; whether the gallery is now in step.

        It is not where the ring lacks a key that another process has begun to use.
        """
        if not self._changing.acquire(blocking=False):
            return False
        try:
            page = store.changed_since(self.revision, limit)
            if page:
                self._take_in(page)
            return self.revision >= store.revision()
        except MissingKeyError:
            return False
        finally:
            self._changing.release()

    def _take_in(self, page: Sequence[StoredRecord]) -> None:
        """Apply whole revisions; `_changing` is held, so nobody else changes the roster."""
        rows = self._roster.rows_of_records(
            [record.subject for record in page], [record.record_id for record in page]
        )
        active = np.array([record.status == RecordStatus.ACTIVE for record in page], np.bool_)
        added = [page[i] for i in np.flatnonzero(active & (rows < 0)).tolist()]
        removed = rows[~active & (rows >= 0)]
        columns = Columns.of(
            [record.subject for record in added],
            [record.record_id for record in added],
            np.array([(r.enrolled_at - _EPOCH) // _MICROSECOND for r in added], np.int64),
        )
        self._change(columns, self.vault.open(added), removed)
        self.revision = page[-1].revision

    def fill(self, columns: Columns, rotated: F32) -> None:
        """Take in templates that are unsealed already, from elsewhere than the store.

        Args:
            columns: N rows, none of which is here.
            rotated: (N, D) float32 unit vectors.
        """
        with self._changing:
            everything = Opened(rotated, np.ones(len(columns), np.bool_))
            self._change(columns, everything, np.zeros(0, np.int64))

    def _change(self, columns: Columns, opened: Opened, removed: Int) -> None:
        columns.keys[:] = self._roster.free_keys(columns.keys)
        gone = self._roster.at(removed).keys
        room = self._roster.room_for(len(columns))
        with self._lock.writing():
            # A server may have failed after it took some of a page, which is now sent again.
            self.index.remove(np.append(gone, columns.keys))
            self.index.add(columns.keys[opened.readable], opened.vectors[opened.readable])
            self._roster.remove(removed)
            self._roster.append(columns, room)
        self._damaged |= set(columns.keys[~opened.readable].tolist())
        self._damaged -= set(gone.tolist())
        if self._roster.crowded:
            tables = self._roster.tables()
            with self._lock.writing():
                self._roster.adopt(tables)

    def score(self, subjects: Sequence[bytes], rotated: F32) -> PairScores:
        """Compare probe i with the templates of subject i.

        Args:
            subjects: N pseudonyms.
            rotated: (N, D) float32.
        """
        with self._lock.reading():
            rows, found = self._roster.find(subjects)
            keys = self._roster.keys_at(found)
            known = np.zeros(len(subjects), np.bool_)
            known[rows] = True
            if not known.all():
                rows, keys = self._with_decoys(subjects, known, rows, keys)
            return PairScores(self.index.score_pairs(rotated, rows, keys), rows, known)

    def _with_decoys(
        self, subjects: Sequence[bytes], known: Bool, rows: Int, keys: Int
    ) -> tuple[Int, Int]:
        unknown = np.flatnonzero(~known)
        prefixes = [int.from_bytes(subjects[row][_PREFIX], "little") for row in unknown.tolist()]
        decoys = np.array([prefix % self._decoys for prefix in prefixes], np.int64)
        rows, keys = np.append(rows, unknown), np.append(keys, decoys)
        order = np.argsort(rows, kind="stable")
        return rows[order], keys[order]

    def search(
        self, rotated: F32, k: int, threshold: float, shortcut: Shortcut | None = None
    ) -> GalleryHits:
        """The templates most like each probe; decoys are nobody's and are left out.

        Args:
            rotated: (P, D) float32.
            k: templates of each probe.
            threshold: lowest cosine of a hit.
            shortcut: searches what it covers; without it everything is scanned.
        """
        with self._lock.reading():
            hits = self._find(rotated, k + self._decoys, threshold, shortcut)
            return self._named(hits, k)

    def _find(self, rotated: F32, k: int, threshold: float, shortcut: Shortcut | None) -> Hits:
        if shortcut is None:
            return self.index.search(rotated, k, threshold)
        proposed = shortcut.index.search(rotated, k, threshold)
        later = self._roster.keys_since(shortcut.extent)
        scanned = [self._scanned(rotated, row, later) for row in range(len(rotated))]
        return Hits.best([proposed, *scanned], k, threshold)

    def _scanned(self, rotated: F32, row: int, keys: Int) -> Hits:
        """One probe against these keys, all of them."""
        scores = self.index.score_pairs(rotated[row : row + 1], np.zeros_like(keys), keys)
        return Hits(np.full_like(keys, row), keys, scores)

    def extent(self) -> tuple[Int, Extent]:
        """(N,) keys of all templates, and the moment that they are of."""
        with self._lock.reading():
            return self._roster.columns().keys, self._roster.extent

    def changes_since(self, extent: Extent) -> int:
        """How many templates came or went since."""
        now = self._roster.extent
        return now.rows - extent.rows + now.removed - extent.removed

    def _named(self, hits: Hits, k: int) -> GalleryHits:
        rows = self._roster.rows_of_keys(hits.keys)
        real = rows >= 0
        probe_rows, scores, rows = hits.probe_rows[real], hits.scores[real], rows[real]
        starts = np.searchsorted(probe_rows, probe_rows)
        among_best = np.arange(len(rows)) - starts < k
        columns = self._roster.at(rows[among_best])
        return GalleryHits(
            probe_rows=probe_rows[among_best],
            scores=scores[among_best],
            subjects=columns.subjects,
            record_ids=columns.record_ids,
        )

    def members(self) -> Columns:
        """Whose templates are here, those that do not open left out."""
        with self._lock.reading():
            columns = self._roster.columns()
        return columns.take(~np.isin(columns.keys, list(self._damaged)))

    def vectors_of(self, keys: Int) -> tuple[Int, F32]:
        """Rotated vectors of keys of `members`.

        Returns:
            (M,) the keys that are still here, in their order, and their (M, D) vectors.
        """
        with self._lock.reading():
            here = keys[self._roster.rows_of_keys(keys) >= 0]
            return here, self.index.vectors_of(here)


def score_stored(
    store: RecordStore, vault: Vault, subjects: Sequence[bytes], rotated: F32
) -> PairScores:
    """Like `Gallery.score`, from the store: one query, then unsealing.

    An unknown subject costs the unsealing of a decoy.
    """
    found = store.of_subjects(subjects)
    known = np.array([bool(records) for records in found], np.bool_)
    records = [record for group in found for record in group or (vault.decoy_record,)]
    rows = np.array(
        [row for row, group in enumerate(found) for _ in group or (vault.decoy_record,)], np.int64
    )
    return PairScores(cosines(rotated.take(rows, axis=0), vault.open(records).vectors), rows, known)
