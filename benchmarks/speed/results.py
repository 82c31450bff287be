"""`benchmarks/results/speed.json`: what was measured, and under which circumstances."""

from __future__ import annotations

import math
import statistics
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads the annotations
from benchmarks.report_files import read_report, write_report
from fvs.timing import Load, Percentiles  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ImportCost",
    "Interval",
    "PairSection",
    "PairSize",
    "Pictures",
    "Runner",
    "SingleSection",
    "SpeedReport",
    "StageSize",
    "load_report",
    "median_interval",
    "save_report",
]

CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A median and its distribution-free 95 % interval."""

    median: float
    lower_95: float
    upper_95: float
    n: int


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """The pair that was measured."""

    megapixels: float
    selfie_bytes: int
    card_bytes: int


class Runner(msgspec.Struct, frozen=True, kw_only=True):
    """One contender on one size of pictures.

    Attributes:
        cpu_ms: processor time of a whole pair, all threads.
        wall_ms: time that passed.
        cpu_over_ours: CPU time over that of `fvs` in the same round; of `fvs` itself 1.
        peak_rss_mb: of its process up to here, from the smallest pictures on.
        similarity: cosine of the pair, to show that a face was found on both.
    """

    cpu_ms: Percentiles
    wall_ms: Percentiles
    cpu_over_ours: Interval
    peak_rss_mb: float
    similarity: float


class PairSize(msgspec.Struct, frozen=True, kw_only=True):
    """All contenders on one size of pictures."""

    pictures: Pictures
    runners: dict[str, Runner]


class PairSection(msgspec.Struct, frozen=True, kw_only=True):
    """Side by side: `python -m benchmarks.speed.pairs`."""

    circumstances: Circumstances
    load_average_after: tuple[float, float, float]
    sizes: tuple[PairSize, ...]


class StageSize(msgspec.Struct, frozen=True, kw_only=True):
    """CPU milliseconds of each stage for a whole pair (both pictures) of one size."""

    pictures: Pictures
    stage_cpu_ms: dict[str, Percentiles]


class ImportCost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that an import adds to starting an interpreter, a fresh one each time."""

    wall_s: Interval
    cpu_s: Interval


class SingleSection(msgspec.Struct, frozen=True, kw_only=True):
    """This engine alone: `python -m benchmarks.speed.single`.

    Attributes:
        circumstances: when it started.
        load_average_after: when it ended.
        imports: module -> cost of importing it.
        stages: per size of pictures.
        load: per size of pictures (as `"12"`), with 1 to N workers in one process.
    """

    circumstances: Circumstances
    load_average_after: tuple[float, float, float]
    imports: dict[str, ImportCost]
    stages: tuple[StageSize, ...]
    load: dict[str, tuple[Load, ...]]


class SpeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The file; each of the two programs replaces its own section."""

    pairs: PairSection | None = None
    single: SingleSection | None = None


def load_report(path: Path) -> SpeedReport:
    """Read the file, or an empty report where there is none."""
    return read_report(path, SpeedReport) or SpeedReport()


def save_report(report: SpeedReport, path: Path) -> None:
    """Write the file, indented, for people and for `git diff`."""
    write_report(report, path)


def median_interval(values: Sequence[float]) -> Interval:
    """Median and the interval between order statistics that holds it with 95 % confidence.

    The number of values below the true median is binomial (n, 1/2), whatever their distribution
    (David and Nagaraja, Order Statistics, 7.1). With fewer than six values no pair of them
    reaches 95 %: then the interval is their range.
    """
    ordered = sorted(values)
    n = len(ordered)
    cumulative = list(accumulate(math.comb(n, k) / 2**n for k in range(n // 2)))
    # How many values may be cut off at either end.
    cut = max(sum(below <= (1 - CONFIDENCE) / 2 for below in cumulative) - 1, 0)
    return Interval(
        median=statistics.median(ordered), lower_95=ordered[cut], upper_95=ordered[-1 - cut], n=n
    )
