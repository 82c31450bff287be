"""Pairs with their subjects: counting them, and how many there are when subjects are drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.pair_counts import AllPairsCounts, ListedCounts
from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.subject_pairs import SubjectPairs, compare_subjects
from tests.metric_oracles import accepted

SUBJECTS = 5
scores = st.sampled_from([-0.5, 0.0, 0.25, 0.5]) | st.floats(-1, 1, width=32)
subject = st.integers(0, SUBJECTS - 1)
non_mated_pairs = st.lists(
    st.tuples(scores, subject, subject).filter(lambda pair: pair[1] != pair[2]), min_size=1
)


def listed(pairs):
    """The pairs as a record."""
    values, first, second = (list(column) for column in zip(*pairs, strict=True))
    return SubjectPairs.non_mated(values, first, second, SUBJECTS)


class TestSubjectPairs:
    def test_empty(self):
        """No pairs are pairs: none accepts."""
        pairs = SubjectPairs.non_mated([], [], [], 3)
        assert (pairs.trials, pairs.subjects) == (0, 3)
        assert pairs.accepted_at([0.0]).tolist() == [0]

    @given(non_mated_pairs, scores)
    def test_counting_equals_a_loop(self, pairs, threshold):
        """`score >= threshold` accepts, at equality too."""
        assert listed(pairs).accepted_at([threshold])[0] == accepted(pairs, threshold)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (([0.1], [0], [0]), "two subjects"),
            (([np.nan], [0], [1]), "finite"),
            (([0.1], [-1], [1]), "numbered from 0"),
            (([0.1, 0.2], [0], [1]), "do not fit"),
        ],
    )
    def test_what_cannot_be_non_mated_pairs_is_refused(self, arguments, said):
        """Mated pairs, scores that are none, bad numbers and columns that differ."""
        with pytest.raises(UsageError, match=said):
            SubjectPairs.non_mated(*arguments)

    def test_refuses_to_guess_below_its_floor(self):
        """Pairs left out cannot be counted."""
        counts = AllPairsCounts(np.ones(4))
        pairs = SubjectPairs(
            np.array([0.5, 0.6], np.float32), np.array([0, 1]), np.array([1, 2]), counts
        )
        assert pairs.trials == 6
        assert pairs.accepted_at([0.55]).tolist() == [1]
        with pytest.raises(UsageError, match="above"):
            pairs.accepted_at([0.5])


class TestCounts:
    @given(st.lists(st.integers(0, 3), min_size=2, max_size=6), st.data())
    def test_all_pairs_equal_their_list(self, pictures, data):
        """Counts of all pairs of pictures are those of the pairs written out."""
        owner = np.repeat(np.arange(len(pictures)), pictures)
        first, second = np.triu_indices(len(owner), 1)
        differ = owner[first] != owner[second]
        one, other = owner[first[differ]], owner[second[differ]]
        whole = AllPairsCounts(np.array(pictures, np.float64))
        written = ListedCounts.of(one, other, len(pictures))
        drawn = st.lists(st.integers(0, 3), min_size=len(pictures), max_size=len(pictures))
        weights = np.array([data.draw(drawn)], np.float64)
        assert whole.trials == written.trials == len(one)
        assert whole.independent == pytest.approx(written.independent)
        assert whole.independent <= len(pictures) / 2 + 1e-9
        assert np.array_equal(whole.by_subject, written.by_subject)
        assert whole.squares_between == written.squares_between
        assert np.array_equal(whole.between(one, other), written.between(other, one))
        assert np.array_equal(whole.weighted(weights), written.weighted(weights))

    def test_the_least_that_comparisons_are_worth(self):
        """Half the subjects where all meet; about one where all meet the same one."""
        first, second = np.triu_indices(40, 1)
        assert ListedCounts.of(first, second, 40).independent == pytest.approx(20)
        star = ListedCounts.of(np.zeros(99, np.int64), np.arange(1, 100), 100)
        assert 1 <= star.independent < 2
        mated = SubjectPairs.mated(np.zeros(12), [0] * 10 + [1, 2]).counts
        assert mated.independent == pytest.approx(144 / 102)


class TestCompareSubjects:
    @pytest.mark.parametrize("keep", [1000, 40])
    def test_scores_and_subjects_are_those_of_all_pairs(self, keep):
        """The same scores as without subjects, of the right people, however tiles fall."""
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(30, 4)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        subjects = rng.integers(0, 9, 30)
        mated, non_mated = compare_subjects(vectors, subjects, keep=keep, tile_rows=7)
        plain = compare_all_pairs(vectors, subjects, keep=keep)
        assert np.array_equal(mated.scores, np.sort(plain.mated))
        assert np.array_equal(non_mated.scores, plain.non_mated.highest)
        assert non_mated.trials == plain.non_mated.trials
        assert mated.trials == len(plain.mated)
        best = np.argmax(np.where(subjects[:, None] != subjects, vectors @ vectors.T, -2.0))
        highest = {int(non_mated.first[-1]), int(non_mated.second[-1])}
        assert highest == {int(subjects[best // 30]), int(subjects[best % 30])}
        assert np.array_equal(mated.first, mated.second)

    def test_lengths_must_agree(self):
        """Each face has a subject."""
        with pytest.raises(UsageError):
            compare_subjects(np.ones((2, 3), np.float32), np.array([0]))
