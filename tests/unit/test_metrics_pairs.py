"""All-pairs comparison in tiles against two nested loops."""

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.metrics.pairs import compare_all_pairs, pairs_above


def unit_vectors(n, seed=0, dimension=8):
    """Random directions."""
    vectors = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def slow_all_pairs(vectors, subjects):
    """Two loops and a dot product."""
    mated, non_mated = [], []
    for i in range(len(vectors)):
        for j in range(i + 1, len(vectors)):
            score = float(np.clip(vectors[i] @ vectors[j], -1, 1))
            (mated if subjects[i] == subjects[j] else non_mated).append(score)
    return np.sort(mated), np.sort(non_mated)


SMALL = 4
"""Rows of a tile, so that a few dozen faces already take many."""


class TestCompareAllPairs:
    def test_empty(self):
        """No faces, no pairs; and one face has nobody to be compared with."""
        for n in (0, 1):
            result = compare_all_pairs(unit_vectors(n))
            assert len(result.mated) == result.non_mated.trials == 0

    @pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 9, 30])
    def test_equals_loops_at_every_tile_boundary(self, n):
        """Each pair is compared once, whatever tile it falls into."""
        vectors, subjects = unit_vectors(n), np.arange(n) // 2
        result = compare_all_pairs(vectors, subjects, tile_rows=SMALL)
        mated, non_mated = slow_all_pairs(vectors, subjects)
        assert np.allclose(np.sort(result.mated), mated, atol=1e-6)
        assert np.allclose(result.non_mated.highest, non_mated, atol=1e-6)
        assert result.non_mated.trials == len(non_mated)

    @pytest.mark.parametrize("keep", [1, 7, 100, 434])
    def test_kept_scores_are_the_highest(self, keep):
        """However few are kept, they are the highest, and the trials count all."""
        vectors = unit_vectors(30)
        whole = compare_all_pairs(vectors, tile_rows=SMALL).non_mated
        tail = compare_all_pairs(vectors, keep=keep, tile_rows=SMALL).non_mated
        assert np.array_equal(tail.highest, whole.highest[-keep:])
        assert tail.trials == whole.trials == 435

    def test_scores_are_cosines(self):
        """A face compared with itself scores no more than 1, float32 rounding or not."""
        vectors = np.repeat(unit_vectors(1, dimension=128), 50, axis=0)
        result = compare_all_pairs(vectors, np.zeros(50, np.int64))
        assert result.mated.max() <= 1.0
        assert result.mated.min() > 1 - 1e-6

    def test_labels_must_fit(self):
        """One subject per face."""
        with pytest.raises(UsageError, match="subjects"):
            compare_all_pairs(unit_vectors(3), np.zeros(2, np.int64))


class TestPairsAbove:
    @pytest.mark.parametrize("n", [0, 1, 5, 30])
    def test_equals_loops(self, n):
        """It finds the pairs that two loops find, in their order."""
        vectors = unit_vectors(n)
        rows, scores = pairs_above(vectors, 0.5, tile_rows=SMALL)
        slow = [(i, j) for i in range(n) for j in range(i + 1, n) if vectors[i] @ vectors[j] >= 0.5]
        assert list(map(tuple, rows.tolist())) == slow
        assert len(scores) == len(slow)
        assert all(scores >= 0.5)
