"""`benchmarks/results/matching.json`: what the matcher was measured to do, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads the annotations
from benchmarks.report_files import read_report, write_report
from benchmarks.speed.results import Interval  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AllPairsSection",
    "ApproximateRow",
    "ApproximateSection",
    "ByKeyRow",
    "ByKeySection",
    "ExactRow",
    "ExactSection",
    "MatchingReport",
    "load_matching",
    "save_matching",
]


class ByKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """1:1 by key in one gallery.

    Attributes:
        vectors: in the gallery.
        dimension: D.
        precision: of the index.
        batch_us: microseconds a comparison in batches of `ByKeySection.batch`.
        single_us: microseconds of one comparison alone.
        build_s: seconds that adding all vectors took.
        bytes_per_vector: of the index, keys included.
    """

    vectors: int
    dimension: int
    precision: str
    batch_us: Interval
    single_us: Interval
    build_s: float
    bytes_per_vector: float


class ByKeySection(msgspec.Struct, frozen=True, kw_only=True):
    """Verification: random keys, one thread."""

    batch: int
    rows: list[ByKeyRow]
    peak_rss_mb: float
    quick: bool
    circumstances: Circumstances


class ExactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One contender in one gallery.

    Attributes:
        contender: its name.
        dimension: D.
        ms: milliseconds a search, one probe at a time.
        over_float32: how many times the time of faiss' float32 scan, in the same round.
        over_read: how many times that of a plain read of the float32 vectors, likewise.
        recall_at_1: share of probes whose best vector it finds; None for the plain read.
        score_error: greatest difference of a best hit's score from float32; None likewise.
    """

    contender: str
    dimension: int
    ms: Interval
    over_float32: Interval
    over_read: Interval
    recall_at_1: float | None
    score_error: float | None


class ExactSection(msgspec.Struct, frozen=True, kw_only=True):
    """Exact identification among uniform directions, one thread."""

    vectors: int
    probes: int
    rows: list[ExactRow]
    peak_rss_mb: float
    quick: bool
    circumstances: Circumstances


class ApproximateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One kind with one effort in one gallery.

    Attributes:
        gallery: `lfw_like` or `uniform`.
        kind: of the index.
        recall_target: that the plan was made for.
        parameters: of the plan.
        recall_at_1: share of probes whose best hit is that of the exact search.
        ms: milliseconds a search, one probe at a time, re-ranking included.
        flat_share: share of the time of faiss' float32 scan.
        build_s: seconds that building took, with all cores.
    """

    gallery: str
    kind: str
    recall_target: float
    parameters: dict[str, int]
    recall_at_1: float
    ms: Interval
    flat_share: float
    build_s: float


class ApproximateSection(msgspec.Struct, frozen=True, kw_only=True):
    """Approximate identification, one thread."""

    vectors: int
    dimension: int
    probes: int
    flat_ms: dict[str, Interval]
    rows: list[ApproximateRow]
    peak_rss_mb: float
    quick: bool
    circumstances: Circumstances


class AllPairsSection(msgspec.Struct, frozen=True, kw_only=True):
    """Every vector against every other, one thread.

    Attributes:
        vectors: N.
        dimension: D.
        threshold: from which a pair was kept.
        found: pairs kept.
        tiles_s: seconds of `score_all_pairs`.
        blas_s: seconds of one product of the whole matrix with itself, nothing kept.
        loop_s: seconds of a Python loop over all pairs, from a sample of them.
        tiles_peak_mb: memory that numpy asked for at most, beyond the vectors.
        blas_peak_mb: likewise.
    """

    vectors: int
    dimension: int
    threshold: float
    found: int
    tiles_s: Interval
    blas_s: Interval
    loop_s: float
    tiles_peak_mb: float
    blas_peak_mb: float
    quick: bool
    circumstances: Circumstances


class MatchingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The sections measured so far."""

    by_key: ByKeySection | None = None
    exact: ExactSection | None = None
    approximate: ApproximateSection | None = None
    all_pairs: AllPairsSection | None = None


def load_matching(path: Path) -> MatchingReport:
    """Read a report; an empty one where there is none."""
    return read_report(path, MatchingReport) or MatchingReport()


def save_matching(report: MatchingReport, path: Path) -> None:
    """Write a report."""
    write_report(report, path)
