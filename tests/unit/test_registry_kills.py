"""A registry whose process is killed at any moment loses nothing that it acknowledged."""

import multiprocessing
import random
import time
from contextlib import closing

import pytest

from fvs.registry.keys import KeyRing
from fvs.registry.records import RecordStatus
from fvs.registry.registry import Registry
from fvs.registry.sqlite_files import check_file
from fvs.registry.sqlite_store import SqliteStore
from tests import registry_workers
from tests.registry_workers import assert_in_step
from tests.store_workers import read_log
from tests.vectors import embedder

LONGEST_LIFE_S = 0.3
START_S = 60.0


@pytest.fixture(scope="module")
def processes():
    """Processes that start quickly, and inherit no thread or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.registry_workers"])
    return context


@pytest.fixture
def paths(tmp_path):
    """An empty registry: its store, its ring, and where the log will be."""
    store, ring, log = (tmp_path / name for name in ("s.db", "ring.json", "log"))
    keys = KeyRing.generate()
    keys.write(ring)
    Registry.create(SqliteStore.open(store, create=True), keys, embedder()).close()
    return store, ring, log


def kill_at_random(processes, paths, seed, rng):
    """Let a process work until it has begun, and then for a random while."""
    log = paths[2]
    size = log.stat().st_size if log.exists() else 0
    worker = processes.Process(target=registry_workers.change_until_killed, args=(*paths, seed))
    worker.start()
    deadline = time.monotonic() + START_S
    while (not log.exists() or log.stat().st_size == size) and time.monotonic() < deadline:
        assert worker.exitcode is None
        time.sleep(0.002)
    time.sleep(rng.uniform(0, LONGEST_LIFE_S))
    assert worker.exitcode is None
    worker.kill()
    worker.join()


def check(paths):
    """All that was acknowledged is there, nothing is half done, and the index equals the store."""
    store_path, ring_path, log_path = paths
    log = read_log(log_path)
    check_file(store_path)
    with closing(SqliteStore.open(store_path)) as store:
        registry = Registry.open(store, KeyRing.read(ring_path), embedder())
        assert_in_step(registry)
        names = sorted({name for entry in log for name in entry["ids"]})
        known = registry.known([bytes.fromhex(name) for name in names])
        status_of = dict(zip(names, known, strict=True))
        for entry in log:
            states = {status_of[name] for name in entry["ids"]}
            if entry.get("will") == "enrol":
                assert None not in states or states == {None}
            if entry.get("did") == "enrol":
                assert None not in states
            if entry.get("did") == "erase":
                assert states <= {RecordStatus.ERASED}
        wanted = {name for entry in log if entry.get("will") == "erase" for name in entry["ids"]}
        erased = {name for name, status in status_of.items() if status == RecordStatus.ERASED}
        assert erased <= wanted
        assert registry.stats().active > 0


def run(processes, paths, kills):
    """Kill, and check now and then and at the end."""
    rng = random.Random(7)  # noqa: S311 - no secret
    for seed in range(kills):
        kill_at_random(processes, paths, seed, rng)
        if seed % 10 == 9:
            check(paths)
    check(paths)
    done = {entry["did"] for entry in read_log(paths[2]) if "did" in entry}
    assert done == {"enrol", "erase", "rotate"}


def test_a_dozen_kills(processes, paths):
    """During enrolment, import, erasure and rotation."""
    run(processes, paths, 12)


@pytest.mark.slow
def test_two_hundred_kills(processes, paths):
    """The same, until no moment is left out."""
    run(processes, paths, 200)
