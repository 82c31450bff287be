"""Which rows of the gallery are whose: pseudonym -> rows -> keys of the vector index.

Kept in arrays, 76 bytes a template and 20 for each of two tables, because a dictionary of 66
million pseudonyms takes several times as much. Rows are only ever appended; a removed one stays
behind empty until the gallery is built again. What was appended since the tables were made is in
two small dictionaries; `tables` and `adopt` make new ones once these have grown.

One thread changes a roster at a time, and only under the gallery's lock; `tables` and `room_for`,
which take long, change nothing and need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from fvs.registry.hash_table import U64, HashTable
from fvs.registry.rows import RECORD_ID_BYTES, SUBJECT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fvs.records import U8, Bool, Int

__all__ = ["RESERVED_KEYS", "Columns", "Extent", "Roster", "Tables", "as_rows"]

_MIN_RECENT = 4096
_RECENT_SHARE = 8
"""New tables are made when an eighth of the rows is in none."""

RESERVED_KEYS = 64
"""Index keys below are no record's; a power of two."""

_ONE_BIT = np.uint64(1)


@dataclass(frozen=True, eq=False)
class Columns:
    """What is kept of templates, one row each.

    Attributes:
        subjects: (N, 32) uint8 pseudonyms.
        record_ids: (N, 16) uint8.
        keys: (N,) int64, of the vector index.
        enrolled_us: (N,) int64, microseconds since 1970.
        present: (N,) bool, False once removed.
    """

    subjects: U8
    record_ids: U8
    keys: Int
    enrolled_us: Int
    present: Bool

    @classmethod
    def empty(cls, rows: int) -> Self:
        """Room for `rows`."""
        return cls(
            np.zeros((rows, SUBJECT_BYTES), np.uint8),
            np.zeros((rows, RECORD_ID_BYTES), np.uint8),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.bool_),
        )

    @classmethod
    def of(cls, subjects: Sequence[bytes], record_ids: Sequence[bytes], enrolled_us: Int) -> Self:
        """Rows of templates; their keys follow from their record ids."""
        ids = as_rows(record_ids, RECORD_ID_BYTES)
        present = np.ones(len(ids), np.bool_)
        return cls(as_rows(subjects, SUBJECT_BYTES), ids, keys_of(ids), enrolled_us, present)

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Int | Bool) -> Self:
        """These rows."""
        return type(self)(*(column[rows] for column in self.arrays()))

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """All of them, in order."""
        return (self.subjects, self.record_ids, self.keys, self.enrolled_us, self.present)


class Tables(NamedTuple):
    """Look-ups over the first `rows` rows."""

    rows: int
    subjects: HashTable
    keys: HashTable


class Extent(NamedTuple):
    """A moment of a roster: rows that were ever appended, and how many of them were removed."""

    rows: int
    removed: int

    @property
    def present(self) -> int:
        """Rows that were not removed."""
        return self.rows - self.removed


def as_rows(items: Sequence[bytes], length: int) -> U8:
    """(N, length) uint8."""
    return np.frombuffer(b"".join(items), np.uint8).reshape(len(items), length)


def keys_of(record_ids: U8) -> Int:
    """(N,) the index key that a record gets unless another has it: 62 of its id's 128 bits.

    It follows from the record alone, so that processes that share an index agree. Keys below
    `RESERVED_KEYS` are never among them.
    """
    return (_hashes(record_ids) >> _ONE_BIT).astype(np.int64) | RESERVED_KEYS


def _hashes(rows: U8) -> U64:
    return rows.view("<u8")[:, 0]


def _equal(left: U8, left_rows: Int, right: U8, right_rows: Int) -> Bool:
    """(K,) whether rows hold the same bytes, 8 of which are compared at a time."""
    words = left.view("<u8").take(left_rows, axis=0)
    same: Bool = (words == right.view("<u8").take(right_rows, axis=0)).all(axis=1)
    return same


def _key_hashes(keys: Int) -> U64:
    return keys.astype(np.uint64) << _ONE_BIT


