"""Many writers lose nothing, and a process that is killed leaves no change half made."""

import multiprocessing
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from fvs.registry.postgres_store import PostgresStore
from fvs.registry.records import RecordStatus
from fvs.registry.sqlite_files import check_file
from fvs.registry.sqlite_store import SqliteStore
from tests import store_workers
from tests.store_workers import read_log
from tests.stored_records import a_record

THREADS = 8
PROCESSES = 4
SECONDS = 2.0
LONGEST_LIFE_S = 0.25
START_S = 60.0


@pytest.fixture(scope="module")
def processes():
    """Processes that start quickly, and inherit no thread or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store_workers"])
    return context


def check_logs(logs, store):
    """All that was acknowledged is there, nothing else, and every change has its own revision."""
    entries = [entry for log in logs for entry in log]
    for log in logs:
        own = [entry["revision"] for entry in log if "did" in entry]
        assert own == sorted(own)
    adds = [entry["revision"] for entry in entries if entry.get("did") == "add"]
    assert len(set(adds)) == len(adds)
    ids = {name for entry in entries if entry.get("will") == "add" for name in entry["ids"]}
    rows = store.by_ids([bytes.fromhex(name) for name in ids])
    assert None not in rows
    counts = store.counts()
    assert counts["active"] + counts["erased"] == len(ids)
    wanted = {name for entry in entries if entry.get("will") == "erase" for name in entry["ids"]}
    assert {row.record_id.hex() for row in rows if row.status == RecordStatus.ERASED} == wanted
    assert not any(row.wrapped_key for row in rows if row.record_id.hex() in wanted)
    known_keys = {key for entry in entries for key in entry.get("ids", {}).values()}
    assert all(row.wrapped_key.hex() in known_keys for row in rows)
    assert {row.revision for row in rows} <= set(range(1, store.revision() + 1))
    assert store.revision() == max(entry.get("revision", 0) for entry in entries)


def test_threads_on_sqlite(tmp_path):
    """Eight threads add, erase and rotate side by side while a ninth follows by revision."""
    with closing(SqliteStore.open(tmp_path / "s.db", create=True)) as store:
        paths = [tmp_path / f"{number}.log" for number in range(THREADS)]
        stop = threading.Event()
        with ThreadPoolExecutor(THREADS + 1) as pool:
            copy = pool.submit(store_workers.follow, store, stop)
            tasks = [
                pool.submit(store_workers.change, store, path, number, SECONDS)
                for number, path in enumerate(paths)
            ]
            try:
                for task in tasks:
                    task.result()
            finally:
                stop.set()
            followed = copy.result()
        check_logs([read_log(path) for path in paths], store)
        assert followed == {row.record_id: row for row in store.changed_since(0, 10**9)}
    check_file(tmp_path / "s.db")


def test_processes_on_postgres(postgres_dsn, tmp_path, processes):
    """Several processes likewise; a change that commits late is not missed by the follower."""
    schema = f"c{secrets.token_hex(8)}"
    with closing(PostgresStore.open(postgres_dsn, schema=schema, create=True)) as store:
        paths = [tmp_path / f"{number}.log" for number in range(PROCESSES)]
        workers = [
            processes.Process(
                target=store_workers.change_postgres,
                args=(postgres_dsn, schema, path, number, SECONDS),
            )
            for number, path in enumerate(paths)
        ]
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            copy = pool.submit(store_workers.follow, store, stop)
            try:
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
            finally:
                stop.set()
            followed = copy.result()
        assert [worker.exitcode for worker in workers] == [0] * PROCESSES
        check_logs([read_log(path) for path in paths], store)
        assert followed == {row.record_id: row for row in store.changed_since(0, 10**9)}


def test_a_late_commit_is_not_missed(postgres_dsn):
    """While a change with a lower revision is open, no later one becomes visible."""
    schema = f"l{secrets.token_hex(8)}"
    with (
        closing(PostgresStore.open(postgres_dsn, schema=schema, create=True)) as store,
        ThreadPoolExecutor(1) as pool,
    ):
        with store._change() as (_, revision):
            later = pool.submit(store.add, [a_record(1)])
            time.sleep(0.3)
            assert revision == 1
            assert not later.done()
            assert store.changed_since(0, 9) == []
        assert later.result() == 1  # the first wrote nothing, so its number is free


def kill_and_check(folder, seed, processes):
    """Kill a writer after a random time, and compare what it left with its log."""
    path, log_path = folder / "s.db", folder / "log"
    SqliteStore.open(path, create=True).close()
    log_path.touch()
    worker = processes.Process(
        target=store_workers.change_sqlite, args=(path, log_path, seed, 600.0)
    )
    worker.start()
    deadline = time.monotonic() + START_S
    while not log_path.stat().st_size and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(random.Random(seed).uniform(0, LONGEST_LIFE_S))  # noqa: S311 - no secret
    worker.kill()
    worker.join()
    log = read_log(log_path)
    open_change = log.pop() if log and "will" in log[-1] else None
    with closing(SqliteStore.open(path)) as store:
        done, revision = play(log)
        if open_change and store.revision() > revision:
            apply(done, open_change)
        assert store.revision() - revision in ((0, 1) if open_change else (0,))
        rows = store.changed_since(0, 10**9)
        assert {row.record_id.hex(): row.wrapped_key.hex() for row in rows} == done
    check_file(path)
    raw = b"".join(file.read_bytes() for file in folder.iterdir() if file != log_path)
    assert not any(key in raw for key in keys_of_erased(log, done))
    return len(log)


def play(log):
    """What the acknowledged changes come to: keys by record, and the revision."""
    keys, revision = {}, 0
    for will, did in zip(log[::2], log[1::2], strict=True):
        assert will["will"] == did["did"]
        apply(keys, will)
        revision = did["revision"]
    return keys, revision


def apply(keys, change):
    """One change, on a dictionary."""
    keys.update(change["ids"])


def keys_of_erased(log, done):
    """Every key that an erased record ever had."""
    changes = [entry["ids"].items() for entry in log if entry.get("will") in ("add", "rewrap")]
    return {bytes.fromhex(key) for ids in changes for name, key in ids if not done[name]}


def test_killed(tmp_path, processes):
    """Twenty times: acknowledged changes are there, the open one is whole or absent."""
    changes = 0
    for seed in range(20):
        (tmp_path / str(seed)).mkdir()
        changes += kill_and_check(tmp_path / str(seed), seed, processes)
    assert changes > 20  # else they were killed before they did anything


@pytest.mark.slow
def test_killed_often(tmp_path, processes):
    """Two hundred times likewise."""
    for seed in range(1000, 1200):
        (tmp_path / str(seed)).mkdir()
        kill_and_check(tmp_path / str(seed), seed, processes)
