"""1:N exact: ours at each precision beside faiss, numpy, hnswlib, simsimd and a plain read."""

from __future__ import annotations

import importlib.util
import time
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from benchmarks.machine import describe_circumstances, peak_rss_mb
from benchmarks.matching.galleries import directions
from benchmarks.matching.results import ExactRow, ExactSection
from benchmarks.speed.results import median_interval
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision
from fvs.matching.threads import limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import F32, Int

    Contender = Callable[[F32], tuple[int, float]]

__all__ = ["measure_exact"]

VECTORS, QUICK_VECTORS = 200_000, 50_000
DIMENSIONS = (128, 512)
PROBES, QUICK_PROBES = 60, 60
"""Of which recall is counted; each is searched for by every contender."""

ROUNDS, QUICK_ROUNDS = 31, 7
READ, FLOAT32 = "plain read of float32", "faiss IndexFlatIP"


def measure_exact(*, quick: bool, on_step: Callable[[str], None]) -> ExactSection:
    """Measure all contenders in turns."""
    circumstances = describe_circumstances()
    count = QUICK_VECTORS if quick else VECTORS
    probes = QUICK_PROBES if quick else PROBES
    rows = []
    with limit_threads(1):
        for dimension in DIMENSIONS:
            on_step(f"{count:,} x {dimension}")
            rows += _measure(count, dimension, probes, QUICK_ROUNDS if quick else ROUNDS)
    return ExactSection(
        vectors=count,
        probes=probes,
        rows=rows,
        peak_rss_mb=peak_rss_mb(),
        quick=quick,
        circumstances=circumstances,
    )


def _measure(count: int, dimension: int, probes: int, rounds: int) -> list[ExactRow]:
    vectors = np.concatenate([*directions(count, dimension)])
    wanted = next(directions(probes, dimension, seed=1))
    flat = faiss.IndexFlatIP(dimension)
    flat.add(vectors)
    scores, best = flat.search(wanted, 1)
    indexes = {f"fvs {precision}": _index(vectors, precision) for precision in Precision}
    contenders = _contenders(vectors, flat, indexes)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        probe = wanted[number : number + 1]
        names = list(contenders)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.perf_counter()
            contenders[name](probe)
            times[name].append((time.perf_counter() - start) * 1e3)
    return [
        ExactRow(
            contender=name,
            dimension=dimension,
            ms=median_interval(times[name]),
            over_float32=median_interval(np.divide(times[name], times[FLOAT32]).tolist()),
            over_read=median_interval(np.divide(times[name], times[READ]).tolist()),
            **_quality(name, contenders, indexes, wanted, (best[:, 0], scores[:, 0])),
        )
        for name in contenders
    ]


def _index(vectors: F32, precision: Precision) -> VectorIndex:
    index = VectorIndex.empty(vectors.shape[1], precision)
    index.add(np.arange(len(vectors)), vectors)
    return index


def _contenders(
    vectors: F32, flat: faiss.IndexFlatIP, indexes: dict[str, VectorIndex]
) -> dict[str, Contender]:
    """What finds the best vector of one probe."""
    contenders: dict[str, Contender] = {
        READ: lambda _: (0, float(vectors.reshape(-1).sum())),
        FLOAT32: lambda probe: _first(*flat.search(probe, 1)),
        "numpy product": lambda probe: _highest(vectors @ probe[0]),
    }
    for name, index in indexes.items():
        contenders[name] = lambda probe, index=index: _hit(index, probe)  # type: ignore[misc]  # bound now, not later
    if importlib.util.find_spec("hnswlib"):
        contenders["hnswlib BFIndex"] = _hnswlib(vectors)
    if importlib.util.find_spec("simsimd"):
        contenders["simsimd int8, one scale"] = _simsimd(vectors)
    return contenders


def _first(scores: F32, keys: Int) -> tuple[int, float]:
    return int(keys[0, 0]), float(scores[0, 0])


def _highest(scores: F32) -> tuple[int, float]:
    row = int(scores.argmax())
    return row, float(scores[row])


def _hit(index: VectorIndex, probe: F32) -> tuple[int, float]:
    hits = index.search(probe, 1)
    return int(hits.keys[0]), float(hits.scores[0])


def _hnswlib(vectors: F32) -> Contender:
    import hnswlib  # noqa: PLC0415 - an extra

    brute = hnswlib.BFIndex(space="ip", dim=vectors.shape[1])
    brute.init_index(max_elements=len(vectors))
    brute.add_items(vectors)

    def find(probe: F32) -> tuple[int, float]:
        keys, distances = brute.knn_query(probe, k=1, num_threads=1)
        return int(keys[0, 0]), 1 - float(distances[0, 0])

    return find


def _simsimd(vectors: F32) -> Contender:
    import simsimd  # noqa: PLC0415 - only this benchmark uses it

    step = np.abs(vectors).max() / 127
    codes = np.rint(vectors / step).astype(np.int8)

    def find(probe: F32) -> tuple[int, float]:
        products: Any = simsimd.cdist(np.rint(probe / step).astype(np.int8), codes, metric="dot")
        return _highest(np.asarray(products, np.float32).reshape(-1) * step**2)

    return find


def _quality(
    name: str,
    contenders: dict[str, Contender],
    indexes: dict[str, VectorIndex],
    wanted: F32,
    truth: tuple[Int, F32],
) -> dict[str, float | None]:
    """Recall of the best vector, and how far its score is off."""
    if name == READ:
        return {"recall_at_1": None, "score_error": None}
    if name in indexes:
        hits = indexes[name].search(wanted, 1)
        keys, scores = hits.keys, hits.scores
    else:
        found = [contenders[name](probe[None]) for probe in wanted]
        keys = np.array([key for key, _ in found])
        scores = np.array([score for _, score in found], np.float32)
    right = keys == truth[0]
    error = np.abs(scores - truth[1])[right].max(initial=0)
    return {"recall_at_1": float(right.mean()), "score_error": float(error)}
