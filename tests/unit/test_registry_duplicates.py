"""Duplicates: off without a purpose, a list for people to judge, never a refusal."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.registry.answers import RegistrySettings
from fvs.registry.duplicates import DuplicatePolicy
from fvs.registry.errors import DuplicatesOffError, ModelMismatchError
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.registry.reviews import ReviewState, fpir_of, review_id_of
from fvs.status import Status
from tests.records import embeddings
from tests.stored_records import DictStore
from tests.vectors import DIMENSION, DictVectors, embedder, enrolment, faces, person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = DuplicatePolicy(
    purpose="fraud staff look for people enrolled twice",
    legal_basis="section 26 (5)",
    threshold=0.9,
    target_fmr=1e-3,
    evidence="certificate 7",
)


@pytest.fixture
def registry():
    """Persons 1 to 6; 5 has the face of 1, and 6 those of 2 and 1."""
    settings = RegistrySettings(make_index=DictVectors, duplicates=POLICY)
    registry = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=settings)
    registry.enrol([enrolment(number) for number in range(1, 5)])
    registry.enrol([enrolment(5, 1), enrolment(6, 2), enrolment(6, 1)])
    return registry


def pseudonyms(registry, *numbers):
    """Of those persons."""
    return registry._vault.pseudonyms.of(map(person, numbers))


class TestPolicy:
    def test_without_one_nobody_is_searched(self):
        """Searching is another purpose than verifying: an error with a code says so."""
        settings = RegistrySettings(make_index=DictVectors)
        registry = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=settings)
        for search in (
            lambda: registry.search(faces(1), 1),
            registry.find_duplicates,
            lambda: registry.add_reviews([]),
        ):
            with pytest.raises(DuplicatesOffError, match="no purpose and legal basis"):
                search()

    @pytest.mark.parametrize(
        "changes",
        [{"purpose": " "}, {"legal_basis": ""}, {"evidence": ""}, {"target_fmr": 0.0}],
    )
    def test_it_states_all_of_it(self, changes):
        """A policy with an empty statement is none."""
        fields = {name: getattr(POLICY, name) for name in POLICY.__dataclass_fields__}
        with pytest.raises(UsageError):
            DuplicatePolicy(**{**fields, **changes})


class TestSearch:
    def test_people_by_likeness(self, registry):
        """Each person once, best first, at most k, and nobody below the threshold."""
        hits = registry.search(faces(1, 9, 2), 2)
        one, five, six, two = pseudonyms(registry, 1, 5, 6, 2)
        of_first = [s for s, row in zip(hits.subjects, hits.probe_rows, strict=True) if row == 0]
        assert len(of_first) == 2
        assert set(of_first) < {one, five, six}
        assert set(hits.subjects[2:]) == {two, six}
        assert hits.probe_rows.tolist() == [0, 0, 2, 2]
        np.testing.assert_allclose(hits.similarity, 1.0, atol=1e-6)
        assert hits.gallery_size == 7
        assert hits.fpir == pytest.approx(1 - (1 - 1e-3) ** 7)

    def test_nothing_and_failures_have_no_hits(self, registry):
        """An empty batch is a batch; a probe that failed keeps its status and finds nobody."""
        assert registry.search(faces(), 1).subjects == ()
        failed = registry.search(embeddings(np.ones((1, DIMENSION)), [Status.NO_FACE]), 3)
        assert (failed.status.tolist(), failed.subjects) == ([Status.NO_FACE], ())

    def test_decoys_are_never_found(self, registry):
        """The vectors that stand in for unknown subjects are nobody."""
        decoys = embeddings(registry._vault.restore(registry._vault.decoys()))
        assert registry.search(decoys, 3).subjects == ()

    def test_not_below_the_evidence(self, registry):
        """Below the policy's threshold nobody has measured what a hit is worth."""
        with pytest.raises(UsageError, match=r"below 0\.9"):
            registry.search(faces(1), 1, threshold=0.5)


class TestPairs:
    def test_every_pair_of_different_people_once(self, registry):
        """Whatever the order; templates of one person are no pair."""
        told = []
        pairs = list(registry.find_duplicates(lambda *done: told.append(done)))
        found = {frozenset((p.first_subject, p.second_subject)) for p in pairs}
        one, two, five, six = pseudonyms(registry, 1, 2, 5, 6)
        assert found == {frozenset(p) for p in ((one, five), (one, six), (five, six), (two, six))}
        assert len(pairs) == 4
        assert told == [(1, 1)]
        assert {pair.rank for pair in pairs} <= {1, 2}

    def test_the_list_keeps_what_people_made_of_it(self, registry):
        """A second run lists nothing twice and reopens nothing."""
        assert registry.add_reviews(registry.find_duplicates(), NOW) == 4
        first, *others = registry.reviews(ReviewState.OPEN, 10)
        assert (first.purpose, first.legal_basis) == (POLICY.purpose, POLICY.legal_basis)
        assert first.fpir == pytest.approx(fpir_of(1e-3, 7))
        later = NOW + timedelta(days=1)
        assert registry.resolve_review(first.review_id, ReviewState.DISMISSED, "twins", later)
        assert registry.add_reviews(registry.find_duplicates(), later) == 0
        assert registry.reviews(ReviewState.OPEN, 10) == others
        (dismissed,) = registry.reviews(ReviewState.DISMISSED, 10)
        assert (dismissed.note, dismissed.resolved_at) == ("twins", later)
        with pytest.raises(UsageError, match="confirmed or dismissed"):
            registry.resolve_review(first.review_id, ReviewState.OPEN, "", later)
        assert not registry.resolve_review(bytes(16), ReviewState.CONFIRMED, "", later)

    def test_erasure_takes_reviews_along(self, registry):
        """Nothing of an erased template stays on the list; the export shows what there is."""
        registry.add_reviews(registry.find_duplicates(), NOW)
        assert len(registry.export(person(6)).reviews) == 3
        registry.erase(person(6), NOW)
        assert len(registry.reviews(ReviewState.OPEN, 10)) == 1
        assert registry.export(person(6)).reviews == ()

    def test_refuses_probes_of_another_embedder(self, registry):
        """As `verify` does."""
        foreign = faces(1).take([0])
        object.__setattr__(foreign, "model_id", "embed-other-202601")
        with pytest.raises(ModelMismatchError):
            registry.search(foreign, 1)


@pytest.mark.parametrize(
    ("fmr", "people", "expected"), [(1e-6, 0, 0.0), (0.5, 2, 0.75), (1e-12, 10, 1e-11)]
)
def test_fpir(fmr, people, expected):
    """1 - (1 - FMR)^N, exact for small rates too."""
    assert fpir_of(fmr, people) == pytest.approx(expected, rel=1e-9)


def test_a_pair_has_one_id():
    """Whichever record comes first."""
    one, two = b"1" * 16, b"2" * 16
    assert review_id_of(one, two) == review_id_of(two, one) != review_id_of(one, one)
