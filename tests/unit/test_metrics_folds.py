"""The LFW protocol against a literal transcription of it."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.folds import LfwPair, fold_accuracy, read_lfw_pairs

PAIRS = """2\t2
Ann_Lee\t1\t4
Bo\t2\t13
Ann_Lee\t1\tBo\t2
Cy\t1\tDi\t1
Ed\t1\t2
Ed\t1\t3
Ed\t1\tFay\t1
Ann_Lee\t1\tFay\t1
"""


def slow_fold_accuracy(similarity, mated, fold):
    """TR 07-49 word by word: try every training score, and 'nobody', on the other folds."""
    accuracies = []
    for held_out in sorted(set(fold.tolist())):
        training = fold != held_out
        best, chosen = -1.0, math.inf
        for threshold in sorted({*similarity[training].tolist(), math.inf}, reverse=True):
            accuracy = np.mean((similarity[training] >= threshold) == mated[training])
            if accuracy > best:
                best, chosen = accuracy, threshold
        test = ~training
        accuracies.append(float(np.mean((similarity[test] >= chosen) == mated[test])))
    error = statistics.stdev(accuracies) / math.sqrt(len(accuracies))
    return statistics.mean(accuracies), error, accuracies


class TestFoldAccuracy:
    @settings(max_examples=30)
    @given(st.integers(0, 2**32 - 1), st.booleans())
    def test_equals_the_protocol_word_by_word(self, seed, coarse):
        """Mean, standard error and folds are those of the slow version, ties included."""
        rng = np.random.default_rng(seed)
        mated = np.tile(np.repeat([True, False], 6), 4)
        similarity = rng.normal(np.where(mated, 0.5, 0.0), 0.4).astype(np.float32)
        if coarse:
            similarity = np.round(similarity * 4) / 4
        fold = np.repeat(np.arange(4), 12)
        result = fold_accuracy(similarity, mated, fold)
        mean, error, accuracies = slow_fold_accuracy(similarity, mated, fold)
        assert result.accuracies == pytest.approx(accuracies)
        assert result.mean == pytest.approx(mean)
        assert result.standard_error == pytest.approx(error)

    def test_perfect_scores(self):
        """Scores that separate give an accuracy of 1 and no error."""
        mated = np.tile([True, False], 10)
        result = fold_accuracy(mated.astype(np.float32), mated, np.repeat(np.arange(10), 2))
        assert (result.mean, result.standard_error) == (1.0, 0.0)
        assert result.thresholds == (1.0,) * 10

    @pytest.mark.parametrize("n", [0, 4])
    def test_one_fold_is_refused(self, n):
        """With nothing to choose a threshold on there is no protocol."""
        with pytest.raises(UsageError, match="two folds"):
            fold_accuracy(np.zeros(n, np.float32), np.ones(n, bool), np.zeros(n, np.int64))


class TestReadLfwPairs:
    def test_reads_both_kinds(self):
        """Three fields are a mated pair, four a non-mated one; folds follow the header."""
        pairs = read_lfw_pairs(PAIRS)
        assert pairs[0] == LfwPair("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0004.jpg", True, 0)
        assert pairs[2] == LfwPair("Ann_Lee/Ann_Lee_0001.jpg", "Bo/Bo_0002.jpg", False, 0)
        assert [p.fold for p in pairs] == [0] * 4 + [1] * 4

    @pytest.mark.parametrize("text", ["", "10\n", "1\t1\nAnn\t1\t2\n", "1\t1\nAnn\t1\t2\nBo\t1\n"])
    def test_malformed_files_are_refused(self, text):
        """A file that is short or malformed is no benchmark."""
        with pytest.raises(UsageError):
            read_lfw_pairs(text)
