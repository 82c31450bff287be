"""Error rates against slow, obvious counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.embedder.evaluate import read_pairs
from training.embedder.metrics import (
    all_pairs,
    false_matches,
    fnmr_at_fmr,
    ten_fold_accuracy,
    threshold_at_fmr,
)


def unit_rows(count, seed=0):
    """(count, 4) random directions."""
    rows = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class TestThreshold:
    @given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.floats(0, 0.9))
    def test_is_the_smallest_that_keeps_the_rate(self, scores, fmr):
        """At it the FMR holds, and at the next lower score it would not."""
        scores = np.array(scores, float)
        threshold = threshold_at_fmr(scores, fmr)
        assert np.mean(scores > threshold) <= fmr
        lower = scores[scores < threshold]
        if lower.size:
            assert np.sum(scores > lower.max()) > np.floor(fmr * len(scores))

    def test_fnmr_counts_mated_scores_not_above(self):
        """A mated score equal to the threshold is rejected, as a non-mated one is."""
        nonmated = np.linspace(0, 1, 101)
        assert fnmr_at_fmr(np.array([0.98, 0.99, 1.0, 2.0]), nonmated, 0.01) == 0.5


class TestTenFolds:
    def test_separable_scores_are_all_right(self):
        """Where one threshold does it, accuracy is 1 without error."""
        is_mated = np.tile([True, False], 50)
        scores = np.where(is_mated, 0.9, 0.1)
        assert ten_fold_accuracy(scores, is_mated, np.repeat(np.arange(10), 10)) == (1.0, 0.0)

    def test_equals_trying_every_threshold(self):
        """Per fold: the threshold that is best on the others, found by brute force."""
        rng = np.random.default_rng(2)
        is_mated = rng.random(60) < 0.5
        scores = rng.normal(size=60) + is_mated
        fold = np.repeat(np.arange(3), 20)
        right = []
        for held in range(3):
            rest = fold != held
            tries = np.concatenate([[-9], np.sort(scores[rest])])
            best = max(tries, key=lambda t: np.mean((scores[rest] > t) == is_mated[rest]))
            right.append(np.mean((scores[~rest] > best) == is_mated[~rest]))
        assert ten_fold_accuracy(scores, is_mated, fold)[0] == pytest.approx(np.mean(right))


class TestPairs:
    def test_all_pairs_equal_two_loops(self, monkeypatch):
        """Every pair once, on its side, also across blocks."""
        monkeypatch.setattr("training.embedder.metrics.ROWS_PER_BLOCK", 4)
        rows, person = unit_rows(11), np.arange(11) // 3
        mated, nonmated = all_pairs(rows, person)
        expected = {True: [], False: []}
        for i in range(11):
            for j in range(i + 1, 11):
                expected[bool(person[i] == person[j])].append(float(rows[i] @ rows[j]))
        assert np.allclose(np.sort(mated), np.sort(expected[True]), atol=1e-6)
        assert np.allclose(np.sort(nonmated), np.sort(expected[False]), atol=1e-6)

    @pytest.mark.parametrize("count", [0, 1, 2, 13])
    def test_false_matches_equal_all_nonmated_pairs(self, count, monkeypatch):
        """Counting group by group gives what the full list of scores gives."""
        monkeypatch.setattr("training.embedder.metrics.ROWS_PER_BLOCK", 5)
        rows = unit_rows(count)
        scores = [rows[i] @ rows[j] for i in range(count) for j in range(i + 1, count)]
        assert false_matches(rows, 0.2) == (sum(s > 0.2 for s in scores), len(scores))

    def test_reads_lfw_pairs(self):
        """Both kinds of line, in folds of mated then non-mated pairs."""
        text = "2\t1\nA_B\t1\t2\nA_B\t1\tC\t1\nC\t1\t2\nA_B\t2\tC\t2\n"
        files = ["A_B/A_B_0001.jpg", "A_B/A_B_0002.jpg", "C/C_0001.jpg", "C/C_0002.jpg"]
        pairs = read_pairs(text, files)
        assert pairs.first.tolist() == [0, 0, 2, 1]
        assert pairs.second.tolist() == [1, 2, 3, 3]
        assert pairs.is_mated.tolist() == [True, False, True, False]
        assert pairs.fold.tolist() == [0, 0, 1, 1]

    def test_refuses_a_truncated_list(self):
        """A missing line is an error, not a smaller benchmark."""
        with pytest.raises(ValueError, match="states 4 pairs and has 1"):
            read_pairs("2\t1\nC\t1\t2\n", ["C_0001.jpg", "C_0002.jpg"])
