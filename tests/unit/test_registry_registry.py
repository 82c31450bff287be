"""The registry: enrol, verify, erase and the rest, over a store that is the truth."""

import base64
import dataclasses
from contextlib import closing
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.registry.answers import RegistryScores, RegistrySettings
from fvs.registry.enrolment import EnrolmentOutcome
from fvs.registry.erasure import verify_erasure
from fvs.registry.errors import (
    KeyRingError,
    MissingKeyError,
    ModelMismatchError,
    StoreError,
)
from fvs.registry.fusion import FusionRule
from fvs.registry.keys import KeyRing
from fvs.registry.records import RecordStatus, TemplateKind
from fvs.registry.registry import Registry
from fvs.registry.sqlite_store import SqliteStore
from fvs.registry.vault import Vault
from fvs.status import Status
from tests.records import embeddings
from tests.stored_records import DictStore
from tests.vectors import DIMENSION, DictVectors, embedder, enrolment, faces, person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = RegistrySettings(make_index=DictVectors)


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture
def store():
    """An empty store of the obvious kind."""
    return DictStore()


@pytest.fixture
def registry(store, keys):
    """An empty registry."""
    return Registry.create(store, keys, embedder(), settings=SETTINGS)


@pytest.fixture(scope="module")
def crowded(keys):
    """Persons 0 and 1 with two templates, 2 with one that is damaged, 3 unknown."""
    store = DictStore()
    registry = Registry.create(store, keys, embedder(), settings=SETTINGS)
    registry.enrol([enrolment(n, seed) for n in (0, 1) for seed in (n, n + 50)])
    (damaged,) = registry.enrol([enrolment(2)]).record_ids
    record = store.rows[damaged]
    sealed = record.sealed_template[:-1] + bytes([record.sealed_template[-1] ^ 1])
    store.rows[damaged] = msgspec.structs.replace(record, sealed_template=sealed)
    return Registry.open(store, keys, embedder(), settings=SETTINGS)


def reopened(store, keys) -> Registry:
    """The same store, seen by another process."""
    return Registry.open(store, keys, embedder(), settings=SETTINGS)


