"""A saved gallery saves time and never decides: whatever is wrong with it, the store is asked."""

import secrets

import msgspec
import pytest

from fvs.errors import UsageError
from fvs.registry.answers import RegistrySettings
from fvs.registry.errors import StoreError
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.registry.vault import Vault
from fvs.registry.vectors import in_memory
from fvs.status import Status
from tests.registry_workers import assert_in_step, verified
from tests.stored_records import DictStore
from tests.vectors import DictVectors, embedder, enrolment, person


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture
def folder(tmp_path):
    """Where the gallery is kept."""
    return tmp_path / "index"


@pytest.fixture
def store(keys, folder):
    """A registry of five people, whose gallery is saved; person 5 has two templates."""
    store = DictStore()
    settings = RegistrySettings(index_dir=folder)
    registry = Registry.create(store, keys, embedder(), settings=settings)
    registry.enrol([enrolment(number) for number in range(1, 6)] + [enrolment(5, 50)])
    registry.close()
    return store


@pytest.fixture
def unsealed(monkeypatch):
    """How many records were unsealed."""
    count = []
    plain = Vault.open
    monkeypatch.setattr(Vault, "open", lambda vault, rows: count.extend(rows) or plain(vault, rows))
    return count


def opened(store, keys, folder, **settings) -> Registry:
    """Another process."""
    return Registry.open(
        store, keys, embedder(), settings=RegistrySettings(index_dir=folder, **settings)
    )


class TestUsed:
    def test_nothing_is_unsealed(self, store, keys, folder, unsealed):
        """A gallery that fits is taken as it is, and answers the same."""
        registry = opened(store, keys, folder)
        assert unsealed == []
        assert [verified(registry, n, n) for n in (1, 4, 9)] == [
            Status.OK,
            Status.OK,
            Status.NO_REFERENCE,
        ]
        assert_in_step(registry)

    def test_what_happened_since_is_caught_up(self, store, keys, folder, unsealed):
        """Only what is new is unsealed; what was erased is gone."""
        other = Registry.open(store, keys, embedder())
        other.erase(person(1))
        other.enrol([enrolment(7)])
        unsealed.clear()
        registry = opened(store, keys, folder)
        assert len(unsealed) == 1
        assert verified(registry, 1, 1) == Status.NO_REFERENCE
        assert verified(registry, 7, 7) == Status.OK
        assert_in_step(registry)

    def test_only_the_owner_may_read_it(self, folder, store):
        """The files hold vectors in the clear."""
        assert store.rows
        assert folder.stat().st_mode & 0o7 == 0 or all(
            path.stat().st_mode & 0o77 == 0 for path in folder.iterdir()
        )

    def test_unreadable_records_stay_so(self, store, keys, folder):
        """A record that did not open is not forgotten by saving."""
        name = next(iter(store.rows))
        store.rows[name] = msgspec.structs.replace(
            store.rows[name], sealed_template=secrets.token_bytes(120)
        )
        fresh = folder.with_name("fresh")
        opened(store, keys, fresh).close()
        registry = opened(store, keys, fresh)
        assert registry.stats().unreadable == 1
        assert verified(registry, 1, 1) == Status.REFERENCE_UNREADABLE


class TestNotUsed:
    def built_anew(self, store, keys, folder, unsealed, **settings):
        """All records are unsealed, nothing is lost."""
        registry = opened(store, keys, folder, **settings)
        assert len(unsealed) >= 6
        assert_in_step(registry)

    @pytest.mark.parametrize("part", ["index.json", "roster.npz", "keys-*", "codes-*"])
    @pytest.mark.parametrize("how", ["cut", "bit", "gone", "text"])
    def test_damage(self, store, keys, folder, unsealed, part, how):
        """Any file of it that was cut short, altered, removed or replaced."""
        (path,) = folder.glob(part)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 16
        damaged = {"cut": path.read_bytes()[:-3], "bit": content, "text": b"not this", "gone": b""}
        path.write_bytes(damaged[how])
        if how == "gone":
            path.unlink()
        self.built_anew(store, keys, folder, unsealed)

    @pytest.mark.usefixtures("store")
    def test_of_another_registry(self, folder, unsealed):
        """A folder that was mixed up."""
        other = DictStore()
        registry = Registry.create(other, KeyRing.generate(), embedder())
        registry.enrol([enrolment(number) for number in range(6)])
        unsealed.clear()
        self.built_anew(other, registry._vault.keys, folder, unsealed)

    def test_from_the_future_of_a_restored_store(self, store, keys, folder, unsealed):
        """A store that went back to an old backup has another history from there on."""
        last = max(store.rows.values(), key=lambda row: row.revision)
        del store.rows[last.record_id]
        registry = Registry.open(store, keys, embedder())
        registry.enrol([enrolment(8)])
        unsealed.clear()
        self.built_anew(store, keys, folder, unsealed)
        assert verified(opened(store, keys, folder), 8, 8) == Status.OK

    def test_an_index_elsewhere_cannot_be_kept(self, store, keys, folder):
        """A server keeps its own."""
        with pytest.raises(UsageError, match="in this process"):
            opened(store, keys, folder, make_index=DictVectors)

    def test_a_folder_that_cannot_be_written(self, store, keys, folder):
        """A coded error; the registry is whole."""
        blocked = folder / "roster.npz" / "index"
        with pytest.raises(StoreError, match="cannot be saved"):
            opened(store, keys, blocked)
        assert verified(opened(store, keys, None), 2, 2) == Status.OK


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch, keys):
    """By default vectors in the clear are in memory only."""
    monkeypatch.chdir(tmp_path)
    registry = Registry.create(DictStore(), keys, embedder())
    registry.enrol([enrolment(1)])
    registry.close()
    assert in_memory(16).revision == 0
    assert list(tmp_path.iterdir()) == []
