"""The service's pool, with more threads that ask than threads that work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.speed.batch_cells import batches_of
from benchmarks.speed.batch_results import ServiceCell
from fvs.status import Role
from fvs.timing import run_load
from fvs_server.extraction import Extractor
from fvs_server.inference import Deadline, InferencePool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speed.batch_cells import OpenedRuntime

__all__ = ["SUBMITTERS", "Batching", "measure_service"]

SUBMITTERS = 64
_DEADLINE_S = 60.0
_WARM_SHARE = 0.3


class Batching(NamedTuple):
    """As `[engine]` of the server's settings has it."""

    pictures: int
    wait_ms: float


def measure_service(
    opened: OpenedRuntime,
    files: Sequence[bytes],
    batching: Batching,
    workers: int,
    seconds: float,
) -> ServiceCell:
    """Let threads ask for one selfie each, again and again."""
    pool = InferencePool(workers, queue=SUBMITTERS)
    extractor = Extractor(
        opened.engine,
        pool,
        batch_pictures=batching.pictures,
        batch_wait_s=batching.wait_ms / 1e3,
    )
    one = batches_of(files, 1)

    def ask() -> None:
        extractor.extract([(one()[0], Role.SELFIE)], Deadline.after(_DEADLINE_S))

    try:
        run_load(ask, SUBMITTERS, _WARM_SHARE * seconds)  # batches of sizes not seen before
        load = run_load(ask, SUBMITTERS, seconds)
    finally:
        pool.close()
    return ServiceCell(
        runtime=opened.name,
        submitters=SUBMITTERS,
        workers=workers,
        batch_pictures=batching.pictures,
        batch_wait_ms=batching.wait_ms,
        pictures_per_s=load.pairs_per_s,
        p50_ms=load.wall_ms.p50,
        p95_ms=load.wall_ms.p95,
    )