class TestVerify:
    @pytest.mark.parametrize("people", [[], [1], [3, 1, 2]])
    def test_a_probe_is_compared_with_its_own_subject(self, registry, people):
        """Row i is probe i with subject i, in any order and number."""
        registry.enrol([enrolment(number) for number in (1, 2, 3)])
        scores = registry.verify([person(number) for number in people], faces(*people))
        assert scores.status.tolist() == [Status.OK] * len(people)
        np.testing.assert_allclose(scores.similarity, 1.0, atol=1e-6)
        assert scores.templates.tolist() == [1] * len(people)

    def test_scores_are_those_of_the_vectors_before_rotation(self, registry):
        """The rotation and the sealing change no cosine by more than 1e-6."""
        registry.enrol([enrolment(number) for number in range(20)])
        probes = faces(*range(100, 120))
        expected = np.einsum("nd,nd->n", probes.vectors, faces(*range(20)).vectors)
        scores = registry.verify([person(number) for number in range(20)], probes)
        np.testing.assert_allclose(scores.similarity, expected, atol=1e-6)

    def test_an_unknown_subject_has_no_score(self, registry):
        """Nobody is NO_REFERENCE, beside people who are known."""
        registry.enrol([enrolment(1)])
        scores = registry.verify([person(7), person(1)], faces(1, 1))
        assert scores.status.tolist() == [Status.NO_REFERENCE, Status.OK]
        assert np.isnan(scores.similarity[0])
        assert scores.templates.tolist() == [0, 1]

    def test_the_failure_of_a_probe_comes_first(self, registry):
        """A probe without a face says so, whether or not its subject is known."""
        registry.enrol([enrolment(1)])
        probes = embeddings(np.ones((2, DIMENSION)), [Status.NO_FACE, Status.NO_FACE])
        scores = registry.verify([person(1), person(7)], probes)
        assert scores.status.tolist() == [Status.NO_FACE] * 2
        assert np.isnan(scores.similarity).all()

    def test_refuses_probes_of_another_embedder(self, registry):
        """Vectors of different models never compare."""
        foreign = dataclasses.replace(faces(1), model_id="embed-other-202601")
        with pytest.raises(ModelMismatchError, match="embed-other"):
            registry.verify([person(1)], foreign)

    def test_refuses_more_subjects_than_probes(self, registry):
        """Rows are pairs."""
        with pytest.raises(UsageError, match="cannot be of 2 subjects"):
            registry.verify([person(1), person(2)], faces(1))

    @pytest.mark.parametrize("rule", FusionRule)
    def test_several_templates_make_one_score(self, store, keys, rule):
        """The fused score is that of the rule, from the store and from memory."""
        settings = RegistrySettings(make_index=DictVectors, fusion=rule)
        registry = Registry.create(store, keys, embedder(), settings=settings)
        for day, seed in enumerate((5, 6, 7), 1):
            registry.enrol([enrolment(1, seed)], NOW.replace(day=day))
        each = faces(5).vectors[0] @ faces(5, 6, 7).vectors.T
        expected = {"mean": each.mean(), "max": each.max(), "newest": each[2]}[rule]
        for scores in (
            registry.verify([person(1)], faces(5)),
            registry.verify_from_store([person(1)], faces(5)),
        ):
            assert scores.similarity[0] == pytest.approx(expected, abs=1e-6)
            assert scores.templates.tolist() == [3]

    def test_the_store_answers_as_the_gallery(self, registry):
        """Both ways give the same rows, unknown and failed ones included."""
        registry.enrol([enrolment(n, seed) for n in range(5) for seed in (n, n + 50)])
        people = [person(n) for n in (0, 9, 4, 4)]
        for probes in (faces(0, 1, 4, 5), embeddings(np.ones((4, DIMENSION)), [20, 0, 0, 20])):
            fast = registry.verify(people, probes)
            slow = registry.verify_from_store(people, probes)
            np.testing.assert_array_equal(fast.status, slow.status)
            np.testing.assert_array_equal(fast.templates, slow.templates)
            np.testing.assert_allclose(fast.similarity, slow.similarity, atol=1e-6)

    @given(order=st.permutations(range(6)))
    def test_rows_do_not_depend_on_one_another(self, crowded, order):
        """Any order, and one at a time, gives every row the same result."""
        people, probes = [person(n % 4) for n in range(6)], faces(*range(6))
        whole = crowded.verify(people, probes)
        for verify in (crowded.verify, crowded.verify_from_store):
            shuffled = verify([people[row] for row in order], probes.take(list(order)))
            alone = [verify([people[row]], probes.take([row])) for row in order]
            for scores in (shuffled, RegistryScores.concatenate(alone)):
                np.testing.assert_array_equal(scores.status, whole.status[list(order)])
                np.testing.assert_array_equal(scores.templates, whole.templates[list(order)])
                np.testing.assert_allclose(
                    scores.similarity, whole.similarity[list(order)], atol=1e-6
                )

    def test_an_unknown_subject_takes_the_same_steps(self, registry, monkeypatch):
        """As many comparisons in memory, as many templates unsealed, as for one who is known."""
        registry.enrol([enrolment(1)])
        index, compared, unsealed = registry._gallery.index, [], []
        score, unseal = index.score_pairs, Vault._open
        monkeypatch.setattr(
            index, "score_pairs", lambda *pairs: compared.append(len(pairs[2])) or score(*pairs)
        )
        monkeypatch.setattr(
            Vault, "_open", lambda vault, record: unsealed.append(record) or unseal(vault, record)
        )
        for subject in (person(1), person(7)):
            registry.verify([subject], faces(1))
            registry.verify_from_store([subject], faces(1))
        assert compared == [1, 1]
        known, unknown = unsealed
        assert len(known.sealed_template) == len(unknown.sealed_template)
        assert known.wrapped_key != unknown.wrapped_key


