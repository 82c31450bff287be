"""The table of keys against a dict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.matching.key_table import KeyTable

KEYS = st.lists(st.one_of(st.integers(0, 40), st.integers(0, 2**63 - 1)), max_size=40, unique=True)


class TestKeyTable:
    @given(st.lists(st.tuples(st.booleans(), KEYS), max_size=12))
    @settings(deadline=None)
    def test_equals_a_dict(self, changes):
        """After any insertions and removals, growth included, and for keys never seen."""
        table, mirror = KeyTable(), {}
        for inserting, keys in changes:
            if inserting:
                new = np.array([key for key in keys if key not in mirror], np.int64)
                rows = 1000 * len(mirror) + np.arange(len(new))
                table.insert(new, rows)
                mirror.update(zip(new.tolist(), rows.tolist(), strict=True))
            else:
                old = np.array([key for key in keys if key in mirror], np.int64)
                table.discard(old)
                for key in old.tolist():
                    del mirror[key]
            asked = np.array([*keys, *mirror, 41], np.int64)
            assert table.rows_of(asked).tolist() == [mirror.get(key, -1) for key in asked.tolist()]
            assert len(table) == len(mirror)

    @pytest.mark.parametrize("stride", [1, 2, 256, 1 << 20, 1 << 52])
    def test_regular_keys_do_not_crowd(self, stride):
        """Keys at any distance are found, and the table takes at most 54 bytes for each."""
        keys = np.arange(2000) * stride
        table = KeyTable()
        for part in np.array_split(np.arange(2000), 9):
            table.insert(keys[part], part)
        assert table.rows_of(keys).tolist() == list(range(2000))
        assert table.nbytes <= 54 * 2000

    def test_room_that_was_asked_for(self):
        """A table made for so many keys does not grow on the way there."""
        table = KeyTable(expected=5000)
        before = table.nbytes
        table.insert(np.arange(5000), np.arange(5000))
        assert table.nbytes == before

    def test_coming_and_going_does_not_fill_it(self):
        """Keys that left make room in the end."""
        table = KeyTable()
        for start in range(0, 100_000, 100):
            keys = np.arange(start, start + 100)
            table.insert(keys, keys)
            table.discard(keys)
        assert len(table) == 0
        assert table.nbytes <= 16 * 1024