class Roster:
    """The rows, and how they are found."""

    def __init__(self) -> None:
        """Nobody."""
        self._columns = Columns.empty(_MIN_RECENT)
        self._rows = 0
        self._removed = 0
        self._tables = Tables(0, *[HashTable.of(np.zeros(0, np.uint64))] * 2)
        self._recent_subjects: dict[bytes, list[int]] = {}
        self._recent_keys: dict[int, int] = {}

    def __len__(self) -> int:
        return self._rows - self._removed

    @property
    def nbytes(self) -> int:
        """Of the columns and their tables, dictionaries left out."""
        tables = (self._tables.subjects, self._tables.keys)
        return sum(a.nbytes for a in self._columns.arrays()) + sum(t.nbytes for t in tables)

    @property
    def extent(self) -> Extent:
        """How far it reaches now."""
        return Extent(self._rows, self._removed)

    def keys_since(self, extent: Extent) -> Int:
        """(N,) keys of rows that were appended since and are present."""
        later = slice(extent.rows, self._rows)
        return self._columns.keys[later][self._columns.present[later]]

    def columns(self) -> Columns:
        """All rows that are present."""
        present = np.flatnonzero(self._columns.present[: self._rows])
        return self._columns.take(present)

    def at(self, rows: Int) -> Columns:
        """These rows."""
        return self._columns.take(rows)

    def keys_at(self, rows: Int) -> Int:
        """(N,) their keys."""
        return self._columns.keys[rows]

    def find(self, subjects: Sequence[bytes]) -> tuple[Int, Int]:
        """Rows of each subject.

        Returns:
            (K,) indices into `subjects`, ascending, and (K,) a row of each, oldest enrolment first;
            an unknown subject has none.
        """
        wanted = as_rows(subjects, SUBJECT_BYTES)
        asked, rows = self._tables.subjects.find(_hashes(wanted))
        columns = self._columns
        same = _equal(columns.subjects, rows, wanted, asked) & columns.present[rows]
        asked, rows = asked[same], rows[same]
        if self._recent_subjects:
            asked, rows = self._with_recent(subjects, asked, rows)
        if len(asked) > 1 and (np.diff(asked) == 0).any():
            order = np.lexsort((rows, columns.enrolled_us[rows], asked))
            asked, rows = asked[order], rows[order]
        return asked, rows

    def _with_recent(self, subjects: Sequence[bytes], asked: Int, rows: Int) -> tuple[Int, Int]:
        recent = [self._recent_subjects.get(subject, ()) for subject in subjects]
        more = np.repeat(np.arange(len(recent)), [len(found) for found in recent])
        if not len(more):
            return asked, rows
        recent_rows = np.array([row for found in recent for row in found], np.int64)
        asked, rows = np.append(asked, more), np.append(rows, recent_rows)
        order = np.argsort(asked, kind="stable")
        return asked[order], rows[order]

    def rows_of_records(self, subjects: Sequence[bytes], record_ids: Sequence[bytes]) -> Int:
        """(N,) the row of each record, given its subject; -1 where it is not present."""
        found = np.full(len(subjects), -1, np.int64)
        asked, rows = self.find(subjects)
        wanted = as_rows(record_ids, RECORD_ID_BYTES)
        same = _equal(self._columns.record_ids, rows, wanted, asked)
        found[asked[same]] = rows[same]
        return found

    def rows_of_keys(self, keys: Int) -> Int:
        """(N,) the row of each key; -1 where no row has it."""
        found = np.full(len(keys), -1, np.int64)
        asked, rows = self._tables.keys.find(_key_hashes(keys))
        found[asked] = rows
        if self._recent_keys:
            recent = [self._recent_keys.get(key, -1) for key in keys.tolist()]
            found = np.maximum(found, np.array(recent, np.int64))
        gone = (found >= 0) & ~self._columns.present[found]
        found[gone] = -1
        return found

    def free_keys(self, wanted: Int) -> Int:
        """(N,) the wanted keys, or of those that are taken the next free ones."""
        taken = self.rows_of_keys(wanted) >= 0
        if not taken.any() and len(np.unique(wanted)) == len(wanted):
            return wanted
        chosen: list[int] = []
        for key in wanted.tolist():
            free = key
            while free in chosen or self.rows_of_keys(np.array([free]))[0] >= 0:
                free = ((free + 1) & np.iinfo(np.int64).max) | RESERVED_KEYS
            chosen.append(free)
        return np.array(chosen, np.int64)

    def room_for(self, more: int) -> Columns:
        """Columns with room for `more` rows: the present ones, or a copy that is larger."""
        if self._rows + more <= len(self._columns):
            return self._columns
        larger = Columns.empty(max(2 * len(self._columns), self._rows + more))
        for target, source in zip(larger.arrays(), self._columns.arrays(), strict=True):
            target[: self._rows] = source[: self._rows]
        return larger

    def append(self, added: Columns, room: Columns) -> None:
        """Take rows in; `room` is `room_for` them."""
        start = self._rows
        for target, source in zip(room.arrays(), added.arrays(), strict=True):
            target[start : start + len(added)] = source
        self._columns = room
        for row, (subject, key) in enumerate(zip(added.subjects, added.keys, strict=True), start):
            self._recent_subjects.setdefault(subject.tobytes(), []).append(row)
            self._recent_keys[int(key)] = row
        self._rows += len(added)

    def remove(self, rows: Int) -> None:
        """Forget rows."""
        columns = self._columns
        for row in rows.tolist():
            subject = columns.subjects[row].tobytes()
            recent = self._recent_subjects.get(subject, [])
            if row in recent:
                recent.remove(row)
                del self._recent_keys[int(columns.keys[row])]
        columns.present[rows] = False
        columns.record_ids[rows] = 0
        self._removed += len(rows)

    @property
    def crowded(self) -> bool:
        """Whether too many rows are in no table."""
        return self._rows - self._tables.rows > max(_MIN_RECENT, self._rows // _RECENT_SHARE)

    def tables(self) -> Tables:
        """New tables over all rows; for `adopt`."""
        rows = self._rows
        subjects = HashTable.of(_hashes(self._columns.subjects[:rows]))
        keys = HashTable.of(_key_hashes(self._columns.keys[:rows]))
        return Tables(rows, subjects, keys)

    def adopt(self, tables: Tables) -> None:
        """Look up in these, which were made after the last change."""
        self._tables = tables
        self._recent_subjects = {}
        self._recent_keys = {}
