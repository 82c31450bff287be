"""Clocks: of a whole call, and of each stage inside it.

Stages are timed around the engine's own calls of them, so the figures cannot drift from what the
engine does, and the engine knows nothing of it. (Python's profiling hooks would do the same with
less of a trick, but they slowed a pair by a fifth when measured.)
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, Self, TypeVar

import msgspec
import numpy as np

from fvs import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MS_PER_S", "STAGES", "Cost", "Percentiles", "StageClock", "cost_of", "percentiles"]

P = ParamSpec("P")
R = TypeVar("R")

STAGES = {
    "decode": ("decode_images",),
    "detect": ("detect_faces",),
    "choose": ("choose_faces",),
    "refine": ("refine_faces",),
    "turn": ("quarter_turns", "turn_images", "turn_faces"),
    "align": ("align_faces", "align_for_embedder"),
    "quality": ("assess_quality", "grade_recognisability"),
    "liveness": ("assess_liveness",),
    "embed": ("embed_crops",),
    "compare": ("compare_pairs",),
    "decide": ("decide",),
}
"""Stage -> functions that `fvs.engine` calls for it, in its order."""

MS_PER_S = 1e3


class Cost(NamedTuple):
    """Milliseconds that passed, and milliseconds that the processors worked."""

    wall_ms: float
    cpu_ms: float


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds that half, 95 % and 99 % of the calls stayed within, of `n` calls.

    Each is one of the values measured (the next higher one); with few calls p99 is the largest.
    """

    p50: float
    p95: float
    p99: float
    n: int


def percentiles(values_ms: Sequence[float]) -> Percentiles:
    """Percentiles of at least one value."""
    p50, p95, p99 = np.percentile(values_ms, [50, 95, 99], method="higher").tolist()
    return Percentiles(p50=p50, p95=p95, p99=p99, n=len(values_ms))


def cost_of(task: Callable[[], object]) -> Cost:
    """Run `task` once; its CPU time is that of all threads of this process meanwhile."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return Cost(
        wall_ms=(time.perf_counter() - wall) * MS_PER_S,
        cpu_ms=(time.process_time() - cpu) * MS_PER_S,
    )


class StageClock:
    """Adds up what each stage costs inside a `with` block, in whichever threads it runs.

    Inside the block every engine of this process is timed; so one clock at a time, for
    measurement only.
    """

    def __init__(self) -> None:
        self._originals: dict[str, Callable[..., object]] = {}
        self._laps: list[tuple[str, Cost]] = []

    def __enter__(self) -> Self:
        for stage, names in STAGES.items():
            for name in names:
                self._originals[name] = getattr(engine, name)
                setattr(engine, name, self._timed(stage, self._originals[name]))
        return self

    def __exit__(self, *_: object) -> None:
        for name, original in self._originals.items():
            setattr(engine, name, original)

    def costs(self) -> dict[str, Cost]:
        """Stage -> sum of its costs so far, in the engine's order; 0 where it did not run."""
        sums: dict[str, Cost] = defaultdict(lambda: Cost(0.0, 0.0))
        for stage, lap in self._laps:
            before = sums[stage]
            sums[stage] = Cost(before.wall_ms + lap.wall_ms, before.cpu_ms + lap.cpu_ms)
        return {stage: sums[stage] for stage in STAGES}

    def _timed(self, stage: str, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            # Of this thread only: other workers must not be charged to this stage.
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                lap = Cost(
                    wall_ms=(time.perf_counter() - wall) * MS_PER_S,
                    cpu_ms=(time.thread_time() - cpu) * MS_PER_S,
                )
                self._laps.append((stage, lap))

        return timed
