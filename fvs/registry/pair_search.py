"""Everybody against everybody: pairs of different people whose templates look alike.

Where searches scan, every pair is scored once, in square tiles (`fvs.metrics.tiles`), here or by
the workers of a bulk engine: none is missed, however many templates or look-alikes a person has.
Where searches use an approximate index, each template is searched for, and what such a search
misses is missed here too, unless the other template's search finds it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.bulk.all_pairs import BULK_TILE_ROWS, score_tiles
from fvs.matching.pairs import score_all_pairs
from fvs.metrics.tiles import TILE_ROWS, tile_count, tiles_of
from fvs.registry.duplicates import DuplicatePair
from fvs.registry.reviews import review_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.bulk import BulkEngine
    from fvs.matching.plan import SearchPlan
    from fvs.metrics.tiles import FoundPairs, Tile
    from fvs.records import F32, Int
    from fvs.registry.gallery import Gallery, GalleryHits
    from fvs.registry.roster import Columns
    from fvs.registry.searching import Finder

__all__ = ["DuplicatePairs", "find_pairs"]

_PROBES_AT_ONCE = 256
_FIRST_LOOK = 32
"""Hits of each template that are asked for at first; where all are found, more are."""


class _People(NamedTuple):
    """Templates that are compared, and their vectors."""

    columns: Columns
    vectors: F32

    def pair(self, first: int, second: int, score: float, rank: int) -> DuplicatePair:
        subjects, records = self.columns.subjects, self.columns.record_ids
        return DuplicatePair(
            first_subject=subjects[first].tobytes(),
            second_subject=subjects[second].tobytes(),
            first_record=records[first].tobytes(),
            second_record=records[second].tobytes(),
            similarity=score,
            rank=rank,
            gallery_size=len(self.columns),
        )


class _Tiles(NamedTuple):
    """Tiles in the order of `tiles_of`, each with what it holds, as it is done."""

    scored: Iterator[tuple[Tile, FoundPairs]]
    total: int


class DuplicatePairs(Iterator[DuplicatePair]):
    """Pairs as they are found.

    Attributes:
        plan: how they are searched for, and why; None where a server holds the vectors, whose pairs
            are all scored.
    """

    def __init__(self, plan: SearchPlan | None, pairs: Iterator[DuplicatePair]) -> None:
        """Use `find_pairs`."""
        self.plan = plan
        self._pairs = pairs

    def __next__(self) -> DuplicatePair:
        return next(self._pairs)


def find_pairs(
    finder: Finder,
    threshold: float,
    on_progress: Callable[[int, int], None],
    bulk: BulkEngine | None = None,
) -> DuplicatePairs:
    """Pairs of templates of different subjects that score `threshold` or more, each once.

    Args:
        finder: of the gallery.
        threshold: lowest cosine of a pair.
        on_progress: told how many parts of the work are done, of how many.
        bulk: scores the tiles; None does it in this process. Its workers read rotated vectors in
            the clear from a private temporary folder, which is there while they work.
    """
    return DuplicatePairs(finder.plan, _pairs(finder, threshold, on_progress, bulk))


def _pairs(
    finder: Finder,
    threshold: float,
    on_progress: Callable[[int, int], None],
    bulk: BulkEngine | None,
) -> Iterator[DuplicatePair]:
    people = _people(finder.gallery)
    if finder.shortcut is not None:
        yield from _by_neighbours(finder, people, threshold, on_progress)
        return
    with _scored_tiles(people.vectors, threshold, bulk) as tiles:
        yield from _by_tiles(people, tiles, on_progress)


def _people(gallery: Gallery) -> _People:
    """All that open and were not removed meanwhile."""
    members = gallery.members()
    keys, vectors = gallery.vectors_of(members.keys)
    return _People(members.take(np.isin(members.keys, keys)), vectors)


@contextmanager
def _scored_tiles(vectors: F32, threshold: float, bulk: BulkEngine | None) -> Iterator[_Tiles]:
    if bulk is None:
        found = score_all_pairs(vectors, threshold)
        yield _tiles(len(vectors), TILE_ROWS, found)
        return
    with tempfile.TemporaryDirectory(prefix="fvs-pairs-") as folder:
        path = Path(folder) / "gallery.npy"
        np.save(path, vectors)
        yield _tiles(len(vectors), BULK_TILE_ROWS, score_tiles(bulk, path, threshold))


def _tiles(count: int, tile_rows: int, found: Iterator[FoundPairs]) -> _Tiles:
    tiles = tiles_of(count, tile_rows)
    return _Tiles(zip(tiles, found, strict=True), tile_count(count, tile_rows))


def _by_tiles(
    people: _People, tiles: _Tiles, on_progress: Callable[[int, int], None]
) -> Iterator[DuplicatePair]:
    ranks, done = _Ranks(), 0
    for first, row_of_tiles in groupby(tiles.scored, key=lambda scored: scored[0].first):
        parts, end = [], first
        for tile, found in row_of_tiles:
            parts.append(found)
            end = first + tile.rows
            done += 1
            on_progress(done, tiles.total)
        rows, scores = _of_different_people(people, parts)
        places = ranks.of(rows, scores, end)
        columns = (*rows.T.tolist(), scores.tolist(), places.tolist())
        for one, other, score, rank in zip(*columns, strict=True):
            yield people.pair(one, other, score, rank)


def _of_different_people(people: _People, parts: list[FoundPairs]) -> tuple[Int, F32]:
    rows = np.concatenate([part.rows for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    subjects = people.columns.subjects
    differ = (subjects[rows[:, 0]] != subjects[rows[:, 1]]).any(axis=1)
    return rows[differ], scores[differ]


class _Ranks:
    """The place of the second of each pair among all that look like the first.

    Tiles come by their rows: once a block's have come all pairs of its rows are known, as those
    with earlier rows came with these. Scores are kept for rows that are still to come.
    """

    def __init__(self) -> None:
        self._rows = np.empty(0, np.int64)
        self._scores = np.empty(0, np.float32)

    def of(self, rows: Int, scores: F32, end: int) -> Int:
        """(P,) ranks from 1; all pairs of rows below `end` were given now or before."""
        every_row = np.concatenate([rows[:, 0], self._rows, rows[:, 1]])
        every_score = np.concatenate([scores, self._scores, scores])
        known = every_row < end
        self._rows, self._scores = every_row[~known], every_score[~known]
        owners, values = every_row[known], every_score[known]
        order = np.lexsort((-values, owners))
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order)) - np.searchsorted(owners[order], owners[order])
        return places[: len(rows)] + 1


def _by_neighbours(
    finder: Finder,
    people: _People,
    threshold: float,
    on_progress: Callable[[int, int], None],
) -> Iterator[DuplicatePair]:
    seen: set[bytes] = set()
    count = len(people.columns)
    for start in range(0, count, _PROBES_AT_ONCE):
        some = people.vectors[start : start + _PROBES_AT_ONCE]
        hits = finder.search_all(some, threshold, _FIRST_LOOK)
        for pair in _pairs_of(people, start, hits):
            name = review_id_of(pair.first_record, pair.second_record)
            if name not in seen:
                seen.add(name)
                yield pair
        on_progress(start + len(some), count)


def _pairs_of(people: _People, start: int, hits: GalleryHits) -> Iterator[DuplicatePair]:
    """Pairs of probes, which are rows of `people` from `start`, with whom they hit."""
    columns = people.columns
    foreign = np.flatnonzero(
        (hits.subjects != columns.subjects[start + hits.probe_rows]).any(axis=1)
    )
    rows = hits.probe_rows[foreign]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    for i, row, rank in zip(foreign.tolist(), rows.tolist(), ranks.tolist(), strict=True):
        yield DuplicatePair(
            first_subject=columns.subjects[start + row].tobytes(),
            second_subject=hits.subjects[i].tobytes(),
            first_record=columns.record_ids[start + row].tobytes(),
            second_record=hits.record_ids[i].tobytes(),
            similarity=float(hits.scores[i]),
            rank=rank,
            gallery_size=len(columns),
        )
