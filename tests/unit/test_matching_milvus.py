"""Milvus holds vectors as the index in memory does; milvus-lite serves it from a local file."""

import subprocess
import sys

import numpy as np
import pytest

from fvs.errors import MissingExtraError, UsageError
from fvs.matching.index import VectorIndex
from fvs.matching.milvus import (
    MAX_HITS,
    MilvusIndex,
    MilvusPlace,
    MilvusScan,
    VectorServerError,
    milvus_factory,
)
from tests.unit_vectors import unit_vectors

D = 24
SAME_SCORE = 1e-5
NONE = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A database of milvus-lite; one process may use it."""
    return tmp_path_factory.mktemp("milvus") / "vectors.db"


@pytest.fixture
def place(file):
    """Where a collection may be."""
    return MilvusPlace(uri=str(file), collection="faces")


@pytest.fixture
def index(place):
    """An empty collection, searched exactly."""
    index = MilvusIndex.empty(place, D)
    yield index
    index.close()


@pytest.fixture(scope="module", params=list(MilvusScan))
def both(request, file):
    """The same 300 vectors in Milvus, searched in each way, and in memory; then a third removed."""
    name = f"by_{request.param.name.lower()}"
    index = MilvusIndex.empty(MilvusPlace(uri=str(file), collection=name), D, request.param)
    vectors, keys = unit_vectors(300, D, seed=1), np.arange(300) * 7 + 2**40
    memory = VectorIndex.empty(D)
    for one in (index, memory):
        one.add(keys[:200], vectors[:200])
        one.add(keys[200:], vectors[200:])
        assert one.remove(np.append(keys[::3], [5, 5])) == 100
    yield index, memory
    index.close()


class TestEmpty:
    """Nothing asked, nothing there."""

    def test_empty_batches(self, index):
        """An empty batch changes nothing and finds nothing."""
        none = np.empty((0, D), np.float32)
        index.add(NONE, none)
        assert index.remove(NONE) == len(index) == len(index.keys()) == 0
        assert index.score_pairs(none, NONE, NONE).shape == (0,)
        assert index.vectors_of(NONE).shape == (0, D)
        assert len(index.search(none, 3)) == 0

    def test_empty_collection(self, index):
        """Nobody is found, and an unknown key scores NaN."""
        probes = unit_vectors(2, D)
        assert len(index.search(probes, 3)) == 0
        assert np.isnan(index.score_pairs(probes, np.array([1]), np.array([9]))).all()


class TestAsInMemory:
    """The same vectors give the same answers."""

    def test_contents(self, both):
        """Numbers, keys and vectors agree; vectors come back as they were given, in any order."""
        index, memory = both
        keys = np.sort(memory.keys())
        assert len(index) == len(memory) == 200
        np.testing.assert_array_equal(np.sort(index.keys()), keys)
        asked = np.append(keys[::-1], keys[:3])
        np.testing.assert_array_equal(index.vectors_of(asked), memory.vectors_of(asked))
        unknown = np.array([4, keys[0]])
        assert np.isnan(index.vectors_of(unknown)).all(axis=1).tolist() == [True, False]

    def test_pairs(self, both):
        """Scores of pairs agree to 1e-5; unknown and removed keys score NaN in their place."""
        index, memory = both
        probes = unit_vectors(5, D, seed=2)
        keys = np.concatenate([memory.keys()[:50], [2**40, 4], memory.keys()[:50]])
        rows = np.arange(len(keys)) % 5
        mine, theirs = index.score_pairs(probes, rows, keys), memory.score_pairs(probes, rows, keys)
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=SAME_SCORE)
        assert np.isnan(mine).sum() == 2

    @pytest.mark.parametrize(("k", "threshold"), [(1, -1.0), (7, -1.0), (500, -1.0), (20, 0.3)])
    def test_search(self, both, k, threshold):
        """Hits and their scores agree, also for more than there are."""
        index, memory = both
        probes = unit_vectors(4, D, seed=3)
        mine, theirs = index.search(probes, k, threshold), memory.search(probes, k, threshold)
        np.testing.assert_array_equal(mine.probe_rows, theirs.probe_rows)
        np.testing.assert_array_equal(mine.keys, theirs.keys)
        np.testing.assert_allclose(mine.scores, theirs.scores, rtol=0, atol=SAME_SCORE)

    def test_itself(self, both):
        """A vector that is there is its own best hit, at 1 and no more."""
        index, memory = both
        keys = np.sort(memory.keys())[:3]
        hits = index.search(index.vectors_of(keys), 1)
        np.testing.assert_array_equal(hits.keys, keys)
        np.testing.assert_allclose(hits.scores, 1, atol=SAME_SCORE)
        assert hits.scores.max() <= 1


class TestChanges:
    """What a change leaves behind."""

    def test_again_after_removal(self, index):
        """A key that was removed may come back with another vector; there is one of it then."""
        vectors, keys = unit_vectors(2, D, seed=4), np.array([-1])
        index.add(keys, vectors[:1])
        assert index.remove(keys) == 1
        index.add(keys, vectors[1:])
        assert len(index) == 1
        np.testing.assert_array_equal(index.vectors_of(keys), vectors[1:])

    def test_in_pieces(self, index, monkeypatch):
        """What takes several calls is as what takes one."""
        monkeypatch.setattr("fvs.matching.milvus.ROWS_PER_CALL", 16)
        monkeypatch.setattr("fvs.matching.milvus.PROBES_PER_CALL", 16)
        vectors, keys = unit_vectors(50, D, seed=5), np.arange(50)
        index.add(keys, vectors)
        np.testing.assert_array_equal(np.sort(index.keys()), keys)
        np.testing.assert_array_equal(index.search(vectors, 1).keys, keys)
        np.testing.assert_array_equal(index.search(vectors, 1).probe_rows, keys)
        assert index.remove(keys) == 50

    def test_restart(self, index, place):
        """A collection is as it was left, and knows what it is in step with."""
        vectors, keys = unit_vectors(30, D, seed=6), np.arange(30)
        index.add(keys, vectors)
        index.remove(keys[:5])
        index.save(revision=7, identity="of this registry")
        before = index.search(vectors, 4)
        index.close()
        again = MilvusIndex.open(place)
        assert (again.dimension, again.revision, again.identity) == (D, 7, "of this registry")
        assert len(again) == 25
        after = again.search(vectors, 4)
        np.testing.assert_array_equal(after.keys, before.keys)
        np.testing.assert_array_equal(after.scores, before.scores)
        again.close()

    def test_a_factory_starts_anew(self, index, place):
        """What a registry gets is empty whatever was there, and remembers no revision."""
        index.add(np.array([1]), unit_vectors(1, D))
        index.save(revision=7, identity="old")
        index.close()
        fresh = milvus_factory(place)(D + 1)
        assert (len(fresh), fresh.dimension, fresh.revision, fresh.identity) == (0, D + 1, 0, "")
        fresh.close()

    def test_compact(self, index):
        """Compaction keeps what is there."""
        index.add(np.arange(9), unit_vectors(9, D))
        index.remove(np.arange(4))
        index.compact()
        np.testing.assert_array_equal(np.sort(index.keys()), np.arange(4, 9))


class TestMistakes:
    """What cannot be right is refused, and nothing is changed."""

    @pytest.mark.parametrize(
        ("keys", "vectors", "said"),
        [
            ([1, 1], unit_vectors(2, D), "twice"),
            ([0], unit_vectors(1, D), "already"),
            ([1], unit_vectors(2, D), "2 vectors"),
            ([1], unit_vectors(1, D + 1), "float32"),
            ([1], unit_vectors(1, D).astype(np.float64), "float32"),
            ([1], 2 * unit_vectors(1, D), "length 1"),
            ([1], np.full((1, D), np.nan, np.float32), "not finite"),
        ],
    )
    def test_add(self, index, keys, vectors, said):
        """Keys and vectors that do not go together, or are there already."""
        index.add(np.array([0]), unit_vectors(1, D))
        with pytest.raises(UsageError, match=said):
            index.add(np.array(keys), vectors)
        assert len(index) == 1

    @pytest.mark.parametrize("k", [0, MAX_HITS + 1])
    def test_number_of_hits(self, index, k):
        """Milvus would refuse, and so it is said before."""
        with pytest.raises(UsageError, match="16384"):
            index.search(unit_vectors(1, D), k)

    def test_no_collection(self, file):
        """Opening makes nothing."""
        with pytest.raises(VectorServerError, match="no collection") as caught:
            MilvusIndex.open(MilvusPlace(uri=str(file), collection="nobodys"))
        assert "store" in caught.value.advice

    def test_unreachable(self, capfd):
        """A server that does not answer is named as what is wrong, and no trace is logged."""
        token = "user:secret"  # noqa: S105 - nobody's
        place = MilvusPlace(uri="http://127.0.0.1:9", token=token, timeout_s=1)
        assert "secret" not in repr(place)
        with pytest.raises(VectorServerError, match="cannot be reached") as caught:
            MilvusIndex.empty(place, D)
        assert caught.value.code == "vector_server"
        assert "secret" not in str(caught.value)
        assert capfd.readouterr().err == ""

    def test_without_the_extra(self, monkeypatch):
        """Where pymilvus is not installed, how to install it is said."""
        monkeypatch.setitem(sys.modules, "pymilvus", None)
        with pytest.raises(MissingExtraError, match="pymilvus") as caught:
            MilvusIndex.open(MilvusPlace(uri="x.db"))
        assert "[cluster]" in caught.value.advice


def test_importing_costs_nothing():
    """pymilvus, which takes a second, is loaded when a collection is opened."""
    code = "import sys, fvs.matching.milvus; print('pymilvus' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
