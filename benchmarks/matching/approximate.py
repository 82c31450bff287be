"""1:N approximate: how much is found for which part of the cost of looking at everything."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import faiss
import numpy as np

from benchmarks.machine import describe_circumstances, peak_rss_mb
from benchmarks.matching.galleries import Gallery, draw_people
from benchmarks.matching.results import ApproximateRow, ApproximateSection
from benchmarks.speed.results import Interval, median_interval
from fvs.matching.approximate import ApproximateIndex
from fvs.matching.plan import IndexKind, plan_of_kind
from fvs.matching.threads import limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import F32, Int

__all__ = ["measure_approximate"]

DIMENSION = 256
VECTORS, QUICK_VECTORS = 100_000, 20_000
PROBES, QUICK_PROBES = 1000, 100
FLAT_TIMED = 31
RECALL_TARGETS = (0.9, 0.95, 0.99, 1.0)
GALLERIES = {"lfw_like": True, "uniform": False}
KINDS = (IndexKind.IVFPQ, IndexKind.IVF, IndexKind.HNSW)


def measure_approximate(*, quick: bool, on_step: Callable[[str], None]) -> ApproximateSection:
    """Measure each kind in each gallery, with efforts from small to whole."""
    circumstances = describe_circumstances()
    count = QUICK_VECTORS if quick else VECTORS
    probes = QUICK_PROBES if quick else PROBES
    rows, flat_ms = [], {}
    for name, structured in GALLERIES.items():
        on_step(f"{name}: drawing")
        gallery = draw_people(count, DIMENSION, probes, structured=structured)
        flat_ms[name], truth = _flat(gallery)
        for kind in KINDS:
            on_step(f"{name}: {kind}")
            rows += _measure(name, gallery, kind, flat_ms[name], truth)
    return ApproximateSection(
        vectors=count,
        dimension=DIMENSION,
        probes=probes,
        flat_ms=flat_ms,
        rows=rows,
        peak_rss_mb=peak_rss_mb(),
        quick=quick,
        circumstances=circumstances,
    )


def _flat(gallery: Gallery) -> tuple[Interval, Int]:
    """Milliseconds a probe of a float32 scan, and the best vector of each probe."""
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(gallery.vectors)
    with limit_threads(1):
        times = [
            _timed(lambda probe: flat.search(probe, 1), gallery.probes, row)[0]
            for row in range(FLAT_TIMED)
        ]
        return median_interval(times), flat.search(gallery.probes, 1)[1][:, 0]


def _measure(
    name: str, gallery: Gallery, kind: IndexKind, flat_ms: Interval, truth: Int
) -> list[ApproximateRow]:
    count = len(gallery.vectors)
    start = time.perf_counter()
    index = ApproximateIndex.build(
        plan_of_kind(kind, count, DIMENSION),
        np.arange(count),
        gallery.vectors,
        threads=len(os.sched_getaffinity(0)),
    )
    build_s = time.perf_counter() - start
    rows = []
    for target in RECALL_TARGETS:
        plan = plan_of_kind(kind, count, DIMENSION, recall_target=target)
        ms, found = _one_by_one(index.tuned(plan), gallery.probes)
        rows.append(
            ApproximateRow(
                gallery=name,
                kind=kind,
                recall_target=target,
                parameters=dict(plan.parameters),
                recall_at_1=float((found == truth).mean()),
                ms=ms,
                flat_share=ms.median / flat_ms.median,
                build_s=build_s,
            )
        )
    return rows


def _one_by_one(index: ApproximateIndex, probes: F32) -> tuple[Interval, Int]:
    """Milliseconds a search, and the best key of each probe; -1 where nothing was found."""
    done = [
        _timed(lambda probe: index.search(probe, 1).keys, probes, row) for row in range(len(probes))
    ]
    found = [keys[0] if len(keys) else -1 for _, keys in done]
    return median_interval([ms for ms, _ in done]), np.array(found)


def _timed(search: Callable[[F32], Int], probes: F32, row: int) -> tuple[float, Int]:
    """Milliseconds of one search, and what it found."""
    probe = probes[row % len(probes)][None]
    start = time.perf_counter()
    found = search(probe)
    return (time.perf_counter() - start) * 1e3, found
