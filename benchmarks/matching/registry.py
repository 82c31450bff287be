"""What verifying by number costs, end to end: from identifiers and vectors to fused scores.

    python -m benchmarks.matching.registry --json benchmarks/results/registry.json

In memory: batches against galleries of growing size, and the parts of which the time consists. The
galleries are filled with random unit vectors directly, without store and sealing, since comparing
does not read those; the store that `verify` asks for its revision is a real SQLite file.

From SQLite: one subject at a time, from a file of as many rows, its pages warm. Of the rows only
those that are asked for are truly sealed; the others hold random bytes of the same length.

Beside a rebuild: how long one verification takes at most while the gallery is made anew.
"""
# ruff: noqa: SLF001 - looks inside the registry for the parts

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import numpy as np
import typer

from benchmarks.machine import describe_circumstances
from benchmarks.matching.registry_results import (
    CostRow,
    RebuildRow,
    RegistryResult,
    Timing,
    registry_words,
)
from fvs.manifest import EmbedHead, Licence, ModelManifest, PixelInput, Provenance
from fvs.records import Embeddings
from fvs.registry.enrolment import Enrolment
from fvs.registry.gallery import score_stored
from fvs.registry.keys import KeyRing
from fvs.registry.records import StoredRecord, TemplateKind
from fvs.registry.registry import Registry
from fvs.registry.roster import Columns
from fvs.registry.sqlite_store import SqliteStore
from fvs.status import Status
from fvs.subjects import SubjectId, SubjectKind
from fvs.template import embeddings_to_templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fvs.records import F32

Result = TypeVar("Result")

__all__ = ["measure"]

BATCH = 1000
ASKED = 2000
"""Subjects that are asked for; more than caches of pages and processors keep by chance."""

MAX_NUMBERS = 1_500_000_000
"""Of a gallery: 6 GB in float32, twice that while it grows. Larger ones are left out."""

FILL_ROWS = 100_000
ROUNDS = 60
SINGLES_PER_ROUND = 50
REBUILT_PEOPLE = 20_000


@dataclass(frozen=True)
class Arena:
    """A registry, and who is asked for."""

    registry: Registry
    store: SqliteStore
    people: tuple[SubjectId, ...]
    vectors: F32

    def probes(self, rows: Sequence[int]) -> Embeddings:
        """The faces of some people."""
        return Embeddings(
            status=np.full(len(rows), Status.OK, np.uint8),
            image_index=np.arange(len(rows)),
            vectors=self.vectors[rows],
            norm=np.ones(len(rows), np.float32),
            model_id=self.registry.model_id,
        )


def synthetic_model(dimension: int) -> ModelManifest:
    """An embedder without weights."""
    return ModelManifest(
        id=f"embed-synthetic{dimension}-202611",
        task="embed",
        file="none.onnx",
        sha256="00" * 32,
        size_bytes=1,
        summary="random vectors",
        input=PixelInput(name="input", channels="rgb", size_px=112),
        licence=Licence(spdx="Apache-2.0", commercial_use=True, notice=""),
        provenance=Provenance(source="", commit="", trained_on=""),
        embed=EmbedHead(dimension=dimension, alignment="arcface", output="output"),
    )