class TestEnrol:
    def test_the_same_portrait_twice_is_one_record(self, registry, store):
        """A second import changes nothing, in one batch or two."""
        first = registry.enrol([enrolment(1), enrolment(1)])
        assert first.outcomes == (EnrolmentOutcome.ENROLLED, EnrolmentOutcome.UNCHANGED)
        again = registry.enrol([enrolment(1)])
        assert again.outcomes == (EnrolmentOutcome.UNCHANGED,)
        assert again.revision == first.revision == 1
        assert len(store.rows) == 1

    def test_nothing_is_a_batch(self, registry):
        """An empty batch changes nothing."""
        receipt = registry.enrol([])
        assert (receipt.record_ids, receipt.outcomes, receipt.revision) == ((), (), 0)

    def test_an_erased_portrait_is_not_brought_back(self, registry):
        """Erasure outlives a second import."""
        registry.enrol([enrolment(1)])
        registry.erase(person(1), NOW)
        receipt = registry.enrol([enrolment(1), enrolment(2)])
        assert receipt.outcomes == (EnrolmentOutcome.ERASED_BEFORE, EnrolmentOutcome.ENROLLED)
        assert registry.verify([person(1)], faces(1)).status.tolist() == [Status.NO_REFERENCE]

    def test_an_import_asks_first_what_is_known(self, registry):
        """The id of a portrait is known before the portrait is embedded."""
        one = enrolment(1)
        name = registry.record_id_of(one.subject, one.portrait_sha256, one.kind)
        other = registry.record_id_of(one.subject, one.portrait_sha256, TemplateKind.PASSPORT)
        assert registry.known([name, other]) == [None, None]
        assert registry.enrol([one]).record_ids == (name,)
        assert registry.known([name, other]) == [RecordStatus.ACTIVE, None]
        registry.erase(person(1), NOW)
        assert registry.known([name]) == [RecordStatus.ERASED]

    def test_a_template_without_a_legal_basis_is_refused(self, registry, store):
        """Nothing of the batch is kept."""
        with pytest.raises(UsageError, match="enrolment 1 of 2 names no legal basis"):
            registry.enrol([enrolment(1), enrolment(2, legal_basis=" ")])
        assert store.rows == {}

    def test_a_template_of_another_model_is_refused(self, registry):
        """Old templates are not carried into a registry of new weights."""
        with pytest.raises(ModelMismatchError):
            registry.enrol([enrolment(1, template=b"FVST")])


