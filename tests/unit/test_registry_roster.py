"""The roster finds everybody, whatever was added and removed in whichever order."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.registry.hash_table import HashTable, ranges
from fvs.registry.roster import RESERVED_KEYS, Columns, Roster


def subject(number: int) -> bytes:
    """A pseudonym."""
    return hashlib.sha256(b"subject %d" % number).digest()


def record(number: int) -> bytes:
    """A record id."""
    return hashlib.sha256(b"record %d" % number).digest()[:16]


def add(roster: Roster, pairs: list[tuple[int, int]]) -> None:
    """Records (subject, number), enrolled in the order of their numbers."""
    columns = Columns.of(
        [subject(s) for s, _ in pairs],
        [record(n) for _, n in pairs],
        np.array([n for _, n in pairs], np.int64),
    )
    columns.keys[:] = roster.free_keys(columns.keys)
    roster.append(columns, roster.room_for(len(columns)))


def found(roster: Roster, subjects: list[int]) -> list[tuple[int, bytes]]:
    """(index, record id) of all rows of these subjects."""
    asked, rows = roster.find([subject(s) for s in subjects])
    ids = [row.tobytes() for row in roster.at(rows).record_ids]
    return list(zip(asked.tolist(), ids, strict=True))


class TestHashTable:
    @given(
        hashes=st.lists(st.integers(0, 2**64 - 1), max_size=50),
        wanted=st.lists(st.integers(0, 2**64 - 1), max_size=20),
    )
    def test_finds_what_a_loop_finds(self, hashes, wanted):
        """All positions of each wanted hash, in order, repeated hashes included."""
        wanted = wanted + hashes[:5]
        table = HashTable.of(np.array(hashes, np.uint64))
        asked, positions = table.find(np.array(wanted, np.uint64))
        expected = [(i, j) for i, w in enumerate(wanted) for j, h in enumerate(hashes) if h == w]
        assert list(zip(asked.tolist(), positions.tolist(), strict=True)) == expected

    def test_ranges(self):
        """Numbers from start to end, and whose they are; empty ranges have none."""
        owners, numbers = ranges(np.array([5, 2, 7]), np.array([7, 2, 8]))
        assert (owners.tolist(), numbers.tolist()) == ([0, 0, 2], [5, 6, 7])


class TestRoster:
    @settings(deadline=None)
    @given(data=st.data())
    def test_is_a_dictionary_of_lists(self, data):
        """Adding, removing and making tables anew in any order, against a plain dictionary."""
        roster, plain, number = Roster(), {s: [] for s in range(6)}, 0
        for _ in range(data.draw(st.integers(0, 8))):
            step = data.draw(st.sampled_from(["add", "remove", "tables"]))
            if step == "add":
                subjects = data.draw(st.lists(st.integers(0, 5), max_size=4))
                pairs = [(s, number + i) for i, s in enumerate(subjects)]
                number += len(pairs)
                add(roster, pairs)
                for s, n in pairs:
                    plain[s].append(n)
            elif step == "remove":
                gone = [(s, n) for s, ns in plain.items() for n in ns if n % 3 == 0]
                rows = roster.rows_of_records(
                    [subject(s) for s, _ in gone], [record(n) for _, n in gone]
                )
                roster.remove(rows)
                plain = {s: [n for n in ns if n % 3] for s, ns in plain.items()}
            else:
                roster.adopt(roster.tables())
        wanted = data.draw(st.lists(st.integers(0, 7), max_size=6))
        expected = [(i, record(n)) for i, s in enumerate(wanted) for n in plain.get(s, [])]
        assert found(roster, wanted) == expected
        assert len(roster) == sum(map(len, plain.values()))
        columns = roster.columns()
        rows = roster.rows_of_keys(columns.keys)
        np.testing.assert_array_equal(roster.at(rows).record_ids, columns.record_ids)

    def test_grows_and_makes_tables(self):
        """Thousands of rows: the columns grow, tables are asked for, everybody is found."""
        roster = Roster()
        for start in range(0, 9000, 1500):
            add(roster, [(n, n) for n in range(start, start + 1500)])
            if roster.crowded:
                roster.adopt(roster.tables())
        assert not roster.crowded
        assert found(roster, [8999, 0, 4500]) == [
            (0, record(8999)),
            (1, record(0)),
            (2, record(4500)),
        ]
        assert roster.nbytes > 9000 * 60

    def test_an_unknown_record_has_no_row(self):
        """Neither one of nobody, nor another subject's."""
        roster = Roster()
        add(roster, [(1, 1), (2, 2)])
        rows = roster.rows_of_records(
            [subject(1), subject(1), subject(3)], [record(1), record(2), record(1)]
        )
        assert rows.tolist() == [0, -1, -1]

    def test_no_two_rows_share_a_key(self):
        """Ids that begin alike get keys beside one another, none of them reserved."""
        roster = Roster()
        same = [bytes(8) + bytes([n]) * 8 for n in range(1, 5)]
        for batch in (same[:3], same[3:]):
            columns = Columns.of([subject(1)] * len(batch), batch, np.zeros(len(batch), np.int64))
            columns.keys[:] = roster.free_keys(columns.keys)
            roster.append(columns, roster.room_for(len(columns)))
        keys = roster.columns().keys
        assert len(set(keys.tolist())) == 4
        assert keys.min() >= RESERVED_KEYS
        assert roster.rows_of_keys(keys).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("key", [0, 63, 12345])
def test_unknown_keys(key):
    """No row has them."""
    assert Roster().rows_of_keys(np.array([key])).tolist() == [-1]
