"""What `python -m benchmarks.calibration` measured, as JSON and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.calibration.coverage import Coverage  # noqa: TC001 - msgspec reads it
from benchmarks.calibration.guarantee import Guarantee  # noqa: TC001 - msgspec reads it
from benchmarks.calibration.speed import DetCost, Method, ReplicateCost
from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads it when it decodes
from benchmarks.markdown import NOT_MEASURED, circumstances_words, table
from benchmarks.report_files import read_report, write_report

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.operating_points import Rate

__all__ = ["CalibrationReport", "load_calibration", "render_calibration", "save_calibration"]


class CalibrationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured in one run.

    Attributes:
        circumstances: of the run.
        coverage: of each interval.
        guarantee: of the threshold rule.
        det: costs of DET curves.
        replicates: cost of the bootstrap on LFW; None where its pictures were not given.
    """

    circumstances: Circumstances
    coverage: tuple[Coverage, ...]
    guarantee: tuple[Guarantee, ...]
    det: tuple[DetCost, ...]
    replicates: ReplicateCost | None


def load_calibration(path: Path) -> CalibrationReport | None:
    """Read the file, if it is there."""
    return read_report(path, CalibrationReport)


def save_calibration(report: CalibrationReport, path: Path) -> None:
    """Write the file, indented."""
    write_report(report, path)


def render_calibration(report: CalibrationReport | None) -> str:
    """Markdown of all that was measured."""
    if report is None:
        return NOT_MEASURED
    parts = [_coverage(report.coverage), _guarantee(report.guarantee), _det(report.det)]
    if report.replicates is not None:
        parts.append(_replicates(report.replicates))
    return "\n\n".join([*parts, circumstances_words(report.circumstances)])


def _coverage(found: tuple[Coverage, ...]) -> str:
    rows = [
        [
            f"{one.interval}{' (fails here)' if one.naive else ''}",
            one.world,
            f"{one.truth:.3g}",
            _held(one.missed),
            f"{one.bound_too_low.point:.1%}",
        ]
        for one in found
    ]
    summary = (
        f"Intervals over {found[0].missed.trials:,} simulated evaluations each (the slow ones over "
        "fewer), nominal 95 %. *Too good* is how often the whole interval lies below the truth."
    )
    head = ["interval", "evaluated", "true value", "holds the truth [95 %]", "too good"]
    return f"{summary}\n\n{table(head, rows)}"


def _held(missed: Rate) -> str:
    bounds = f"{1 - missed.upper_95:.1%}, {1 - missed.lower_95:.1%}"
    return f"{1 - missed.point:.1%} [{bounds}]"


def _guarantee(found: tuple[Guarantee, ...]) -> str:
    rows = [
        [
            f"{one.target:g}",
            f"{one.subjects}",
            f"{one.leaning:.0%}",
            f"{one.exceeded.point:.1%} [{one.exceeded.lower_95:.1%}, {one.exceeded.upper_95:.1%}]",
            f"{one.exceeded_naive.point:.1%}",
            f"{one.unsupported}",
            f"{one.median_over_target:.2f}",
        ]
        for one in found
    ]
    summary = (
        f"The threshold rule over {found[0].exceeded.trials:,} simulated calibrations each: how "
        "often the true FMR at the threshold chosen exceeds the target, beside the same with "
        "bounds that take pairs as independent."
    )
    head = [
        "target FMR",
        "subjects",
        "variance theirs",
        "exceeds [95 %]",
        "pairs independent",
        "no threshold",
        "true FMR / target, median",
    ]
    return f"{summary}\n\n{table(head, rows)}"


def _det(found: tuple[DetCost, ...]) -> str:
    rows = [
        [
            one.method,
            f"{one.scores:,}",
            f"{one.wall_s:.2f}",
            f"{1e9 * one.wall_s / one.scores:.1f}",
            f"{one.peak_rss_mb:,.0f}",
            f"{one.points:,}",
        ]
        for one in found
    ]
    others = {one.scores: one.wall_s for one in found if one.method is Method.SKLEARN}
    largest = max(others, default=0)
    ours = {one.method: one.wall_s for one in found if one.scores == largest}
    ratio = ""
    if largest:
        streaming, sweep = (others[largest] / ours[m] for m in (Method.STREAMING, Method.SWEEP))
        ratio = (
            f" At {largest:,} scores `roc_curve` takes {streaming:.0f} times as long as streaming "
            f"and {sweep:.1f} times as long as the exact sweep."
        )
    summary = f"A whole DET curve, scores being at hand; each row is a process of its own.{ratio}"
    head = ["method", "scores", "s", "ns a score", "peak MB", "points"]
    return f"{summary}\n\n{table(head, rows)}"


def _replicates(found: ReplicateCost) -> str:
    return (
        f"{found.replicates:,} replicates of the two-way bootstrap over all pairs of LFW "
        f"({found.pictures:,} pictures of {found.subjects:,} people, {found.mated_pairs:,} mated "
        f"and {found.non_mated_pairs:,} non-mated pairs, {found.thresholds} thresholds from "
        f"{found.lowest_threshold:.3f}, above which {found.tail_pairs:,} non-mated pairs lie) take "
        f"{found.replicate_s:.1f} s, after {found.compare_s:.1f} s for comparing; the process "
        f"peaks at {found.peak_rss_mb:,.0f} MB."
    )