class TestErase:
    def test_erasure_is_stated_and_kept(self, registry, store):
        """The proof names all of the subject's records; nothing of them compares or opens."""
        ids = registry.enrol([enrolment(1, seed) for seed in (1, 2)]).record_ids
        registry.enrol([enrolment(2)])
        receipt = registry.erase(person(1), NOW)
        stated = verify_erasure(receipt.proof, registry.public_key)
        assert set(stated.record_ids) == set(ids) == set(receipt.record_ids)
        assert stated.revision == receipt.revision == store.revision() == 3
        assert [store.rows[i].sealed_template for i in ids] == [b"", b""]
        scores = registry.verify([person(1), person(2)], faces(1, 2))
        assert scores.status.tolist() == [Status.NO_REFERENCE, Status.OK]

    def test_a_lost_proof_can_be_had_again(self, registry):
        """Erasing once more states the same records and changes nothing."""
        registry.enrol([enrolment(1)])
        first = registry.erase(person(1), NOW)
        again = registry.erase(person(1), NOW)
        assert again.proof == first.proof

    def test_of_nobody_nothing_is_stated(self, registry):
        """An unknown subject has no proof."""
        assert registry.erase(person(1), NOW).proof is None

    def test_one_record_is_erased_alone(self, registry, store):
        """The proof names that record; the subject's other one still compares."""
        first, second = registry.enrol([enrolment(1, seed) for seed in (1, 2)]).record_ids
        receipt = registry.erase_record(first, NOW)
        stated = verify_erasure(receipt.proof, registry.public_key)
        assert tuple(stated.record_ids) == receipt.record_ids == (first,)
        assert stated.revision == receipt.revision == store.revision() == 2
        assert registry.known([first, second]) == [RecordStatus.ERASED, RecordStatus.ACTIVE]
        assert (store.rows[first].sealed_template, store.rows[first].wrapped_key) == (b"", b"")
        assert registry.verify([person(1)], faces(2)).templates.tolist() == [1]

    def test_one_record_erased_again_is_stated_again(self, registry, store):
        """A lost proof can be had once more, and nothing changes."""
        (record_id,) = registry.enrol([enrolment(1)]).record_ids
        first = registry.erase_record(record_id, NOW)
        assert registry.erase_record(record_id, NOW) == first
        assert store.revision() == first.revision

    def test_of_no_record_nothing_is_stated(self, registry, store):
        """An unknown id has no proof and changes nothing."""
        receipt = registry.erase_record(bytes(16), NOW)
        assert (receipt.record_ids, receipt.proof) == ((), None)
        assert receipt.revision == store.revision() == 0

    def test_what_expired_is_erased(self, registry):
        """A record goes the day after its last, the subject's others stay."""
        registry.enrol(
            [
                enrolment(1, 1, retain_until=date(2026, 1, 1)),
                enrolment(1, 2),
                enrolment(2, 3, retain_until=date(2026, 1, 2)),
            ]
        )
        receipts = list(registry.expire(date(2026, 1, 2), NOW))
        assert [len(receipt.record_ids) for receipt in receipts] == [1]
        scores = registry.verify([person(1), person(2)], faces(2, 3))
        assert scores.templates.tolist() == [1, 1]
        assert list(registry.expire(date(2026, 1, 2), NOW)) == []


class TestOpen:
    def test_another_process_sees_what_was_acknowledged(self, registry, store, keys):
        """A second registry over the store follows enrolment and erasure without being told."""
        other = reopened(store, keys)
        registry.enrol([enrolment(1)])
        assert other.verify([person(1)], faces(1)).status.tolist() == [Status.OK]
        registry.erase(person(1), NOW)
        assert other.verify([person(1)], faces(1)).status.tolist() == [Status.NO_REFERENCE]

    def test_staleness_may_be_allowed(self, store, keys, registry):
        """With a generous limit the store is not asked again."""
        settings = RegistrySettings(make_index=DictVectors, max_staleness_s=3600)
        other = Registry.open(store, keys, embedder(), settings=settings)
        other.verify([person(1)], faces(1))
        registry.enrol([enrolment(1)])
        assert other.verify([person(1)], faces(1)).status.tolist() == [Status.NO_REFERENCE]

    def test_progress_is_told(self, registry, store, keys):
        """The last report says that all is done."""
        registry.enrol([enrolment(number) for number in range(5)])
        told = []
        Registry.open(
            store,
            keys,
            embedder(),
            settings=SETTINGS,
            on_progress=lambda done, total: told.append((done, total)),
        )
        assert told[-1] == (5, 5)

    def test_refuses_an_empty_store(self, store, keys):
        """A registry is created on purpose."""
        with pytest.raises(StoreError, match="no registry"):
            reopened(store, keys)

    @pytest.mark.usefixtures("registry")
    def test_refuses_a_second_registry(self, store, keys):
        """A store holds one."""
        with pytest.raises(StoreError, match="already"):
            Registry.create(store, keys, embedder(), settings=SETTINGS)

    @pytest.mark.usefixtures("registry")
    def test_refuses_the_keys_of_another_registry(self, store):
        """Under them every subject would be unknown."""
        with pytest.raises(KeyRingError, match="another registry"):
            reopened(store, KeyRing.generate())

    @pytest.mark.usefixtures("registry")
    @pytest.mark.parametrize(
        "model", [embedder("embed-other-202601"), embedder(sha256="cd" * 32)], ids=["id", "weights"]
    )
    def test_refuses_another_model(self, store, keys, model):
        """Templates of other weights do not compare."""
        with pytest.raises(ModelMismatchError, match="embed-test"):
            Registry.open(store, keys, model, settings=SETTINGS)


