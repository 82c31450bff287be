"""Processes that change a store until they are killed or told to stop, and keep a log of it."""

import json
import os
import random
import time
from pathlib import Path

from fvs.registry.postgres_store import PostgresStore
from fvs.registry.records import StoredRecord
from fvs.registry.sqlite_store import SqliteStore
from tests.stored_records import a_record, a_subject, rewrapped

SUBJECTS = 20


class ChangeLog:
    """Intentions and acknowledgements, a line each, in a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, **entry: object) -> None:
        """One line at once."""
        os.write(self.number, json.dumps(entry).encode() + b"\n")


def read_log(path: Path) -> list[dict]:
    """Its entries; a line that the kill cut off was not written, so what it says was not done."""
    *lines, _unfinished = path.read_text().split("\n")
    return [json.loads(line) for line in lines]


def enrol(store, rng: random.Random, log: ChangeLog, batch: int) -> list[StoredRecord]:
    """Add new records; the log holds their ids and keys before, and the revision after."""
    subjects = [rng.randrange(SUBJECTS) for _ in range(batch)]
    records = [a_record(number) for number in subjects]
    ids = {record.record_id.hex(): record.wrapped_key.hex() for record in records}
    log.write(will="add", ids=ids)
    log.write(did="add", revision=store.add(records))
    return records


def erase(store, rng: random.Random, log: ChangeLog) -> None:
    """Erase some records of a subject."""
    (records,) = store.of_subjects([a_subject(rng.randrange(SUBJECTS))])
    ids = {record.record_id.hex(): "" for record in records[:3]}
    log.write(will="erase", ids=ids)
    log.write(did="erase", revision=store.erase([bytes.fromhex(name) for name in ids]))


def rotate(store, rng: random.Random, log: ChangeLog) -> None:
    """Wrap the keys of a subject anew; others may erase or rotate them meanwhile."""
    (records,) = store.of_subjects([a_subject(rng.randrange(SUBJECTS))])
    keys = [rewrapped(row, f"k{rng.random()}", rng.choice([60, 80])) for row in records[:3]]
    log.write(will="rewrap", ids={key.record_id.hex(): key.wrapped_key.hex() for key in keys})
    log.write(did="rewrap", revision=store.rewrap(keys))


def change(store, log_path: Path, seed: int, seconds: float) -> None:
    """Change the store at random for a while."""
    rng, log = random.Random(seed), ChangeLog(log_path)  # noqa: S311 - no secret
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        task = rng.random()
        if task < 0.5:
            enrol(store, rng, log, rng.choice([1, 2, 20]))
        elif task < 0.75:
            erase(store, rng, log)
        else:
            rotate(store, rng, log)


def change_sqlite(path: Path, log_path: Path, seed: int, seconds: float) -> None:
    """In a process of its own."""
    change(SqliteStore.open(path), log_path, seed, seconds)


def change_postgres(dsn: str, schema: str, log_path: Path, seed: int, seconds: float) -> None:
    """In a process of its own."""
    store = PostgresStore.open(dsn, schema=schema)
    change(store, log_path, seed, seconds)
    store.close()


def follow(store, stop) -> dict[bytes, StoredRecord]:
    """Keep a copy in step by revisions alone, as an index does, until `stop` and the end."""
    copy: dict[bytes, StoredRecord] = {}
    revision = 0
    while True:
        last_round = stop.is_set()
        page = store.changed_since(revision, 50)
        assert [row.revision for row in page] == sorted(row.revision for row in page)
        copy.update({row.record_id: row for row in page})
        revision = max([revision, *(row.revision for row in page)])
        if last_round and not page:
            return copy
