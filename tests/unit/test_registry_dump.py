"""A dump moves a registry to another store whole, and nothing that was altered is restored."""

import io
import secrets
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from fvs.registry.answers import RegistrySettings
from fvs.registry.dump import restore_dump, write_dump
from fvs.registry.duplicates import DuplicatePolicy
from fvs.registry.errors import DumpError, StoreError
from fvs.registry.keys import KeyRing
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.registry import Registry
from fvs.registry.reviews import ReviewState
from fvs.registry.sqlite_store import SqliteStore
from fvs.status import Status
from tests.stored_records import DictStore
from tests.vectors import DictVectors, embedder, enrolment, faces, person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = DuplicatePolicy(
    purpose="test", legal_basis="test", threshold=0.9, target_fmr=1e-3, evidence="test"
)
SETTINGS = RegistrySettings(make_index=DictVectors, duplicates=POLICY)


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture
def store(keys):
    """A registry of four people, one of whom is erased, and two of whom look alike."""
    store = DictStore()
    registry = Registry.create(store, keys, embedder(), settings=SETTINGS)
    registry.enrol([enrolment(1), enrolment(2), enrolment(3)], NOW)
    registry.enrol([enrolment(4, 1)], NOW)
    registry.erase(person(3), NOW)
    registry.add_reviews(registry.find_duplicates(), NOW)
    return store


@pytest.fixture
def dump(store, keys):
    """Its bytes."""
    file = io.BytesIO()
    summary = write_dump(store, keys, file)
    assert (summary.records, summary.reviews) == (4, 1)
    return file.getvalue()


@pytest.fixture(params=["sqlite", "postgres"])
def target(request, tmp_path):
    """An empty store of either kind."""
    if request.param == "sqlite":
        store = SqliteStore.open(tmp_path / "s.db", create=True)
    else:
        dsn = request.getfixturevalue("postgres_dsn")
        store = PostgresStore.open(dsn, schema=f"d{secrets.token_hex(8)}", create=True)
    yield store
    store.close()


def content(store) -> tuple[object, ...]:
    """All of it, but for the revisions."""
    rows = store.changed_since(0, 10**6)
    records = sorted(
        (msgspec.structs.replace(row, revision=0) for row in rows), key=lambda row: row.record_id
    )
    return records, store.metadata(), store.reviews(ReviewState.OPEN, 99)


class TestRestore:
    def test_everything_returns(self, store, keys, dump, target):
        """Records, reviews and metadata; the registry opens and verifies."""
        told = []
        restore_dump(io.BytesIO(dump), target, keys.public_key, lambda *done: told.append(done))
        assert content(target) == content(store)
        assert told[-1] == (4, 4)
        registry = Registry.open(target, keys, embedder(), settings=SETTINGS)
        scores = registry.verify([person(1), person(3)], faces(1, 3))
        assert scores.status.tolist() == [Status.OK, Status.NO_REFERENCE]

    def test_the_later_line_holds(self, store, keys):
        """What changes while the dump is written stands in it twice, and counts once."""
        rows = store.changed_since

        def erase_after_the_first(revision, _limit):
            page = rows(revision, 1)
            if revision == 0:
                store.erase([page[0].record_id])
            return page

        file = io.BytesIO()
        store.changed_since = erase_after_the_first
        write_dump(store, keys, file)
        del store.changed_since
        target = DictStore()
        file.seek(0)
        restore_dump(file, target, keys.public_key)
        assert content(target) == content(store)
        assert target.counts()["erased"] == 2

    def test_a_store_that_holds_something_is_refused(self, keys, dump, store):
        """Nothing is mixed."""
        with pytest.raises(StoreError, match="not empty"):
            restore_dump(io.BytesIO(dump), store, keys.public_key)

    def test_an_empty_store_has_no_dump(self, keys):
        """There is no registry in it."""
        with pytest.raises(StoreError, match="no registry"):
            write_dump(DictStore(), keys, io.BytesIO())


