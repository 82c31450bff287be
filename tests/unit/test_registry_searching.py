"""Searching 1:N as planned: exact where that is quick, else built once and never out of date."""

from functools import partial

import numpy as np
import pytest

from fvs.bulk import LocalEngine
from fvs.errors import UsageError
from fvs.matching.index import VectorIndex
from fvs.matching.plan import IndexKind
from fvs.matching.precision import Precision
from fvs.registry.answers import RegistrySettings
from fvs.registry.duplicates import DuplicatePolicy
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.registry.searching import SearchSettings
from tests.stored_records import DictStore
from tests.vectors import DictVectors, embedder, enrolment, faces, person

PEOPLE = 60
POLICY = DuplicatePolicy(
    purpose="one person, one card",
    legal_basis="section 26 (5)",
    threshold=0.8,
    target_fmr=1e-3,
    evidence="certificate 7",
)
SMALL = {"exact_up_to": 0, "build_after": 0}
"""With these a gallery of any size gets an approximate index at once."""
LISTS_BYTES = PEOPLE * (112 + 64 + 16)
"""Memory that lists of codes just fit."""


def registry_of(people=PEOPLE, make_index=VectorIndex.empty, **search):
    """Persons 1 to `people`, each with the face of their number."""
    settings = RegistrySettings(
        make_index=make_index, duplicates=POLICY, search=SearchSettings(**search)
    )
    registry = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=settings)
    registry.enrol([enrolment(number) for number in range(1, people + 1)])
    return registry


def found_by(registry, *seeds, k=1):
    """Subjects that each face finds."""
    hits = registry.search(faces(*seeds), k)
    rows = hits.probe_rows.tolist()
    return [
        {subject for subject, row in zip(hits.subjects, rows, strict=True) if row == probe}
        for probe in range(len(seeds))
    ]


def pseudonym(registry, number):
    """Of that person."""
    return registry._vault.pseudonyms.of([person(number)])[0]


class TestPlan:
    @pytest.mark.parametrize("precision", list(Precision))
    def test_a_small_gallery_is_scanned_as_it_is_held(self, precision):
        """The plan names the gallery's own precision, and says why."""
        make_index = partial(VectorIndex.empty, precision=precision)
        plan = registry_of(2, make_index).search(faces(1), 1).plan
        assert plan.kind.value == f"flat_{precision}"
        assert plan.precision is precision
        assert plan.explanation[0] == "2 vectors, no more than 2,000,000, are scanned whole."

    def test_beyond_it_is_approximate(self):
        """Lists of codes, judged by the vectors as the gallery holds them."""
        plan = registry_of(memory_bytes=LISTS_BYTES, **SMALL).search(faces(1), 1).plan
        assert (plan.kind, plan.precision) == (IndexKind.IVFPQ, Precision.FLOAT32)
        assert plan.parameters

    def test_who_may_miss_nobody_scans(self):
        """A recall of 1 is exact at any size."""
        plan = registry_of(recall=1.0, **SMALL).search(faces(1), 1).plan
        assert plan.kind is IndexKind.FLAT_FLOAT32

    def test_what_fits_no_memory_is_refused(self):
        """With what would do."""
        with pytest.raises(UsageError, match="no index of 60 vectors"):
            registry_of(memory_bytes=1, **SMALL).search(faces(1), 1)

    def test_a_server_decides_itself(self):
        """Of vectors that are not in this process there is no plan."""
        assert registry_of(2, DictVectors, **SMALL).search(faces(1), 1).plan is None

    def test_building_waits_until_it_pays(self):
        """Fewer probes are scanned for, and the explanation says from when on."""
        registry = registry_of(exact_up_to=0, build_after=3)
        first = registry.search(faces(1, 2), 1).plan
        assert first.kind is IndexKind.FLAT_FLOAT32
        assert "Until 3 probes" in first.explanation[-1]
        assert registry.search(faces(3), 1).plan.kind is IndexKind.IVFPQ


