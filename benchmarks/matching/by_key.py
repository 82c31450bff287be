"""1:1 by key: what a comparison costs in galleries of ten thousand to ten million."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import describe_circumstances, peak_rss_mb
from benchmarks.matching.galleries import SEED, directions
from benchmarks.matching.results import ByKeyRow, ByKeySection
from benchmarks.speed.results import median_interval
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import F32

__all__ = ["measure_by_key"]

BATCH = 1000
DIMENSIONS = (128, 256)
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
QUICK_SIZES = (10_000, 100_000)

LARGEST_FLOAT32 = 1_000_000
"""Ten million of 256 dimensions would take 20 GB while the index grows."""

KEY_STRIDE = 7
"""Keys are not row numbers."""

ROUNDS = 200
SINGLES = 2000


def measure_by_key(*, quick: bool, on_step: Callable[[str], None]) -> ByKeySection:
    """Measure every size at every precision."""
    circumstances = describe_circumstances()
    rows = []
    for count in QUICK_SIZES if quick else SIZES:
        for dimension in DIMENSIONS:
            for precision in Precision:
                if precision is Precision.FLOAT32 and count > LARGEST_FLOAT32:
                    continue
                on_step(f"{count:,} x {dimension} {precision}")
                rows.append(_measure(count, dimension, precision, quick=quick))
    return ByKeySection(
        batch=BATCH,
        rows=rows,
        peak_rss_mb=peak_rss_mb(),
        quick=quick,
        circumstances=circumstances,
    )


def _measure(count: int, dimension: int, precision: Precision, *, quick: bool) -> ByKeyRow:
    index, build_s = _build(count, dimension, precision)
    random = np.random.default_rng(SEED)
    probes = next(directions(BATCH, dimension, seed=1))
    rounds, singles = (20, 200) if quick else (ROUNDS, SINGLES)
    return ByKeyRow(
        vectors=count,
        dimension=dimension,
        precision=precision,
        batch_us=median_interval([_time(index, probes, random, BATCH) for _ in range(rounds)]),
        single_us=median_interval([_time(index, probes, random, 1) for _ in range(singles)]),
        build_s=build_s,
        bytes_per_vector=index.nbytes / count,
    )


def _build(count: int, dimension: int, precision: Precision) -> tuple[VectorIndex, float]:
    index, seconds, first = VectorIndex.empty(dimension, precision), 0.0, 0
    for block in directions(count, dimension):
        start = time.perf_counter()
        index.add(KEY_STRIDE * np.arange(first, first + len(block)), block)
        seconds += time.perf_counter() - start
        first += len(block)
    return index, seconds


def _time(index: VectorIndex, probes: F32, random: np.random.Generator, pairs: int) -> float:
    """Microseconds a comparison, of keys that were not asked for just before."""
    keys = KEY_STRIDE * random.integers(0, len(index), pairs)
    rows = np.arange(pairs)
    some = probes[:pairs]
    start = time.perf_counter()
    index.score_pairs(some, rows, keys)
    return (time.perf_counter() - start) / pairs * 1e6