class TestAltered:
    def refused(self, dump: bytes, public_key: bytes) -> None:
        """Restoring raises, and leaves the store empty."""
        target = DictStore()
        with pytest.raises(DumpError):
            restore_dump(io.BytesIO(dump), target, public_key)
        assert (target.rows, target.notes) == ({}, {})

    def test_a_bit_anywhere(self, dump, keys):
        """Whatever the byte."""
        for place in np.random.default_rng(0).integers(0, len(dump), 200).tolist():
            altered = bytearray(dump)
            altered[place] ^= 1
            self.refused(bytes(altered), keys.public_key)

    def test_cut_short(self, dump, keys):
        """At a line's end, within a line, or at the very beginning."""
        ends = [0, *(i + 1 for i, byte in enumerate(dump) if byte == ord("\n"))][:-1]
        for end in [*ends, *(end + 10 for end in ends), len(dump) - 1]:
            self.refused(dump[:end], keys.public_key)

    def test_lines_left_out_or_moved(self, dump, keys):
        """A record that is missing is missed."""
        lines = dump.splitlines(keepends=True)
        self.refused(b"".join([*lines[:1], *lines[2:]]), keys.public_key)
        self.refused(b"".join([lines[1], lines[0], *lines[2:]]), keys.public_key)
        self.refused(dump + lines[1], keys.public_key)

    def test_of_another_ring(self, dump):
        """A dump that anyone else signed is not taken for ours."""
        self.refused(dump, KeyRing.generate().public_key)

    def test_no_template_is_in_the_clear(self, dump, keys, store):
        """Neither keys nor vectors; sealed columns only."""
        registry = Registry.open(store, keys, embedder(), settings=SETTINGS)
        vectors, _ = registry.calibration_vectors()
        assert all(vector.tobytes()[:16] not in dump for vector in vectors)
        assert keys.wrapping_keys[0].key.reveal() not in dump


class TestRenewal:
    def test_everybody_moves_and_old_templates_match_nothing(self, store, keys):
        """The same answers from the new registry; vectors of the old and the new are strangers."""
        old = Registry.open(store, keys, embedder(), settings=SETTINGS)
        new_keys = keys.renewed()
        new = Registry.create(DictStore(), new_keys, embedder(), settings=SETTINGS)
        assert old.renew_into(new) == 4
        assert old.renew_into(new) == 0
        people, probes = [person(n) for n in (1, 2, 3, 9)], faces(1, 2, 3, 9)
        before, after = old.verify(people, probes), new.verify(people, probes)
        np.testing.assert_array_equal(before.status, after.status)
        np.testing.assert_allclose(before.similarity, after.similarity, atol=1e-6)
        mine, _ = old.calibration_vectors()
        theirs, _ = new.calibration_vectors()
        assert np.abs(mine @ theirs.T).max() < 0.98
        assert [o.value for o in new.enrol([enrolment(3), enrolment(1)]).outcomes] == [
            "erased_before",
            "unchanged",
        ]

    def test_an_erasure_meanwhile_follows(self, store, keys):
        """A second run erases in the new registry what the old one erased since."""
        old = Registry.open(store, keys, embedder(), settings=SETTINGS)
        new = Registry.create(DictStore(), keys.renewed(), embedder(), settings=SETTINGS)
        old.renew_into(new)
        old.erase(person(1), NOW)
        old.renew_into(new)
        assert new.verify([person(1)], faces(1)).status.tolist() == [Status.NO_REFERENCE]

    def test_refuses_a_ring_of_other_subjects(self, store, keys):
        """Pseudonyms of another key would name nobody."""
        old = Registry.open(store, keys, embedder(), settings=SETTINGS)
        other = Registry.create(DictStore(), KeyRing.generate(), embedder(), settings=SETTINGS)
        with pytest.raises(ValueError, match="not of the same subjects"):
            old.renew_into(other)