class TestDamage:
    def test_a_tampered_record_is_a_status_of_its_subject_alone(self, registry, store, keys):
        """Others are served; the subject is told apart from one who is unknown."""
        (first, _) = registry.enrol([enrolment(1), enrolment(2)]).record_ids
        record = store.rows[first]
        sealed = bytes([record.sealed_template[0], *record.sealed_template[1:][::-1]])
        store.rows[first] = msgspec.structs.replace(record, sealed_template=sealed)
        other = reopened(store, keys)
        for verify in (other.verify, other.verify_from_store):
            scores = verify([person(1), person(2)], faces(1, 2))
            assert scores.status.tolist() == [Status.REFERENCE_UNREADABLE, Status.OK]
            assert np.isnan(scores.similarity[0])
        assert other.stats().unreadable == 1

    def test_swapped_templates_do_not_open(self, registry, store, keys):
        """A sealed template serves its own record only."""
        ids = registry.enrol([enrolment(1), enrolment(2)]).record_ids
        one, two = (store.rows[i] for i in ids)
        for mine, theirs in ((one, two), (two, one)):
            store.rows[mine.record_id] = msgspec.structs.replace(
                mine,
                sealed_template=theirs.sealed_template,
                wrapped_key=theirs.wrapped_key,
            )
        scores = reopened(store, keys).verify([person(1), person(2)], faces(2, 1))
        assert scores.status.tolist() == [Status.REFERENCE_UNREADABLE] * 2


class TestKeys:
    def test_rotation_keeps_everything(self, registry, store, keys):
        """All records open under the new ring alone; a second run has nothing to do."""
        registry.enrol([enrolment(number) for number in range(5)])
        registry.erase(person(4), NOW)
        new = keys.rotated()
        assert registry.rotate_keys(new) == 4
        assert registry.rotate_keys(new) == 0
        bare = reopened(store, new.without(keys.current_key_id))
        scores = bare.verify([person(number) for number in range(4)], faces(*range(4)))
        assert scores.status.tolist() == [Status.OK] * 4

    def test_a_process_with_the_old_ring_goes_on(self, registry, store, keys):
        """Its gallery needs no key to learn that a record has a new one."""
        registry.enrol([enrolment(1)])
        other = reopened(store, keys)
        registry.rotate_keys(keys.rotated())
        assert other.verify([person(1)], faces(1)).status.tolist() == [Status.OK]

    def test_a_process_with_the_old_ring_serves_all_but_the_new(self, registry, store, keys):
        """Who was enrolled under a key that it lacks is an error with advice, nobody else is."""
        registry.enrol([enrolment(1)])
        other = reopened(store, keys)
        new = keys.rotated()
        registry.use_keys(new)
        registry.enrol([enrolment(2)])
        assert other.verify([person(1), person(3)], faces(1, 3)).status.tolist() == [
            Status.OK,
            Status.NO_REFERENCE,
        ]
        with pytest.raises(MissingKeyError) as caught:
            other.verify([person(2)], faces(2))
        assert caught.value.advice
        assert other.enrol([enrolment(4)]).revision == store.revision()
        other.erase(person(1), NOW)
        assert other.verify([person(1)], faces(1)).status.tolist() == [Status.NO_REFERENCE]
        other.use_keys(new)
        assert other.verify([person(2), person(4)], faces(2, 4)).status.tolist() == [Status.OK] * 2
        assert other.stats().gallery_revision == store.revision()


class TestExport:
    def test_everything_about_one_person(self, registry):
        """Every record with its metadata, as JSON; the template is the embedder's own."""
        one = enrolment(1, source="counter 3", portrait_date=date(2020, 2, 29), quality=61.5)
        registry.enrol([one, enrolment(2)], NOW)
        export = msgspec.json.decode(
            msgspec.json.encode(registry.export(person(1), templates=True))
        )
        (record,) = export["records"]
        assert export["subject"] == "THA-xxxxxxxxx"
        assert (record["source"], record["portrait_date"]) == ("counter 3", "2020-02-29")
        vectors = registry._vault.read([base64.b64decode(record["template"])]).vectors
        np.testing.assert_allclose(vectors, faces(1).vectors, atol=1e-6)

    def test_templates_on_request_only(self, registry):
        """Otherwise none is unsealed."""
        registry.enrol([enrolment(1)])
        assert registry.export(person(1)).records[0].template is None


