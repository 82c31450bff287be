"""What error rates cost: a DET of very many scores beside scikit-learn's, and the bootstrap.

Each measurement runs in a process of its own, so that its peak memory is its own too. Scores are
made in chunks and are not part of the time, but for streaming, where they are never all there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from benchmarks.machine import peak_rss_mb
from fvs.metrics.bootstrap import replicate
from fvs.metrics.rates import Sweep
from fvs.metrics.streaming import BinnedSweep, ScoreHistogram
from fvs.metrics.subject_pairs import compare_subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fvs.records import F32, Int

__all__ = ["DetCost", "Method", "ReplicateCost", "measure_det", "measure_replicates", "run_det"]

CHUNK = 4_000_000
MATED_SHARE = 0.1


class Method(StrEnum):
    """How a DET curve is made."""

    STREAMING = "streaming"
    SWEEP = "sweep"
    SKLEARN = "sklearn"


class DetCost(msgspec.Struct, frozen=True, kw_only=True):
    """A whole DET curve once.

    Attributes:
        method: histograms, the exact sweep, or scikit-learn's `roc_curve`.
        scores: mated and non-mated together.
        wall_s: without making the scores.
        peak_rss_mb: of the process, interpreter and libraries included.
        points: of the curve.
    """

    method: Method
    scores: int
    wall_s: float
    peak_rss_mb: float
    points: int


class ReplicateCost(msgspec.Struct, frozen=True, kw_only=True):
    """The two-way bootstrap over all pairs of a set of faces.

    Attributes:
        pictures: compared with each other.
        subjects: whose they are.
        mated_pairs: in all.
        non_mated_pairs: in all.
        lowest_threshold: FMR and FNMR are counted at thresholds from there.
        tail_pairs: non-mated pairs above it, whose subjects matter.
        thresholds: how many.
        replicates: draws of subjects.
        compare_s: for comparing all pairs and remembering the tail.
        replicate_s: for all replicates of both kinds.
        peak_rss_mb: of the process.
    """

    pictures: int
    subjects: int
    mated_pairs: int
    non_mated_pairs: int
    lowest_threshold: float
    tail_pairs: int
    thresholds: int
    replicates: int
    compare_s: float
    replicate_s: float
    peak_rss_mb: float


class _Chunk(NamedTuple):
    scores: F32
    mated: bool


def measure_det(method: Method, scores: int) -> DetCost | None:
    """Measure one method in a process of its own; None where memory did not suffice."""
    command = [sys.executable, "-m", "benchmarks.calibration.speed", method, str(scores)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words only
    if done.returncode != 0 and ("MemoryError" in done.stderr or done.returncode < 0):
        return None
    done.check_returncode()
    return msgspec.json.decode(done.stdout, type=DetCost)


def run_det(method: Method, scores: int) -> DetCost:
    """Measure one method here."""
    methods: dict[Method, Callable[[int], tuple[float, int]]] = {
        Method.SKLEARN: _sklearn,
        Method.STREAMING: _streaming,
        Method.SWEEP: _sweep,
    }
    wall_s, points = methods[method](scores)
    return DetCost(
        method=method, scores=scores, wall_s=wall_s, peak_rss_mb=peak_rss_mb(), points=points
    )


def measure_replicates(
    vectors: F32,
    subjects: Int,
    thresholds: list[float],
    replicates: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> ReplicateCost:
    """Bootstrap FMR and FNMR over all pairs of these faces."""
    started = time.perf_counter()
    pairs = compare_subjects(vectors, subjects)
    compared = time.perf_counter()
    replicate(pairs.non_mated, thresholds, replicates=replicates, on_progress=on_progress)
    replicate(pairs.mated, thresholds, replicates=replicates)
    finished = time.perf_counter()
    return ReplicateCost(
        pictures=len(vectors),
        subjects=pairs.mated.subjects,
        mated_pairs=pairs.mated.trials,
        non_mated_pairs=pairs.non_mated.trials,
        lowest_threshold=min(thresholds),
        tail_pairs=int(pairs.non_mated.accepted_at([min(thresholds)])[0]),
        thresholds=len(thresholds),
        replicates=replicates,
        compare_s=compared - started,
        replicate_s=finished - compared,
        peak_rss_mb=peak_rss_mb(),
    )


def _chunks(scores: int) -> Iterator[_Chunk]:
    rng = np.random.default_rng(0)
    mated = int(MATED_SHARE * scores)
    for kind, total in ((True, mated), (False, scores - mated)):
        for start in range(0, total, CHUNK):
            drawn = rng.standard_normal(min(CHUNK, total - start), np.float32)
            drawn *= np.float32(0.1)
            drawn += np.float32(0.5 if kind else 0.05)
            yield _Chunk(np.clip(drawn, -1.0, 1.0, out=drawn), kind)


def _streaming(scores: int) -> tuple[float, int]:
    histograms = {True: ScoreHistogram.empty(), False: ScoreHistogram.empty()}
    spent = 0.0
    for chunk in _chunks(scores):
        started = time.perf_counter()
        histograms[chunk.mated] += ScoreHistogram.of(chunk.scores)
        spent += time.perf_counter() - started
    started = time.perf_counter()
    sweep = BinnedSweep.from_histograms(histograms[True], histograms[False])
    return spent + time.perf_counter() - started, len(sweep.thresholds)


def _whole(scores: int) -> tuple[F32, F32]:
    mated = int(MATED_SHARE * scores)
    whole, filled = np.empty(scores, np.float32), 0
    for chunk in _chunks(scores):
        whole[filled : filled + len(chunk.scores)] = chunk.scores
        filled += len(chunk.scores)
    return whole[:mated], whole[mated:]


def _sweep(scores: int) -> tuple[float, int]:
    mated, non_mated = _whole(scores)
    started = time.perf_counter()
    sweep = Sweep.of(mated, non_mated)
    return time.perf_counter() - started, len(sweep.thresholds)


def _sklearn(scores: int) -> tuple[float, int]:
    from sklearn.metrics import roc_curve  # noqa: PLC0415 - the others' peak is without it

    mated, non_mated = _whole(scores)
    labels = np.zeros(scores, np.bool_)
    labels[: len(mated)] = True
    values = np.concatenate([mated, non_mated])
    del mated, non_mated
    started = time.perf_counter()
    thresholds = roc_curve(labels, values)[2]
    return time.perf_counter() - started, len(thresholds)


if __name__ == "__main__":
    cost = run_det(Method(sys.argv[1]), int(sys.argv[2]))
    print(msgspec.json.encode(cost).decode())
