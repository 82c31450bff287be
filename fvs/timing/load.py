"""Repeats a task for some seconds: alone by stage, or by several clients at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from fvs.timing.clock import MS_PER_S, STAGES, Percentiles, StageClock, percentiles

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Load", "run_load", "time_stages", "worker_counts"]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What some clients got out of one process.

    Attributes:
        workers: clients, each a thread.
        pairs_per_s: tasks done by all of them in a second.
        cpu_ms_per_pair: processor time of the whole process over the tasks done.
        wall_ms: how long a client waited for one task.
    """

    workers: int
    pairs_per_s: float
    cpu_ms_per_pair: float
    wall_ms: Percentiles


def worker_counts(most: int) -> tuple[int, ...]:
    """1, 2, 4, ... and at last `most`, which is at least 1."""
    return (*(2**k for k in range((most - 1).bit_length())), most)


def time_stages(task: Callable[[], object], seconds: float) -> dict[str, Percentiles]:
    """Stage -> CPU milliseconds that one `task` spends in it, over `seconds` of repeating it."""
    cpu_ms: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def timed() -> None:
        with StageClock() as clock:
            task()
        for stage, cost in clock.costs().items():
            cpu_ms[stage].append(cost.cpu_ms)

    _repeat(timed, time.perf_counter() + seconds)
    return {stage: percentiles(values) for stage, values in cpu_ms.items()}


def run_load(task: Callable[[], object], workers: int, seconds: float) -> Load:
    """Let `workers` threads repeat `task` for `seconds`, each as soon as it is answered.

    Each does it at least once, so that slow tasks take longer than asked for.
    """
    start, cpu = time.perf_counter(), time.process_time()
    deadline = start + seconds
    with ThreadPoolExecutor(workers) as pool:
        clients = [pool.submit(_repeat, task, deadline) for _ in range(workers)]
        waits_ms = [wait for client in clients for wait in client.result()]
    elapsed_s = time.perf_counter() - start
    return Load(
        workers=workers,
        pairs_per_s=len(waits_ms) / elapsed_s,
        cpu_ms_per_pair=(time.process_time() - cpu) * MS_PER_S / len(waits_ms),
        wall_ms=percentiles(waits_ms),
    )


def _repeat(task: Callable[[], object], deadline: float) -> list[float]:
    waits_ms: list[float] = []
    now = time.perf_counter()
    while not waits_ms or now < deadline:
        task()
        before, now = now, time.perf_counter()
        waits_ms.append((now - before) * MS_PER_S)
    return waits_ms
