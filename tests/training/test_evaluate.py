"""The protocol's pairs as rows of the evaluation pictures; the rates are those of `fvs.metrics`."""

import pytest

from training.embedder.material import read_pairs


class TestPairs:
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
        with pytest.raises(ValueError, match="has 1 pairs, not 4"):
            read_pairs("2\t1\nC\t1\t2\n", ["C_0001.jpg", "C_0002.jpg"])
