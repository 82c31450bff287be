"""What a calibration states of its signals: of what they are, and how often there was none."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.derivation.distributions import (
    distributions_of_evaluation,
    distributions_of_people,
    liveness_distribution,
    mated_pairs_lost,
    similarity_distribution,
)
from fvs.derivation.extraction import LIVENESS_EVERY, MeasuredFaces
from fvs.derivation.people import Vectors, scores_of_vectors
from fvs.metrics.evaluation import Evaluation
from fvs.operating_points import DataSource

NO_FACE = 20
PEOPLE, PICTURES = 80, 5


def faces(live, failed=()):
    """Pictures of which only status and liveness matter."""
    status = np.zeros(len(live), np.uint8)
    status[list(failed)] = NO_FACE
    return MeasuredFaces(
        status=status,
        vectors=np.zeros((len(live), 4), np.float32),
        live_probability=np.asarray(live, np.float32),
        thumbnails=np.zeros((len(live), 1, 1), np.uint8),
    )


def sampled(count, value=0.9):
    """Liveness as measuring leaves it: of every eighth picture alone."""
    live = np.full(count, np.nan)
    live[::LIVENESS_EVERY] = value
    return live


class TestPairsLost:
    @pytest.mark.parametrize(
        ("subjects", "usable", "expected"),
        [([], [], 0), ([1, 1, 1, 2], [1, 1, 0, 0], 2), ([1, 1], [0, 0], 1), ([1, 2], [0, 1], 0)],
    )
    def test_known_answers(self, subjects, usable, expected):
        """A pair is lost with either of its pictures."""
        usable = np.array(usable, np.bool_)
        assert mated_pairs_lost(np.array(subjects, np.int64), usable) == expected

    @given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=20))
    @settings(max_examples=40, deadline=None)
    def test_equals_counting_pair_by_pair(self, pictures):
        """Each pair of one person's pictures is looked at."""
        slow = sum(
            one[0] == other[0] and not (one[1] and other[1])
            for one, other in itertools.combinations(pictures, 2)
        )
        subjects = np.array([person for person, _ in pictures], np.int64)
        usable = np.array([ok for _, ok in pictures], np.bool_)
        assert mated_pairs_lost(subjects, usable) == slow


class TestLiveness:
    @pytest.mark.parametrize("live", [[], [np.nan] * 8000], ids=["empty", "no PAD networks"])
    def test_without_any(self, live):
        """A pack without PAD states none."""
        assert liveness_distribution(faces(live), "x") == ()

    def test_of_the_pictures_that_were_looked_at(self):
        """Failures among them are missing, others and crowded pictures are not counted."""
        live = sampled(8000)
        crowded, failed = 16, (8, 24, 9)
        live[[crowded, *failed]] = np.nan
        (one,) = liveness_distribution(faces(live, failed), "my pictures")
        assert one.name == "live_probability"
        assert "my pictures" in one.of
        assert (one.total, one.missing) == (8000 // LIVENESS_EVERY - 1, 2)


class TestOfPeople:
    def test_similarity_and_liveness(self):
        """Mated pairs lost to a picture without a face are missing numbers."""
        subjects = np.repeat(np.arange(1000), 8)
        pictures = faces(sampled(8000), failed=(0,))
        similarity, live = distributions_of_people(
            np.full(600, 0.5, np.float32), pictures, subjects, "my pictures"
        )
        assert (similarity.name, similarity.total, similarity.missing) == ("similarity", 607, 7)
        assert similarity.of == "mated pairs of my pictures"
        assert live.missing == 0

    @pytest.mark.parametrize("held_out", [0.0, 0.5])
    def test_vectors_tell_all_mated_pairs(self, held_out):
        """Held out or not, and those that were lost besides."""
        rng = np.random.default_rng(0)
        subjects = np.repeat(np.arange(PEOPLE), PICTURES)
        vectors = rng.normal(size=(PEOPLE, 64))[subjects] + rng.normal(size=(400, 64)) * 0.3
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        source = DataSource(
            name="a registry", sha256="", pictures=400, subjects=PEOPLE,
            failed_to_acquire=0, duplicates_dropped=0, terms="",
        )  # fmt: skip
        people = Vectors(
            vectors=vectors.astype(np.float32), subjects=subjects, mated_lost=3, source=source
        )
        (one,) = scores_of_vectors(people, held_out).distributions
        assert (one.total, one.missing) == (PEOPLE * PICTURES * (PICTURES - 1) // 2 + 3, 3)


class TestOfScores:
    def evaluation(self, quality=None):
        """600 mated and as many other pairs."""
        mated = np.repeat([True, False], 600)
        people = np.arange(1200)
        return Evaluation(
            similarity=np.where(mated, 0.8, 0.1).astype(np.float32),
            mated=mated,
            first_subject=people,
            second_subject=np.where(mated, people, people + 1),
            quality=quality,
        )

    def test_are_of_mated_pairs(self):
        """Most of those who come are genuine; strangers' scores would hide a drift of theirs."""
        (one,) = distributions_of_evaluation(self.evaluation(), 0, "scores")
        assert set(one.sample) == {0.8}
        assert one.total == 600

    def test_quality_where_the_table_has_it(self):
        """With its gaps, and the pairs that were lost."""
        quality = np.full(1200, 50, np.float32)
        quality[:10] = np.nan
        found = distributions_of_evaluation(self.evaluation(quality), 5, "scores")
        assert [one.name for one in found] == ["similarity", "quality"]
        assert [one.missing for one in found] == [5, 15]


def test_too_few_pairs_are_not_stated():
    """Nothing could be told from them."""
    assert similarity_distribution(np.full(499, 0.5, np.float32), 0, "x") == ()
