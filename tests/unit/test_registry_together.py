"""Many use one registry at once: nobody's work is lost, and nobody waits for a rebuild."""

import multiprocessing
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from fvs.registry.answers import RegistrySettings
from fvs.registry.keys import KeyRing
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.registry import Registry
from fvs.registry.sqlite_store import SqliteStore
from fvs.registry.vectors import in_memory
from fvs.status import Status
from tests import registry_workers
from tests.registry_workers import assert_in_step, share, verified
from tests.stored_records import DictStore
from tests.vectors import DictVectors, embedder, enrolment

WORKERS = 8
QUICK_S, LONG_S = 1.5, 120.0


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture(scope="module")
def processes():
    """Processes that start quickly, and inherit no thread or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.registry_workers"])
    return context


def check_shared(registry, firsts):
    """Of every shared portrait exactly one worker was told that it enrolled it."""
    rows = registry._store.changed_since(0, 1 << 30)
    people = registry._vault.pseudonyms.of(map(registry_workers.person, range(7)))
    assert sum(row.subject in set(people) for row in rows) == sum(firsts) > 0
    assert_in_step(registry)


def threads_on_sqlite(tmp_path, keys, seconds):
    """Eight threads share one registry, and with it one gallery."""
    with closing(SqliteStore.open(tmp_path / "s.db", create=True)) as store:
        registry = Registry.create(store, keys, embedder())
        with ThreadPoolExecutor(WORKERS) as pool:
            tasks = [pool.submit(share, registry, n, seconds) for n in range(WORKERS)]
            done = [task.result() for task in tasks]
        check_shared(registry, [each["first"] for each in done])


def processes_on_postgres(dsn, tmp_path, keys, processes, seconds):
    """Eight processes share one store, each with a gallery of its own."""
    ring, schema = tmp_path / "ring.json", f"p{secrets.token_hex(8)}"
    keys.write(ring)
    with closing(PostgresStore.open(dsn, schema=schema, create=True)) as store:
        registry = Registry.create(store, keys, embedder())
        outs = [tmp_path / str(n) for n in range(WORKERS)]
        workers = [
            processes.Process(
                target=registry_workers.share_postgres, args=(dsn, schema, ring, n, seconds, out)
            )
            for n, out in enumerate(outs)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * WORKERS
        check_shared(registry, [int(out.read_text().split()[0]) for out in outs])


def test_threads_on_sqlite(tmp_path, keys):
    """Each thread sees at once what it did; no portrait is enrolled twice; memory equals store."""
    threads_on_sqlite(tmp_path, keys, QUICK_S)


def test_processes_on_postgres(postgres_dsn, tmp_path, keys, processes):
    """The same with eight processes and eight galleries."""
    processes_on_postgres(postgres_dsn, tmp_path, keys, processes, QUICK_S)


@pytest.mark.slow
def test_threads_on_sqlite_for_minutes(tmp_path, keys):
    """Two minutes."""
    threads_on_sqlite(tmp_path, keys, LONG_S)


@pytest.mark.slow
def test_processes_on_postgres_for_minutes(postgres_dsn, tmp_path, keys, processes):
    """Two minutes."""
    processes_on_postgres(postgres_dsn, tmp_path, keys, processes, LONG_S)


class Halting(DictVectors):
    """An index that stops while it is filled, where it was told to."""

    def __init__(self, dimension, halts):
        super().__init__(dimension)
        self.halts = halts

    def add(self, keys, vectors):
        """Wait here."""
        if self.halts.is_set() and len(keys) and len(self):
            self.halts.reached.set()
            assert self.halts.go_on.wait(60)
        super().add(keys, vectors)


class Halts(threading.Event):
    """Whether to stop, that it stopped, and that it may go on."""

    def __init__(self):
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()


def test_nobody_waits_for_a_rebuild(keys):
    """While a gallery is half built anew, people are verified, enrolled and erased."""
    halts = Halts()
    settings = RegistrySettings(make_index=lambda dimension: Halting(dimension, halts))
    registry = Registry.create(DictStore(), keys, embedder(), settings=settings)
    registry.enrol([enrolment(1)])
    halts.set()
    with ThreadPoolExecutor(1) as pool:
        rebuilt = pool.submit(registry.rebuild)
        assert halts.reached.wait(60)
        halts.clear()
        assert verified(registry, 1, 1) == Status.OK
        registry.enrol([enrolment(2)])
        registry.erase(registry_workers.person(1))
        assert verified(registry, 1, 1) == Status.NO_REFERENCE
        assert not rebuilt.done()
        halts.go_on.set()
        rebuilt.result()
    assert verified(registry, 1, 1) == Status.NO_REFERENCE
    assert verified(registry, 2, 2) == Status.OK
    assert_in_step(registry)


def test_nobody_waits_while_another_catches_up(keys):
    """What the gallery does not hold yet is answered from the store."""
    store = DictStore()
    registry = Registry.create(
        store, keys, embedder(), settings=RegistrySettings(make_index=DictVectors)
    )
    other = Registry.open(
        store, keys, embedder(), settings=RegistrySettings(make_index=DictVectors)
    )
    other.enrol([enrolment(1)])
    with registry._gallery._changing:
        assert verified(registry, 1, 1) == Status.OK
        assert len(registry._gallery) == 0
    assert verified(registry, 1, 1) == Status.OK
    assert len(registry._gallery) == 1


def test_the_default_index_is_exact():
    """Without settings, float32 vectors in memory."""
    assert in_memory(16).precision == "float32"
