"""Processes and threads that use one registry until they are killed or told to stop."""

import random
import time
from pathlib import Path

import numpy as np

from fvs.registry.enrolment import EnrolmentOutcome
from fvs.registry.keys import KeyRing
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.registry import Registry
from fvs.registry.sqlite_store import SqliteStore
from fvs.status import Status
from tests.store_workers import ChangeLog
from tests.vectors import embedder, enrolment, faces, person

PEOPLE = 12
IMPORT_BATCH = 20
PEOPLE_OF_EACH = 100_000
SAME_FACE = 1 - 1e-5


def ids_of(registry: Registry, enrolments) -> list[str]:
    """The ids that these records have, or would have."""
    return [
        registry.record_id_of(one.subject, one.portrait_sha256, one.kind).hex()
        for one in enrolments
    ]


def enrol_some(registry: Registry, rng: random.Random, log: ChangeLog, batch: int) -> None:
    """New faces of random people; the log holds their ids before and after."""
    people = [rng.randrange(PEOPLE) for _ in range(batch)]
    new = [enrolment(number, rng.randrange(1 << 30)) for number in people]
    log.write(will="enrol", ids=ids_of(registry, new))
    receipt = registry.enrol(new)
    assert set(receipt.outcomes) == {EnrolmentOutcome.ENROLLED}
    log.write(did="enrol", ids=[name.hex() for name in receipt.record_ids])


def erase_one(registry: Registry, rng: random.Random, log: ChangeLog) -> None:
    """Erase a random person."""
    subject = person(rng.randrange(PEOPLE))
    (pseudonym,) = registry._vault.pseudonyms.of([subject])
    ids = [row.record_id.hex() for row in registry._store.of_subjects([pseudonym])[0]]
    log.write(will="erase", ids=ids)
    registry.erase(subject)
    log.write(did="erase", ids=ids)


def rotate(registry: Registry, ring_path: Path, log: ChangeLog) -> None:
    """A new wrapping key, first in the file, then under every record."""
    ring = KeyRing.read(ring_path)
    new = ring.rotated()
    new.update(ring_path, ring)
    registry.rotate_keys(new)
    log.write(did="rotate", ids=[])


def change_until_killed(store_path: Path, ring_path: Path, log_path: Path, seed: int) -> None:
    """Enrol, import, erase and rotate at random, for ever."""
    rng, log = random.Random(seed), ChangeLog(log_path)  # noqa: S311 - no secret
    registry = Registry.open(SqliteStore.open(store_path), KeyRing.read(ring_path), embedder())
    while True:
        task = rng.random()
        if task < 0.4:
            enrol_some(registry, rng, log, 1)
        elif task < 0.6:
            enrol_some(registry, rng, log, IMPORT_BATCH)
        elif task < 0.85:
            erase_one(registry, rng, log)
        else:
            rotate(registry, ring_path, log)


def verified(registry: Registry, number: int, face: int) -> Status:
    """What comes of one verification; a score must be that of the very same face."""
    scores = registry.verify([person(number)], faces(face))
    status = Status(int(scores.status[0]))
    assert status != Status.OK or scores.similarity[0] > SAME_FACE
    return status


def share(registry: Registry, worker: int, seconds: float) -> dict[str, int]:
    """Work on people of one's own, whose state is known, and enrol portraits that others do too.

    Returns:
        How many of the shared portraits this worker was the one to enrol, and steps done.
    """
    end, step, first = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        number = PEOPLE_OF_EACH * (worker + 1) + step
        registry.enrol([enrolment(number)])
        assert verified(registry, number, number) == Status.OK
        receipt = registry.enrol([enrolment(step % 7, 500 + step)])
        first += len(receipt.of(EnrolmentOutcome.ENROLLED))
        if step % 3 == 0:
            registry.erase(person(number))
            assert verified(registry, number, number) == Status.NO_REFERENCE
        step += 1
    return {"first": first, "steps": step}


def share_postgres(dsn: str, schema: str, ring_path: Path, worker: int, seconds: float, out: Path):
    """`share` in a process of its own."""
    store = PostgresStore.open(dsn, schema=schema)
    registry = Registry.open(store, KeyRing.read(ring_path), embedder())
    done = share(registry, worker, seconds)
    out.write_text(f"{done['first']} {done['steps']}")
    registry.close()


def assert_in_step(registry: Registry) -> None:
    """The gallery holds exactly the store's active records, and the same vectors."""
    registry.catch_up()
    rows = [row for row in registry._store.changed_since(0, 1 << 30) if row.wrapped_key]
    members = registry._gallery.members()
    held = {row.tobytes(): key for row, key in zip(members.record_ids, members.keys, strict=True)}
    assert set(held) == {row.record_id for row in rows}
    assert registry.stats().unreadable == 0
    keys = np.array([held[row.record_id] for row in rows], np.int64)
    _, vectors = registry._gallery.vectors_of(keys)
    np.testing.assert_array_equal(vectors, registry._vault.open(rows).vectors)
