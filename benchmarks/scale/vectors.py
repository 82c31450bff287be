"""Vectors in memory: bytes and speeds of exact indexes.

Vectors are random unit vectors: an exact index costs the same whatever it holds.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import describe_circumstances
from benchmarks.scale.clock import fastest, timed
from benchmarks.scale.graph import measure_graph
from benchmarks.scale.results import FlatIndexSize, IndexSection, Speed
from fvs.bulk.engines import available_cores
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.records import F32

__all__ = ["PRECISIONS", "measure_flat", "measure_indexes"]

PRECISIONS = (Precision.FLOAT32, Precision.FLOAT16, Precision.INT8)
BATCH = 1000
"""Comparisons of a call."""
REPEATS = 7
GRAPH_VECTORS = 50_000
"""Building a graph takes about a millisecond a vector."""
ADDED_AT_ONCE = 50_000
HITS = 10


def measure_indexes(
    vectors: int, dimensions: Sequence[int], on_progress: Callable[[], None]
) -> IndexSection:
    """Every precision at every dimension, and a graph at the middle one.

    Args:
        vectors: how many each index holds; enough that they do not fit a processor's cache.
        dimensions: D.
        on_progress: called when an index was measured.
    """
    circumstances = describe_circumstances()
    graph = measure_graph(min(vectors, GRAPH_VECTORS), dimensions[len(dimensions) // 2])
    on_progress()
    flat = []
    for dimension in dimensions:
        for precision in PRECISIONS:
            flat.append(measure_flat(vectors, dimension, precision))
            on_progress()
    return IndexSection(circumstances=circumstances, flat=tuple(flat), graph=graph)


def measure_flat(count: int, dimension: int, precision: Precision) -> FlatIndexSize:
    """Fill one index, compare pairs, and search."""
    index = VectorIndex.empty(dimension, precision)
    random = np.random.default_rng(0)
    build_s = 0.0
    for start in range(0, count, ADDED_AT_ONCE):
        part = _unit_vectors(random, min(ADDED_AT_ONCE, count - start), dimension)
        keys = np.arange(start, start + len(part))
        build_s += timed(len(part), lambda keys=keys, part=part: index.add(keys, part)).seconds
    probes = _unit_vectors(random, BATCH, dimension)
    rows, keys = np.arange(BATCH), random.integers(0, count, BATCH)
    cores = available_cores()
    with ThreadPoolExecutor(cores) as pool:
        return FlatIndexSize(
            precision=precision.value,
            dimension=dimension,
            vectors=count,
            bytes_total=index.nbytes,
            scanned_bytes=precision.scanned_bytes(dimension),
            build=Speed(items=count, seconds=build_s),
            pairs=fastest(BATCH, REPEATS, lambda: index.score_pairs(probes, rows, keys)),
            search=fastest(count, REPEATS, lambda: index.search(probes[:1], HITS)),
            search_all_cores=fastest(
                cores * count,
                REPEATS,
                lambda: list(
                    pool.map(lambda row: index.search(probes[row : row + 1], HITS), range(cores))
                ),
            ),
        )


def _unit_vectors(random: np.random.Generator, count: int, dimension: int) -> F32:
    vectors = random.standard_normal((count, dimension), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
