"""Stand-ins: an unknown number scores as a stranger's does, and no score tells them apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fvs.registry.answers import RegistrySettings
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.registry.stand_ins import FEWEST_PEOPLE, StandIns
from fvs.status import Status
from tests.records import embeddings
from tests.stored_records import DictStore, a_subject
from tests.vectors import DIMENSION, DictVectors, embedder, enrolment, faces, person

PEOPLE = 300
UNREACHABLE = 2.0
SETTINGS = RegistrySettings(make_index=DictVectors)


def alike_faces(rng: np.random.Generator, count: int, dimension: int = 128) -> np.ndarray:
    """Unit vectors that resemble one another, as faces do: a common part, and few strong axes."""
    strength = (1.0 + np.arange(dimension)) ** -0.25
    vectors = 1.2 * np.eye(1, dimension) + rng.normal(size=(count, dimension)) * strength
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def enrolled():
    """Many who are enrolled."""
    return alike_faces(np.random.default_rng(1), PEOPLE)


class TestStandIns:
    @pytest.mark.parametrize("people", [0, 1, FEWEST_PEOPLE - 1, FEWEST_PEOPLE, PEOPLE])
    def test_each_subject_has_one_unit_vector_for_good(self, enrolled, people):
        """The same in every batch and every process; other subjects have others."""
        subjects = [a_subject(n) for n in range(5)]
        vectors = StandIns(enrolled[:people]).vectors(subjects)
        again = StandIns(enrolled[:people]).vectors(subjects[::-1])[::-1]
        np.testing.assert_allclose(vectors, again, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        assert len(np.unique(vectors.round(4), axis=0)) == len(subjects)

    def test_no_subjects_have_no_vectors(self, enrolled):
        """An empty batch is a batch."""
        assert StandIns(enrolled).vectors([]).shape == (0, enrolled.shape[1])

    def test_scores_are_distributed_like_those_of_strangers(self, enrolled):
        """Two samples of 10,000: Kolmogorov-Smirnov p > 0.05, and the AUC is within 0.02 of 1/2."""
        rng, count = np.random.default_rng(2), 10_000
        probes = alike_faces(rng, 500)
        strangers = enrolled[rng.integers(PEOPLE, size=count)]
        real = np.einsum("nd,nd->n", probes[rng.integers(500, size=count)], strangers)
        subjects = [a_subject(n) for n in range(count)]
        asked = probes[rng.integers(500, size=count)]
        made_up = StandIns(enrolled).scores(subjects, asked, UNREACHABLE)
        assert stats.ks_2samp(real, made_up).pvalue > 0.05
        auc = stats.mannwhitneyu(real, made_up).statistic / count**2
        assert abs(auc - 0.5) < 0.02

    def test_random_directions_would_not_do(self, enrolled):
        """The same test finds out those that know nothing of the enrolled."""
        rng, count = np.random.default_rng(2), 10_000
        probes = alike_faces(rng, count)
        real = np.einsum("nd,nd->n", probes, enrolled[rng.integers(PEOPLE, size=count)])
        subjects = [a_subject(n) for n in range(count)]
        made_up = StandIns(enrolled[:0]).scores(subjects, probes, UNREACHABLE)
        assert stats.mannwhitneyu(real, made_up).statistic / count**2 > 0.6

    @given(below=st.floats(-0.9, 0.9), number=st.integers(0, 1000))
    def test_no_score_reaches_the_threshold(self, enrolled, below, number):
        """Nobody who is not enrolled matches, not even what stands in for them."""
        stand_ins = StandIns(enrolled)
        itself = stand_ins.vectors([a_subject(number)])
        (score,) = stand_ins.scores([a_subject(number)], itself, below)
        assert score < np.float32(below)

    def test_the_enrolled_do_not_score_high_with_stand_ins(self, enrolled):
        """A stand-in is nobody: those it is made of score with it as with strangers."""
        subjects = [a_subject(n) for n in range(200)]
        scores = enrolled @ StandIns(enrolled).vectors(subjects).T
        strangers = (enrolled @ enrolled.T)[~np.eye(PEOPLE, dtype=bool)]
        assert abs(scores.mean() - strangers.mean()) < 0.01
        assert scores.max() < strangers.max() + 0.1


class TestAlike:
    @pytest.fixture
    def registry(self):
        """Twenty people."""
        registry = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=SETTINGS)
        registry.enrol([enrolment(number) for number in range(20)])
        return registry

    @pytest.mark.parametrize("from_store", [False, True])
    def test_the_enrolled_are_verified_and_the_unknown_look_refused(self, registry, from_store):
        """Known subjects score as ever; unknown ones have a status, a score and a template too."""
        verifier = registry.alike(from_store=from_store)
        scores = verifier.verify([person(3), person(99)], faces(3, 3), below=0.9)
        assert scores.status.tolist() == [Status.OK, Status.OK]
        assert scores.similarity[0] == pytest.approx(1.0, abs=1e-6)
        assert scores.similarity[1] < 0.9
        assert scores.templates.tolist() == [1, 1]

    def test_an_unknown_number_scores_the_same_each_time(self, registry):
        """Asking again, alone or among others, gives the same score, as it does of the enrolled."""
        verifier = registry.alike()
        once = verifier.verify([person(99)], faces(7), below=0.9)
        again = verifier.verify([person(1), person(99)], faces(1, 7), below=0.9)
        assert once.similarity[0] == pytest.approx(again.similarity[1], abs=1e-6)

    def test_a_failed_probe_stays_failed(self, registry):
        """An unknown subject does not turn a picture without a face into a score."""
        probe = embeddings(np.ones((1, DIMENSION)), status=[Status.NO_FACE])
        scores = registry.alike().verify([person(99)], probe, below=0.9)
        assert scores.status.tolist() == [Status.NO_FACE]
        assert np.isnan(scores.similarity[0])

    def test_stand_ins_follow_a_growing_registry(self):
        """What was learnt of nobody is learnt again once there are people."""
        registry = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=SETTINGS)
        verifier = registry.alike()
        before = verifier.verify([person(99)], faces(7), below=0.9).similarity[0]
        registry.enrol([enrolment(number) for number in range(FEWEST_PEOPLE)])
        after = verifier.verify([person(99)], faces(7), below=0.9).similarity[0]
        assert before != pytest.approx(after, abs=1e-4)
