"""What `python -m benchmarks.speed.batches` writes: a file of cells, each whole by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads the annotations
from benchmarks.report_files import read_report

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Agreement",
    "BatchReport",
    "EngineCell",
    "Failure",
    "NetworkCell",
    "ServiceCell",
    "load_batches",
]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that was not measured.

    Attributes:
        cell: which.
        error: what happened; or that the time was over.
    """

    cell: str
    error: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A runtime in batches beside the CPU one by one, over the same pictures.

    Attributes:
        runtime: what was opened.
        batch_size: pictures at once.
        pictures: in which the CPU found a face fit to be embedded.
        other_status: pictures with another status anywhere.
        largest_difference: of an embedding's elements (unit vectors).
        least_cosine: of both embeddings of one picture.
        largest_live_difference: of live probabilities.
        comparisons: of every selfie with every card.
        other_decisions: comparisons with another decision at the pack's point.
        largest_score_difference: of those comparisons.
    """

    runtime: str
    batch_size: int
    pictures: int
    other_status: int
    largest_difference: float
    least_cosine: float
    largest_live_difference: float
    comparisons: int
    other_decisions: int
    largest_score_difference: float


class NetworkCell(msgspec.Struct, frozen=True, kw_only=True):
    """One network alone, called by one thread with pixels as the stages give them.

    Attributes:
        runtime: what was opened.
        network: its model id.
        side_px: of each picture.
        batch_size: pictures a run.
        first_ms: of the first run of this size.
        ms_per_picture: median run after that over pictures.
        runs: that median is of.
    """

    runtime: str
    network: str
    side_px: int
    batch_size: int
    first_ms: float
    ms_per_picture: float
    runs: int


class EngineCell(msgspec.Struct, frozen=True, kw_only=True):
    """Selfies through all stages, with several threads that each take batch after batch.

    Attributes:
        runtime: what was opened.
        batch_size: pictures a call.
        workers: threads that call.
        first_ms: of the first call.
        pictures_per_s: all threads together, after that.
        cpu_ms: processor time of the process for a picture.
        stage_wall_ms: stage -> time in it for a picture, waiting for others included.
        stage_cpu_ms: stage -> processor time of the calling thread for a picture.
    """

    runtime: str
    batch_size: int
    workers: int
    first_ms: float
    pictures_per_s: float
    cpu_ms: float
    stage_wall_ms: dict[str, float]
    stage_cpu_ms: dict[str, float]


class ServiceCell(msgspec.Struct, frozen=True, kw_only=True):
    """The service's pool, asked by many threads for one selfie each, again and again.

    Attributes:
        runtime: what was opened.
        submitters: threads that ask.
        workers: threads that work, or processes.
        processes: whether each worker is a process with networks of its own.
        batch_pictures: taken together at most.
        batch_wait_ms: that a worker waits for more.
        pictures_per_s: answered.
        p50_ms: until an answer, half of them.
        p95_ms: likewise, 95 % of them.
    """

    runtime: str
    submitters: int
    workers: int
    batch_pictures: int
    batch_wait_ms: float
    pictures_per_s: float
    p50_ms: float
    p95_ms: float
    processes: bool = False


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """The file.

    Attributes:
        circumstances: when it began.
        accelerator: name, driver and memory, as it says itself; empty where there is none.
        pack: whose networks.
        megapixels: of the selfies that throughput was measured with.
        agreement: results beside those of the CPU.
        networks: alone.
        service: the pool.
        engine: the whole.
        failures: what was not measured.
    """

    circumstances: Circumstances
    accelerator: str
    pack: str
    megapixels: float
    agreement: tuple[Agreement, ...] = ()
    networks: tuple[NetworkCell, ...] = ()
    service: tuple[ServiceCell, ...] = ()
    engine: tuple[EngineCell, ...] = ()
    failures: tuple[Failure, ...] = ()


def load_batches(path: Path) -> BatchReport | None:
    """Read the file; None where there is none."""
    return read_report(path, BatchReport)
