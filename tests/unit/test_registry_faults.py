"""Disks that are full or read-only, and keys that are wrong: a coded error, and nothing is lost."""

import resource
from contextlib import closing, contextmanager

import pytest

from fvs.errors import FvsError
from fvs.registry.answers import RegistrySettings
from fvs.registry.errors import KeyRingError, MissingKeyError, StoreError
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.registry.sqlite_files import check_file
from fvs.registry.sqlite_store import SqliteStore
from fvs.status import Status
from tests.registry_workers import assert_in_step, verified
from tests.vectors import DictVectors, embedder, enrolment, person

ROOM_BYTES = 1 << 16


@contextmanager
def full_disk(largest_bytes):
    """No file may be written beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture
def path(tmp_path, keys):
    """A registry of ten people in one file."""
    path = tmp_path / "s.db"
    with closing(SqliteStore.open(path, create=True)) as store:
        Registry.create(store, keys, embedder()).enrol([enrolment(n) for n in range(10)])
    return path


def still_whole(registry, last):
    """Everybody who was acknowledged is there, the memory equals the store, the file is sound."""
    assert_in_step(registry)
    assert verified(registry, 0, 0) == verified(registry, last, last) == Status.OK
    check_file(registry._store.path)


def test_a_full_disk(path, keys):
    """The enrolment that did not fit is refused whole; when there is room again, it is taken."""
    with closing(SqliteStore.open(path)) as store:
        registry = Registry.open(store, keys, embedder())
        acknowledged = [9]

        def fill():
            for batch in range(1, 1000):
                registry.enrol([enrolment(batch * 10 + n) for n in range(10)])
                acknowledged.append(batch * 10 + 9)

        with full_disk(path.stat().st_size + ROOM_BYTES), pytest.raises(StoreError) as caught:
            fill()
        last = acknowledged[-1]
        assert caught.value.code == "store_failed"
        assert caught.value.advice
        still_whole(registry, last)
        assert verified(registry, last + 1, last + 1) == Status.NO_REFERENCE
        registry.enrol([enrolment(last + 1)])
        still_whole(registry, last + 1)


def test_a_full_disk_while_keys_are_rotated(path, keys):
    """What was rewrapped stays so, the rest keeps its key; a second run ends it."""
    with closing(SqliteStore.open(path)) as store:
        registry = Registry.open(store, keys, embedder())
        for batch in range(1, 7):
            registry.enrol([enrolment(batch * 50 + n) for n in range(50)])
    with closing(SqliteStore.open(path)) as store:
        registry = Registry.open(store, keys, embedder())
        new = keys.rotated()
        with full_disk(ROOM_BYTES), pytest.raises(StoreError):
            registry.rotate_keys(new)
        still_whole(registry, 6 * 50)
        registry.rotate_keys(new)
        assert registry.rotate_keys(new) == 0
        still_whole(Registry.open(store, new.without(keys.current_key_id), embedder()), 6 * 50)


def test_a_read_only_file(path, keys):
    """Changes are refused by name of the file; what is there is still served."""
    with closing(SqliteStore.open(path)) as store:
        registry = Registry.open(store, keys, embedder())
        connection = store._connections.get()
        connection.execute("PRAGMA query_only = ON")
        for change in (
            lambda: registry.enrol([enrolment(99)]),
            lambda: registry.erase(person(1)),
            lambda: registry.rotate_keys(keys.rotated()),
        ):
            with pytest.raises(StoreError, match="read-only"):
                change()
        connection.execute("PRAGMA query_only = OFF")
        still_whole(registry, 9)


class Failing(DictVectors):
    """An index on a server that breaks off once, having taken what it was sent."""

    def __init__(self, dimension):
        super().__init__(dimension)
        self.fails = False

    def add(self, keys, vectors):
        """Take them, and fail all the same."""
        super().add(keys, vectors)
        if self.fails:
            self.fails = False
            raise StoreError("the server went away")


def test_an_index_that_fails_half_way(path, keys):
    """The store has the record; the gallery takes it in at the next question."""
    with closing(SqliteStore.open(path)) as store:
        settings = RegistrySettings(make_index=Failing)
        registry = Registry.open(store, keys, embedder(), settings=settings)
        registry._gallery.index.fails = True
        with pytest.raises(StoreError, match="went away"):
            registry.enrol([enrolment(50)])
        assert verified(registry, 50, 50) == Status.OK
        still_whole(registry, 50)


class TestWrongKeys:
    """Of every secret another one: what each leads to."""

    def opened(self, path, keys) -> FvsError:
        """The error of opening."""
        with closing(SqliteStore.open(path)) as store, pytest.raises(FvsError) as caught:
            Registry.open(store, keys, embedder())
        return caught.value

    def test_another_ring(self, path):
        """Is told before anything is unsealed."""
        error = self.opened(path, KeyRing.generate())
        assert isinstance(error, KeyRingError)
        assert error.code == "key_ring"

    def test_a_ring_without_the_old_key(self, path, keys):
        """Nothing is taken for damaged that only lacks its key."""
        error = self.opened(path, keys.rotated().without(keys.current_key_id))
        assert isinstance(error, MissingKeyError)
        assert error.code == "key_missing"
        assert error.advice

    def test_a_renewed_ring(self, path, keys):
        """The ring of the next registry does not open this one."""
        assert self.opened(path, keys.renewed()).code == "key_ring"
