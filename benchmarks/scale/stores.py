"""Records at rest: bytes and speeds of SQLite and PostgreSQL, filled with sealed templates.

The servers and files are new, in temporary folders, and durable as they ship: a change is on disk
before it is acknowledged. Sealed templates are random bytes of the right length, which is what
sealed templates are to a store.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks.machine import describe_circumstances
from benchmarks.postgres import DURABLE, missing, running_postgres
from benchmarks.scale.clock import fastest, timed
from benchmarks.scale.results import StoreSection, StoreSize
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.records import StoredRecord, TemplateKind
from fvs.registry.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fvs.registry.store import RecordStore

__all__ = ["measure_store", "measure_stores", "new_postgres", "new_sqlite"]

CHANGE = 1000
"""Records of a change, and subjects of a lookup."""

PAGE = 4096
"""Records read at a time, as the registry does at its start."""

LOOKED_UP_EVERY = 100
LOOKUPS = 20

TEMPLATE_HEAD_BYTES = 28
"""Of `fvs.template`: header and checksum."""
SEAL_BYTES = 29
WRAPPED_KEY_BYTES = 61
"""Of `fvs.registry.sealing`."""

MODEL_ID = "embed-fvsduet-202611"
"""The default pack's; each record names its model."""

SCHEMA = "scale"


def measure_stores(
    records: Sequence[int], dimensions: Sequence[int], on_progress: Callable[[int], None]
) -> StoreSection:
    """Fill each kind of store with each number of records.

    Args:
        records: how many; all but the first number with the middle dimension alone.
        dimensions: D of templates.
        on_progress: told how many records were added.
    """
    circumstances = describe_circumstances()
    cases = [(records[0], dimension) for dimension in dimensions]
    cases += [(count, dimensions[len(dimensions) // 2]) for count in records[1:]]
    kinds = {"sqlite": new_sqlite, **({} if missing() else {"postgres": new_postgres})}
    return StoreSection(
        circumstances=circumstances,
        sizes=tuple(
            measure_store(kind, count, dimension, on_progress)
            for kind in kinds.values()
            for count, dimension in cases
        ),
    )


def measure_store(
    new_store: Callable[[], object],
    count: int,
    dimension: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> StoreSize:
    """Fill one store, read it all, and look subjects up."""
    with new_store() as (kind, store, bytes_on_disk):
        subjects: list[bytes] = []

        def fill() -> None:
            for start in range(0, count, CHANGE):
                batch = _records(min(CHANGE, count - start), dimension)
                store.add(batch)
                subjects.extend(record.subject for record in batch[::LOOKED_UP_EVERY])
                on_progress(len(batch))

        add = timed(count, fill)
        read = timed(count, lambda: _read_all(store))
        wanted = subjects[:: max(1, len(subjects) // CHANGE)][:CHANGE]
        lookup = fastest(len(wanted), LOOKUPS, lambda: store.of_subjects(wanted))
        size = bytes_on_disk()
    return StoreSize(
        kind=kind, dimension=dimension, bytes_total=size, add=add, read=read, lookup=lookup
    )


def _records(count: int, dimension: int) -> list[StoredRecord]:
    length = TEMPLATE_HEAD_BYTES + len(MODEL_ID) + 4 * dimension + SEAL_BYTES
    return [
        StoredRecord(
            record_id=os.urandom(16),
            subject=os.urandom(32),
            model_id=MODEL_ID,
            kind=TemplateKind.CARD,
            sealed_template=os.urandom(length),
            wrapped_key=os.urandom(WRAPPED_KEY_BYTES),
            key_id="0123456789abcdef",
            portrait_date=date(2024, 5, 1),
            quality=61.5,
            enrolled_at=datetime.now(UTC),
            source="civil register",
            legal_basis="Civil Registration Act",
            retain_until=date(2036, 5, 1),
        )
        for _ in range(count)
    ]


def _read_all(store: RecordStore) -> None:
    revision = 0
    while page := store.changed_since(revision, PAGE):
        revision = page[-1].revision


@contextmanager
def new_sqlite() -> Iterator[tuple[str, RecordStore, Callable[[], int]]]:
    """An empty file, and how large it is."""
    with tempfile.TemporaryDirectory(prefix="fvs-scale-") as folder:
        path = Path(folder) / "registry.db"
        with closing(SqliteStore.open(path, create=True)) as store:
            yield "sqlite", store, lambda: _file_bytes(path)


def _file_bytes(path: Path) -> int:
    """With all that the journal still holds."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


@contextmanager
def new_postgres() -> Iterator[tuple[str, RecordStore, Callable[[], int]]]:
    """An empty schema on a server of its own, and how large it is."""
    with (
        running_postgres(DURABLE) as dsn,
        closing(PostgresStore.open(dsn, schema=SCHEMA, create=True)) as store,
    ):
        yield "postgres", store, lambda: _schema_bytes(dsn)


def _schema_bytes(dsn: str) -> int:
    query = """SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relnamespace = %s::regnamespace AND relkind = 'r'"""
    with psycopg.connect(dsn) as connection:
        (size,) = connection.execute(query, [SCHEMA]).fetchone() or (0,)
    return int(size)
