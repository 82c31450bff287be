"""All-against-all scoring in tiles finds each pair once, wherever the tiles are done."""

import numpy as np
import pytest

from fvs.bulk import LocalEngine
from fvs.bulk.all_pairs import score_tiles
from fvs.errors import UsageError
from fvs.metrics.tiles import tile_count
from tests.unit_vectors import unit_vectors


def found_in(tmp_path, vectors, threshold, tile_rows, bulk=None):
    """All pairs that the tiles hold, as a mapping to their scores."""
    path = tmp_path / "gallery.npy"
    np.save(path, vectors)
    if bulk is None:
        with LocalEngine(1, "threads") as threads:
            parts = list(score_tiles(threads, path, threshold, tile_rows=tile_rows))
    else:
        parts = list(score_tiles(bulk, path, threshold, tile_rows=tile_rows))
    assert len(parts) == tile_count(len(vectors), tile_rows)
    pairs = [tuple(pair) for part in parts for pair in part.rows.tolist()]
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, np.concatenate([part.scores for part in parts] or [[]]), strict=True))


def oracle(vectors, threshold):
    """One pair after the other."""
    pairs = [(i, j) for j in range(len(vectors)) for i in range(j)]
    scores = {(i, j): float(vectors[i] @ vectors[j]) for i, j in pairs}
    return {pair: score for pair, score in scores.items() if score >= threshold}


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8, 9, 23])
@pytest.mark.parametrize("tile_rows", [1, 4, 100])
def test_as_pair_by_pair(tmp_path, count, tile_rows):
    """The pairs and scores are those of comparing one pair after the other."""
    vectors = unit_vectors(count, 16, seed=count)
    found = found_in(tmp_path, vectors, 0.1, tile_rows)
    expected = oracle(vectors, 0.1)
    assert set(found) == set(expected)
    assert all(abs(found[pair] - expected[pair]) < 1e-6 for pair in expected)


def test_the_threshold_accepts_itself(tmp_path):
    """A pair that scores the threshold exactly is found; equal vectors score 1 and no more."""
    vectors = np.tile(unit_vectors(1, 16, seed=3), (3, 1))
    assert set(found_in(tmp_path, vectors, 1.0, 2)) <= {(0, 1), (0, 2), (1, 2)}
    axes = np.eye(4, dtype=np.float32)[[0, 0, 1]]
    assert found_in(tmp_path, axes, 1.0, 2) == {(0, 1): 1.0}
    assert set(found_in(tmp_path, axes, 0.0, 2)) == {(0, 1), (0, 2), (1, 2)}


def test_on_worker_processes(tmp_path, worker_processes):
    """Processes, of this machine or of a cluster, give what threads give."""
    vectors = unit_vectors(40, 16, seed=1)
    there = found_in(tmp_path, vectors, 0.2, 16, worker_processes)
    assert there == found_in(tmp_path, vectors, 0.2, 16)


class TestMistakes:
    """What is no gallery is refused before any tile is handed out."""

    @pytest.mark.parametrize(
        "array", [np.zeros((2, 4)), np.zeros(4, np.float32), np.zeros((2, 4), np.int8)]
    )
    def test_another_array(self, tmp_path, array):
        """Vectors are rows of float32."""
        with pytest.raises(UsageError, match="float32"):
            found_in(tmp_path, array, 0.5, 2)

    @pytest.mark.parametrize("content", [None, b"", b"no array"])
    def test_no_array(self, tmp_path, content):
        """A missing, empty or other file is named as that."""
        path = tmp_path / "gallery.npy"
        if content is not None:
            path.write_bytes(content)
        with LocalEngine(1, "threads") as bulk, pytest.raises(UsageError, match="holds no vectors"):
            score_tiles(bulk, path, 0.5)

    def test_no_rows(self, tmp_path):
        """A tile without rows would never end."""
        with pytest.raises(UsageError, match="at least one row"):
            found_in(tmp_path, unit_vectors(2, 4), 0.5, 0)