class TestApproximate:
    def test_finds_whom_a_scan_finds(self):
        """Of itself each template is the best hit; decoys and strangers are nobody."""
        registry = registry_of(memory_bytes=LISTS_BYTES, **SMALL)
        people = [{pseudonym(registry, number)} for number in range(1, PEOPLE + 1)]
        assert found_by(registry, *range(1, PEOPLE + 1)) == people
        assert found_by(registry, 1000) == [set()]
        assert found_by(registry) == []

    def test_changes_count_at_once(self):
        """Enrolled since: found. Erased since: not. Without building anything anew."""
        registry = registry_of(rebuild_share=1.0, **SMALL)
        found_by(registry, 1)
        built = registry._searches._shortcut
        registry.enrol([enrolment(100), enrolment(101, 1)])
        registry.erase(person(2))
        registry.enrol([enrolment(102)])
        registry.erase(person(102))
        one, twin = pseudonym(registry, 1), pseudonym(registry, 101)
        expected = [{pseudonym(registry, 100)}, {one, twin}, set(), set()]
        assert found_by(registry, 100, 1, 2, 102, k=3) == expected
        assert registry._searches._shortcut is built

    def test_it_is_built_anew_once_much_has_changed(self):
        """From the stated share of what it holds; both arrivals and departures count."""
        registry = registry_of(rebuild_share=0.05, **SMALL)  # 3 of 60
        found_by(registry, 1)
        built = registry._searches._shortcut
        registry.enrol([enrolment(100), enrolment(101)])
        registry.erase(person(2))
        found_by(registry, 1)
        assert registry._searches._shortcut is built
        registry.erase(person(3))
        assert found_by(registry, 100, 3) == [{pseudonym(registry, 100)}, set()]
        assert registry._searches._shortcut is not built
        assert "60 vectors" in registry.search(faces(1), 1).plan.explanation[0]

    def test_nobody_waits_while_it_is_built(self):
        """Another thread's building leaves the old way, which misses nobody."""
        registry = registry_of(rebuild_share=0.0, **SMALL)
        with registry._searches._building:
            assert registry.search(faces(1), 1).plan.kind is IndexKind.FLAT_FLOAT32
        found_by(registry, 1)
        registry.enrol([enrolment(100)])
        with registry._searches._building:
            assert found_by(registry, 100) == [{pseudonym(registry, 100)}]

    def test_a_gallery_that_was_rebuilt_is_searched_anew(self):
        """What was built for the old one is of no use for the new."""
        registry = registry_of(**SMALL)
        found_by(registry, 1)
        registry.rebuild()
        registry.erase(person(2))
        assert found_by(registry, 1, 2) == [{pseudonym(registry, 1)}, set()]

    def test_pairs_are_those_of_a_full_comparison(self):
        """Each once, with the same ranks."""
        found = []
        for search in ({}, SMALL):
            registry = registry_of(**search)
            registry.enrol([enrolment(200 + number, number) for number in range(1, 41)])
            pairs = registry.find_duplicates()
            assert pairs.plan.kind.is_exact is not bool(search)
            found.append([pair.rank for pair in pairs])
        assert found == [[1] * 40] * 2


class TestManyTemplates:
    """A person may have any number of templates; they never crowd out other people."""

    @pytest.mark.parametrize("search", [{}, SMALL])
    def test_of_one_person_and_a_look_alike(self, search):
        """70 templates of one face under one number, one under another: 70 pairs, and 2 people."""
        registry = registry_of(3, **search)
        copies = [enrolment(7, 5, portrait_sha256=bytes([copy]) * 32) for copy in range(70)]
        registry.enrol([*copies, enrolment(8, 5)])
        assert found_by(registry, 5, k=2) == [{pseudonym(registry, 7), pseudonym(registry, 8)}]
        pairs = list(registry.find_duplicates())
        assert len(pairs) == 70
        both = {pseudonym(registry, 7), pseudonym(registry, 8)}
        assert all({pair.first_subject, pair.second_subject} == both for pair in pairs)


def test_all_pairs_equal_a_matrix_however_they_are_scored():
    """Pairs, scores and ranks over several rows of tiles, here and in workers."""
    registry = registry_of(0)
    registry.enrol([enrolment(number % 400, number) for number in range(1100)])
    members = registry._gallery.members()
    _, vectors = registry._gallery.vectors_of(members.keys)
    _, subjects = np.unique(members.subjects, axis=0, return_inverse=True)
    scores = np.where(subjects.ravel()[:, None] == subjects.ravel(), -1, vectors @ vectors.T)
    row_of = {record.tobytes(): row for row, record in enumerate(members.record_ids)}
    with LocalEngine(1, "threads") as workers:
        for bulk in (None, workers):
            told = []
            pairs = list(registry.find_duplicates(lambda *done: told.append(done), bulk))  # noqa: B023 - called before the next turn
            rows = [(row_of[pair.first_record], row_of[pair.second_record]) for pair in pairs]
            assert len(set(map(frozenset, rows))) == len(rows) > 0
            assert len(rows) == (np.triu(scores) >= POLICY.threshold).sum()
            for pair, (first, second) in zip(pairs, rows, strict=True):
                assert pair.similarity == pytest.approx(scores[first, second], abs=1e-6)
                assert pair.rank == 1 + (scores[first] > scores[first, second] + 1e-6).sum()
            assert told[-1][0] == told[-1][1] == len(told)