def test_calibration_vectors_keep_cosines_and_people(registry):
    """All templates, numbered by subject; cosines between them are the embedder's."""
    registry.enrol([enrolment(n, seed) for n in range(3) for seed in (n, n + 10)])
    vectors, subjects = registry.calibration_vectors()
    assert vectors.shape == (6, DIMENSION)
    assert sorted(np.bincount(subjects).tolist()) == [2, 2, 2]
    plain = faces(0, 10, 1, 11, 2, 12).vectors
    np.testing.assert_allclose(
        np.sort(vectors @ vectors.T, axis=None), np.sort(plain @ plain.T, axis=None), atol=1e-6
    )


def test_stats(registry):
    """Counts are those of the store."""
    registry.enrol([enrolment(1, 1), enrolment(1, 2), enrolment(2)])
    registry.erase(person(2), NOW)
    stats = registry.stats()
    assert (stats.subjects, stats.active, stats.erased, stats.unreadable) == (1, 2, 1, 0)
    assert stats.revision == stats.gallery_revision == 2


def test_a_rebuild_changes_nothing(registry):
    """The gallery is made from the store alone."""
    registry.enrol([enrolment(n) for n in range(3)])
    before = registry.verify([person(n) for n in range(4)], faces(*range(4)))
    registry.rebuild()
    after = registry.verify([person(n) for n in range(4)], faces(*range(4)))
    np.testing.assert_array_equal(before.similarity, after.similarity)


def test_on_sqlite(tmp_path, keys):
    """The same on a file, opened again."""
    path = tmp_path / "s.db"
    with closing(SqliteStore.open(path, create=True)) as store:
        Registry.create(store, keys, embedder(), settings=SETTINGS).enrol([enrolment(1)])
    with closing(SqliteStore.open(path)) as store:
        registry = reopened(store, keys)
        assert registry.verify([person(1)], faces(1)).status.tolist() == [Status.OK]
        assert registry.verify_from_store([person(1)], faces(1)).templates.tolist() == [1]


class TestAttach:
    """`Registry.attach`: all but searching, at no cost that grows with the number of people."""

    def test_answers_and_changes_without_a_gallery(self, store, keys):
        """It verifies, enrols and erases as an open one does; the gallery stays empty."""
        Registry.create(store, keys, embedder(), settings=SETTINGS).enrol([enrolment(1)])
        attached = Registry.attach(store, keys, embedder(), settings=SETTINGS)
        attached.enrol([enrolment(2)])
        attached.erase(person(1), NOW)
        assert attached.stats().gallery_revision == 0
        scores = attached.verify_from_store([person(1), person(2)], faces(1, 2))
        assert scores.status.tolist() == [Status.NO_REFERENCE, Status.OK]
        assert scores.similarity[1] == pytest.approx(1, abs=1e-6)

    def test_verify_is_right_all_the_same(self, store, keys):
        """Where the gallery is not in step the store answers."""
        Registry.create(store, keys, embedder(), settings=SETTINGS).enrol(
            [enrolment(number) for number in range(5)]
        )
        attached = Registry.attach(store, keys, embedder(), settings=SETTINGS)
        scores = attached.verify([person(3)], faces(3))
        assert scores.similarity[0] == pytest.approx(1, abs=1e-6)

    def test_refuses_a_foreign_ring(self, store, keys):
        """Like `open`."""
        Registry.create(store, keys, embedder(), settings=SETTINGS)
        with pytest.raises(KeyRingError):
            Registry.attach(store, KeyRing.generate(), embedder(), settings=SETTINGS)
