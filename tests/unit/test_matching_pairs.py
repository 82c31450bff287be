"""All pairs of a set, tile by tile, against two nested loops."""

from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.matching.pairs import score_all_pairs
from fvs.matching.threads import limit_faiss_threads, limit_threads
from fvs.metrics.tiles import tile_count, tiles_of
from tests.unit_vectors import unit_vectors


def slow_pairs(vectors, threshold):
    """Two loops and a dot product: {(first, second): score}."""
    count = len(vectors)
    scores = {
        (i, j): float(vectors[i] @ vectors[j]) for i in range(count) for j in range(i + 1, count)
    }
    return {pair: score for pair, score in scores.items() if score >= threshold}


def found(parts):
    """The pairs of all tiles, each of which may stand once."""
    pairs = {}
    for part in parts:
        for pair, score in zip(map(tuple, part.rows.tolist()), part.scores.tolist(), strict=True):
            assert pair not in pairs
            pairs[pair] = score
    return pairs


class TestScoreAllPairs:
    @pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 33])
    @pytest.mark.parametrize("tile_rows", [1, 8, 100])
    def test_equals_loops(self, n, tile_rows):
        """Each pair once, whatever tile it falls into."""
        vectors = unit_vectors(n, 8)
        pairs = found(score_all_pairs(vectors, 0.2, tile_rows=tile_rows))
        slow = slow_pairs(vectors, 0.2)
        assert pairs.keys() == slow.keys()
        assert all(pairs[pair] == pytest.approx(score, abs=1e-6) for pair, score in slow.items())

    def test_anything_may_do_the_tiles(self):
        """A pool of threads gives what `map` does."""
        vectors = unit_vectors(60, 8)
        with ThreadPoolExecutor(2) as pool:
            pooled = found(score_all_pairs(vectors, 0.1, tile_rows=7, mapped=pool.map))
        assert pooled == found(score_all_pairs(vectors, 0.1, tile_rows=7))

    def test_it_comes_tile_by_tile(self):
        """Nothing is computed before it is asked for."""
        asked = []

        def counting(function, items):
            return (asked.append(item) or function(item) for item in items)

        parts = score_all_pairs(unit_vectors(40, 8), 0.1, tile_rows=10, mapped=counting)
        next(parts)
        assert len(asked) == 1
        assert len([*parts]) + 1 == tile_count(40, 10) == 10

    def test_scores_are_cosines(self):
        """Of one vector with itself no more than 1."""
        vectors = np.repeat(unit_vectors(1, 128), 20, axis=0)
        (part,) = score_all_pairs(vectors, 0.9)
        assert len(part) == 190
        assert part.scores.max() <= 1

    def test_what_it_refuses(self):
        """Other shapes and types, and tiles without rows."""
        for vectors in (np.zeros(3, np.float32), np.zeros((2, 3))):
            with pytest.raises(UsageError, match="float32"):
                score_all_pairs(vectors, 0.5)
        with pytest.raises(UsageError, match="at least one row"):
            tiles_of(3, 0)


class TestThreads:
    @pytest.mark.parametrize("limit", [limit_faiss_threads, limit_threads])
    def test_the_number_holds_within_and_not_after(self, limit):
        """Of faiss, as it says itself."""
        before = faiss.omp_get_max_threads()
        with limit(3):
            assert faiss.omp_get_max_threads() == 3
        assert faiss.omp_get_max_threads() == before

    @pytest.mark.parametrize("threads", [0, -1])
    def test_fewer_than_one_is_refused(self, threads):
        """Work needs a thread."""
        with pytest.raises(UsageError, match="at least one"), limit_threads(threads):
            pass