@contextmanager
def open_arena(dimension: int) -> Iterator[Arena]:
    """An empty registry in a temporary file."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.open(Path(folder) / "registry.db", create=True)
        model = synthetic_model(dimension)
        registry = Registry.create(store, KeyRing.generate(), model)
        people = tuple(
            SubjectId.parse(SubjectKind.PASSPORT, f"THA AA{number:07d}") for number in range(ASKED)
        )
        vectors = random_units(np.random.default_rng(1), ASKED, dimension)
        yield Arena(registry, store, people, vectors)
        registry.close()


def random_units(rng: np.random.Generator, count: int, dimension: int) -> F32:
    """(N, D) uniformly distributed on the sphere."""
    vectors = rng.standard_normal((count, dimension), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def fill_gallery(arena: Arena, templates: int) -> None:
    """Bring the gallery to so many templates; the people asked for are in the first."""
    rng, gallery, vault = np.random.default_rng(2), arena.registry._gallery, arena.registry._vault
    if not len(gallery):
        pseudonyms = vault.pseudonyms.of(arena.people)
        ids = [secrets.token_bytes(16) for _ in pseudonyms]
        columns = Columns.of(pseudonyms, ids, np.zeros(len(ids), np.int64))
        gallery.fill(columns, vault.rotate(arena.vectors))
    while len(gallery) < templates:
        count = min(FILL_ROWS, templates - len(gallery))
        random = [secrets.token_bytes(length * count) for length in (32, 16)]
        subjects = [random[0][i : i + 32] for i in range(0, len(random[0]), 32)]
        ids = [random[1][i : i + 16] for i in range(0, len(random[1]), 16)]
        columns = Columns.of(subjects, ids, np.zeros(count, np.int64))
        gallery.fill(columns, random_units(rng, count, arena.vectors.shape[1]))


def fill_store(arena: Arena, templates: int) -> None:
    """Enrol the people asked for, and rows that look like others."""
    registry, model = arena.registry, arena.registry._vault.model
    sealed = embeddings_to_templates(arena.probes(range(ASKED)), model)
    registry.enrol([_enrolment(*pair) for pair in zip(arena.people, sealed, strict=True)])
    (like,) = arena.store.of_subjects(registry._vault.pseudonyms.of(arena.people[:1]))[0]
    for start in range(ASKED, templates, FILL_ROWS):
        count = min(FILL_ROWS, templates - start)
        arena.store.add([_row_like(like) for _ in range(count)])


def _row_like(record: StoredRecord) -> StoredRecord:
    return msgspec.structs.replace(
        record,
        record_id=secrets.token_bytes(16),
        subject=secrets.token_bytes(32),
        sealed_template=secrets.token_bytes(len(record.sealed_template)),
        enrolled_at=datetime.now(UTC),
    )


def measure_memory(arena: Arena, templates: int, rounds: int) -> CostRow:
    """Batches against the gallery as it is filled."""
    registry, rng = arena.registry, np.random.default_rng(3)
    vault, gallery, store = registry._vault, registry._gallery, arena.store
    total, parts = [], dict[str, list[float]]()
    for _ in range(rounds):
        rows = rng.integers(0, ASKED, BATCH).tolist()
        people, probes = [arena.people[row] for row in rows], arena.probes(rows)
        total.append(_timed(lambda: registry.verify(people, probes))[0])  # noqa: B023 - called here
        lap = _Laps(parts)
        pseudonyms = lap("hmac", lambda: vault.pseudonyms.of(people))  # noqa: B023
        lap("revision", store.revision)
        rotated = lap("rotate", lambda: vault.rotate(probes.vectors))  # noqa: B023
        asked, found = lap("look up", lambda: gallery._roster.find(pseudonyms))  # noqa: B023
        keys = gallery._roster.keys_at(found)
        lap("gather, compare", lambda: gallery.index.score_pairs(rotated, asked, keys))  # noqa: B023
        pairs = gallery.score(pseudonyms, rotated)
        lap("fuse", lambda: registry._fused(pairs, probes))  # noqa: B023
    return _cost("memory", templates, arena, BATCH, total, parts)


def measure_store(arena: Arena, templates: int, rounds: int) -> CostRow:
    """One subject at a time from the file."""
    registry, rng = arena.registry, np.random.default_rng(4)
    vault, store = registry._vault, arena.store
    store.of_subjects(vault.pseudonyms.of(arena.people))  # warm
    total, parts = [], dict[str, list[float]]()
    for _ in range(rounds * SINGLES_PER_ROUND):
        row = int(rng.integers(0, ASKED))
        people, probes = [arena.people[row]], arena.probes([row])
        total.append(_timed(lambda: registry.verify_from_store(people, probes))[0])  # noqa: B023
        lap = _Laps(parts)
        pseudonyms = lap("hmac", lambda: vault.pseudonyms.of(people))  # noqa: B023
        rotated = lap("rotate", lambda: vault.rotate(probes.vectors))  # noqa: B023
        (records,) = lap("sql", lambda: store.of_subjects(pseudonyms))  # noqa: B023
        opened = lap("unseal", lambda: vault.open(records))  # noqa: B023
        lap("compare", lambda: np.vecdot(rotated, opened.vectors))  # noqa: B023
        lap("sql, unseal, compare", lambda: score_stored(store, vault, pseudonyms, rotated))  # noqa: B023
    return _cost("sqlite", templates, arena, 1, total, parts)


class _Laps:
    """Times steps, and hands on what they return."""

    def __init__(self, parts: dict[str, list[float]]) -> None:
        self._parts = parts

    def __call__(self, name: str, step: Callable[[], Result]) -> Result:
        seconds, result = _timed(step)
        self._parts.setdefault(name, []).append(seconds)
        return result


def _timed(step: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = step()
    return time.perf_counter() - start, result


def _timing(seconds: Sequence[float], batch: int = 1) -> Timing:
    each = np.array(seconds) / batch * 1e6
    median, p90, least = np.percentile(each, [50, 90, 0])
    return Timing(
        median_us=round(float(median), 3),
        p90_us=round(float(p90), 3),
        least_us=round(float(least), 3),
    )


def _cost(
    how: str,
    templates: int,
    arena: Arena,
    batch: int,
    total: Sequence[float],
    parts: dict[str, list[float]],
) -> CostRow:
    return CostRow(
        how=how,
        templates=templates,
        dimension=arena.vectors.shape[1],
        batch=batch,
        total=_timing(total, batch),
        parts={name: _timing(seconds, batch) for name, seconds in parts.items()},
    )


def enrol_crowd(
    registry: Registry, dimension: int, people: int
) -> tuple[list[SubjectId], Embeddings]:
    """Enrol so many people truly; who they are and what they look like."""
    crowd = Embeddings(
        status=np.zeros(people, np.uint8),
        image_index=np.arange(people),
        vectors=random_units(np.random.default_rng(5), people, dimension),
        norm=np.ones(people, np.float32),
        model_id=registry.model_id,
    )
    numbers = [SubjectId.parse(SubjectKind.PASSPORT, f"THA BB{n:07d}") for n in range(people)]
    templates = embeddings_to_templates(crowd, registry._vault.model)
    enrolments = [_enrolment(*pair) for pair in zip(numbers, templates, strict=True)]
    for start in range(0, people, BATCH):
        registry.enrol(enrolments[start : start + BATCH])
    return numbers, crowd


def _enrolment(subject: SubjectId, template: bytes) -> Enrolment:
    return Enrolment(
        subject=subject, template=template, kind=TemplateKind.CARD, legal_basis="benchmark"
    )


def measure_rebuild(dimension: int, people: int, rounds: int) -> tuple[RebuildRow, float]:
    """Verify one person after another, alone and while the gallery is made anew.

    Returns:
        The row, and the microseconds that unsealing one template took.
    """
    with open_arena(dimension) as arena:
        registry, vault = arena.registry, arena.registry._vault
        numbers, crowd = enrol_crowd(registry, dimension, people)
        records = arena.store.changed_since(0, people)
        unsealing, _ = _timed(lambda: vault.open(records))
        ask = _asker(registry, numbers, crowd)
        alone = [_timed(ask)[0] for _ in range(rounds * SINGLES_PER_ROUND)]
        start = time.perf_counter()
        rebuild = threading.Thread(target=registry.rebuild)
        rebuild.start()
        beside = []
        while rebuild.is_alive():
            beside.append(_timed(ask)[0])
        rebuild.join()
        row = RebuildRow(
            templates=people,
            rebuild_s=round(time.perf_counter() - start, 3),
            alone=_timing(alone),
            beside=_timing(beside),
            longest_beside_ms=round(max(beside) * 1e3, 2),
        )
        return row, round(unsealing / people * 1e6, 2)


def _asker(
    registry: Registry, numbers: Sequence[SubjectId], crowd: Embeddings
) -> Callable[[], None]:
    rng = np.random.default_rng(6)

    def ask() -> None:
        row = int(rng.integers(0, len(numbers)))
        registry.verify([numbers[row]], crowd.take([row]))

    return ask


def measure(
    dimensions: Sequence[int], sizes: Sequence[int], store_size: int, rounds: int = ROUNDS
) -> RegistryResult:
    """All of it, from small galleries to large."""
    circumstances = describe_circumstances()
    costs = []
    for dimension in dimensions:
        with open_arena(dimension) as arena:
            for size in sorted(size for size in sizes if size <= MAX_NUMBERS // dimension):
                fill_gallery(arena, size)
                costs.append(measure_memory(arena, size, rounds))
        with open_arena(dimension) as arena:
            fill_store(arena, store_size)
            costs.append(measure_store(arena, store_size, rounds))
    rebuild, unseal_us = measure_rebuild(dimensions[0], min(REBUILT_PEOPLE, max(sizes)), rounds)
    return RegistryResult(
        circumstances=circumstances, costs=tuple(costs), rebuild=rebuild, unseal_us=unseal_us
    )


def main(
    *,
    dimensions: Annotated[str, typer.Option(help="Lengths of vectors.")] = "128,256,512",
    sizes: Annotated[
        str, typer.Option(help="Templates in memory, up to 6 GB.")
    ] = "10000,100000,1000000,10000000",
    store_size: Annotated[int, typer.Option(help="Rows of the SQLite file.")] = 1_000_000,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure the registry end to end."""
    result = measure(
        [int(word) for word in dimensions.split(",")],
        [int(word) for word in sizes.split(",")],
        store_size,
    )
    print(registry_words(result))
    for wish, fulfilled in result.wanted.items():
        print(f"{'shown' if fulfilled else 'NOT shown'}: {wish}")
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


if __name__ == "__main__":
    typer.run(main)
