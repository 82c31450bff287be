"""The service's pool, with more threads that ask than threads that work."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.speed.batch_cells import batches_of
from benchmarks.speed.batch_results import ServiceCell
from fvs.status import Role
from fvs.timing import run_load
from fvs_server.extraction import Extractor, Picture, extract_batch
from fvs_server.inference import Deadline, InferencePool
from fvs_server.worker_processes import WorkerProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.speed.batch_cells import OpenedRuntime
    from fvs_server.extraction import Extraction

    Work = Callable[[Sequence[Picture]], list[Extraction]]

__all__ = ["SUBMITTERS", "Batching", "Workers", "measure_service"]

SUBMITTERS = 64
_DEADLINE_S = 60.0
_WARM_SHARE = 0.3


class Batching(NamedTuple):
    """As `[engine]` of the server's settings has it."""

    pictures: int
    wait_ms: float


class Workers(NamedTuple):
    """Likewise."""

    count: int
    processes: bool = False


def measure_service(
    opened: OpenedRuntime,
    files: Sequence[bytes],
    batching: Batching,
    workers: Workers,
    seconds: float,
) -> ServiceCell:
    """Let threads ask for one selfie each, again and again."""
    pool = InferencePool(workers.count, queue=SUBMITTERS)
    one = batches_of(files, 1)
    with ExitStack() as stack:
        stack.callback(pool.close)
        work: Work = partial(extract_batch, opened.engine)
        if workers.processes:
            processes = WorkerProcesses(workers.count, opened.opening)
            stack.callback(processes.close)
            processes.wait_until_ready()
            work = processes.extract
        extractor = Extractor(
            work, pool, batch_pictures=batching.pictures, batch_wait_s=batching.wait_ms / 1e3
        )

        def ask() -> None:
            extractor.extract([Picture(one()[0], Role.SELFIE)], Deadline.after(_DEADLINE_S))

        run_load(ask, SUBMITTERS, _WARM_SHARE * seconds)  # batches of sizes not seen before
        load = run_load(ask, SUBMITTERS, seconds)
    return ServiceCell(
        runtime=opened.name,
        submitters=SUBMITTERS,
        workers=workers.count,
        processes=workers.processes,
        batch_pictures=batching.pictures,
        batch_wait_ms=batching.wait_ms,
        pictures_per_s=load.pairs_per_s,
        p50_ms=load.wall_ms.p50,
        p95_ms=load.wall_ms.p95,
    )
