"""Bytes and speeds of a graph of vectors (HNSW), on made-up people.

Each person is a random direction with a few captures about it, so that a probe has near neighbours
as faces have. What real faces make of recall, and inverted lists, `benchmarks.matching` measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np

from benchmarks.scale.clock import fastest, timed
from benchmarks.scale.results import GraphSize

if TYPE_CHECKING:
    from fvs.records import F32

__all__ = ["measure_graph"]

MADE_AS = "HNSW32,SQ8"
"""As `fvs.matching` makes it: 32 links a vector, 8-bit codes."""
REACH = 256
CANDIDATES = 100
"""Hits of a search, which exact scores then put in order."""
CAPTURES = 4
"""Of each person."""
OWN_SHARE = 0.8
"""Of a capture's direction that is its person's: captures of one score 0.64."""
PROBES = 200
REPEATS = 3


def measure_graph(count: int, dimension: int) -> GraphSize:
    """Build one on one core, and search it for captures that it does not hold."""
    random = np.random.default_rng(0)
    people = _directions(random.standard_normal((count // CAPTURES, dimension), np.float32))
    vectors = _captures(random, np.repeat(people, CAPTURES, axis=0))
    probes = _captures(random, people[:PROBES])
    index = faiss.index_factory(dimension, MADE_AS, faiss.METRIC_INNER_PRODUCT)
    faiss.omp_set_num_threads(1)
    build = timed(len(vectors), lambda: _fill(index, vectors))
    index.hnsw.efSearch = REACH
    _, candidates = index.search(probes, CANDIDATES)
    best = (probes @ vectors.T).argmax(axis=1)
    return GraphSize(
        dimension=dimension,
        vectors=len(vectors),
        bytes_total=len(faiss.serialize_index(index)),
        build=build,
        search=fastest(
            len(probes), REPEATS, lambda: [index.search(p[None], CANDIDATES) for p in probes]
        ),
        recall=float((candidates == best[:, None]).any(axis=1).mean()),
    )


def _fill(index: faiss.Index, vectors: F32) -> None:
    index.train(vectors)
    index.add(vectors)


def _captures(random: np.random.Generator, people: F32) -> F32:
    noise = _directions(random.standard_normal(people.shape, np.float32))
    return _directions(OWN_SHARE * people + np.sqrt(1 - OWN_SHARE**2) * noise)


def _directions(vectors: F32) -> F32:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
