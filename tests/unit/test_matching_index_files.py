"""Saved indexes: what comes back, and that nothing damaged ever does."""

import msgspec
import numpy as np
import pytest

from fvs.matching import index_files
from fvs.matching.errors import IndexFileError
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision
from tests.unit_vectors import unit_vectors

ALL = pytest.mark.parametrize("precision", Precision)
MAPPED = pytest.mark.parametrize("memory_mapped", [True, False])


def saved(folder, precision=Precision.INT8X2, n=100):
    """An index of n - n // 10 vectors that was saved to a folder."""
    index = VectorIndex.empty(16, precision)
    index.add(np.arange(n) * 5, unit_vectors(n))
    index.remove(np.arange(n // 10) * 5)
    index.save(folder, revision=7, identity="registry 1")
    return index


def same_hits(left, right):
    """Whether two indexes answer a search alike, to the bit."""
    probes = unit_vectors(4, seed=3)
    ours, theirs = left.search(probes, 6), right.search(probes, 6)
    return np.array_equal(ours.keys, theirs.keys) and np.array_equal(ours.scores, theirs.scores)


class TestRoundTrip:
    @ALL
    @MAPPED
    @pytest.mark.parametrize("n", [0, 1, 100])
    def test_what_was_saved_comes_back(self, tmp_path, precision, memory_mapped, n):
        """Vectors to the bit, revision and identity; mapped or not is no matter."""
        index = saved(tmp_path / "index", precision, n)
        opened = VectorIndex.open(tmp_path / "index", memory_mapped=memory_mapped)
        assert (opened.revision, opened.identity) == (7, "registry 1")
        assert (opened.precision, opened.dimension, len(opened)) == (precision, 16, len(index))
        assert sorted(opened.keys()) == sorted(index.keys())
        assert same_hits(opened, index)

    @ALL
    @MAPPED
    def test_an_opened_index_changes(self, tmp_path, precision, memory_mapped):
        """Like one in memory; its files stay as they were until it is saved again."""
        index = saved(tmp_path / "index", precision)
        opened = VectorIndex.open(tmp_path / "index", memory_mapped=memory_mapped)
        for one in (index, opened):
            one.remove([50, 60, 61])
            one.add([50, 3], unit_vectors(2, seed=8))
        assert same_hits(opened, index)
        keys, probe = [50, 3, 60, 65], unit_vectors(1, seed=4)
        assert np.array_equal(
            opened.score_pairs(probe, [0] * 4, keys),
            index.score_pairs(probe, [0] * 4, keys),
            equal_nan=True,
        )
        assert len(VectorIndex.open(tmp_path / "index")) == 90
        opened.save(tmp_path / "index", revision=8, identity="registry 1")
        again = VectorIndex.open(tmp_path / "index", memory_mapped=memory_mapped)
        assert again.revision == 8
        assert same_hits(again, index)

    @ALL
    def test_erased_vectors_leave_the_files(self, tmp_path, precision):
        """The next save writes nothing of them, and keeps no older file."""
        index = saved(tmp_path, precision)
        gone = index._segments[0].column("codes", np.array([50])).tobytes()
        files = list(tmp_path.glob("codes*"))
        assert gone in files[0].read_bytes()
        index.remove([250])
        index.save(tmp_path, revision=8, identity="registry 1")
        assert len(list(tmp_path.iterdir())) == 5
        assert all(gone not in path.read_bytes() for path in tmp_path.iterdir())

    def test_only_the_owner_may_read(self, tmp_path):
        """The files hold vectors."""
        saved(tmp_path)
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

    def test_an_erasure_during_a_save_is_in_it(self, tmp_path, monkeypatch):
        """What was erased while files were written is not in them."""
        index = saved(tmp_path)
        write = index_files._write_column

        def erase_then_write(path, blocks):
            if path.name.startswith("codes") and 250 in set(index.keys()):
                index.remove([250])
            return write(path, blocks)

        monkeypatch.setattr(index_files, "_write_column", erase_then_write)
        index.save(tmp_path, revision=8, identity="registry 1")
        opened = VectorIndex.open(tmp_path)
        assert 250 not in set(opened.keys())
        assert same_hits(opened, index)


class TestDamage:
    @MAPPED
    @pytest.mark.parametrize("column", index_files.COLUMNS)
    @pytest.mark.parametrize("damage", ["flip", "cut", "more", "remove"])
    def test_a_damaged_file_is_noticed(self, tmp_path, memory_mapped, column, damage):
        """One bit, one byte less, one more, or none at all: a coded error with advice."""
        saved(tmp_path)
        (path,) = tmp_path.glob(f"{column}-*")
        content = bytearray(path.read_bytes())
        if damage == "flip":
            content[len(content) // 2] ^= 1
        path.write_bytes({"cut": content[:-1], "more": content + b"\0"}.get(damage, content))
        if damage == "remove":
            path.unlink()
        with pytest.raises(IndexFileError, match="cannot be used") as caught:
            VectorIndex.open(tmp_path, memory_mapped=memory_mapped)
        assert caught.value.code == "index_damaged"
        assert "Rebuild" in caught.value.advice

    @pytest.mark.parametrize(
        "change",
        [
            {"format": 2},
            {"vectors": 91},
            {"vectors": -1},
            {"dimension": 17},
            {"dimension": 0},
            {"precision": "float32"},
            {"precision": "int4"},
            {"columns": {}},
            {"more": 1},
        ],
    )
    def test_a_manifest_that_lies_is_noticed(self, tmp_path, change):
        """Another format, or numbers that do not fit the files."""
        saved(tmp_path)
        path = tmp_path / "index.json"
        path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | change))
        with pytest.raises(IndexFileError):
            VectorIndex.open(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
    def test_a_manifest_that_is_none_is_noticed(self, tmp_path, content):
        """Whatever stands there."""
        saved(tmp_path)
        (tmp_path / "index.json").write_bytes(content)
        with pytest.raises(IndexFileError, match="malformed"):
            VectorIndex.open(tmp_path)

    def test_nothing_there(self, tmp_path):
        """A folder without an index, or none."""
        for folder in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(IndexFileError, match=r"no index\.json"):
                VectorIndex.open(folder)

    @pytest.mark.parametrize("column", index_files.COLUMNS)
    def test_a_save_that_is_cut_off_changes_nothing(self, tmp_path, monkeypatch, column):
        """The index of before is still whole, and the next save clears up."""
        index = saved(tmp_path)
        write = index_files._write_column

        def fail(path, blocks):
            if path.name.startswith(column):
                raise OSError(28, "No space left on device")
            return write(path, blocks)

        monkeypatch.setattr(index_files, "_write_column", fail)
        with pytest.raises(OSError, match="No space"):
            index.save(tmp_path, revision=9, identity="registry 1")
        assert VectorIndex.open(tmp_path).revision == 7
        monkeypatch.undo()
        index.save(tmp_path, revision=9, identity="registry 1")
        assert len(list(tmp_path.iterdir())) == 5
