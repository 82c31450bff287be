"""All pairs of as many vectors as LFW has pictures: tiles, one product, and a loop."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import describe_circumstances
from benchmarks.matching.galleries import draw_people
from benchmarks.matching.results import AllPairsSection
from benchmarks.speed.results import median_interval
from fvs.matching.pairs import score_all_pairs
from fvs.matching.threads import limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import F32

__all__ = ["measure_all_pairs"]

VECTORS, QUICK_VECTORS = 13_233, 2_000
DIMENSION = 256
THRESHOLD = 0.47
"""Where one of 10,000 pairs of strangers matches, of LFW with the embedder that ships."""
ROUNDS, QUICK_ROUNDS = 7, 3
LOOPED = 200_000


def measure_all_pairs(*, quick: bool, on_step: Callable[[str], None]) -> AllPairsSection:
    """Measure in turns; memory apart from time, since watching it takes time."""
    circumstances = describe_circumstances()
    count = QUICK_VECTORS if quick else VECTORS
    vectors = draw_people(count, DIMENSION, 1, structured=True).vectors
    tiles, blas = [], []
    with limit_threads(1):
        for number in range(QUICK_ROUNDS if quick else ROUNDS):
            on_step(f"round {number + 1}")
            tiles.append(_seconds(lambda: _tiles(vectors)))
            blas.append(_seconds(lambda: vectors @ vectors.T))
        on_step("loop")
        loop_s = _loop(vectors)
        on_step("memory")
        return AllPairsSection(
            vectors=count,
            dimension=DIMENSION,
            threshold=THRESHOLD,
            found=_tiles(vectors),
            tiles_s=median_interval(tiles),
            blas_s=median_interval(blas),
            loop_s=loop_s,
            tiles_peak_mb=_peak_mb(lambda: _tiles(vectors)),
            blas_peak_mb=_peak_mb(lambda: vectors @ vectors.T),
            quick=quick,
            circumstances=circumstances,
        )


def _tiles(vectors: F32) -> int:
    return sum(len(part) for part in score_all_pairs(vectors, THRESHOLD))


def _loop(vectors: F32) -> float:
    """Seconds that all pairs would take one at a time, from a sample."""
    random = np.random.default_rng(1)
    pairs = random.integers(0, len(vectors), (LOOPED, 2)).tolist()
    kept = []
    start = time.perf_counter()
    for first, second in pairs:
        score = float(vectors[first] @ vectors[second])
        if score >= THRESHOLD:
            kept.append((first, second, score))
    each = (time.perf_counter() - start) / LOOPED
    return each * len(vectors) * (len(vectors) - 1) / 2


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_mb(work: Callable[[], object]) -> float:
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6
