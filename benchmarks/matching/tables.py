"""The matcher's tables in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.markdown import NOT_MEASURED, table

if TYPE_CHECKING:
    from benchmarks.machine import Circumstances
    from benchmarks.matching.results import (
        AllPairsSection,
        ApproximateSection,
        ByKeySection,
        ExactSection,
        MatchingReport,
    )
    from benchmarks.speed.results import Interval

__all__ = ["render_matching"]


def render_matching(report: MatchingReport) -> str:
    """All sections that were measured."""
    parts = [
        _by_key(report.by_key) if report.by_key else "",
        _exact(report.exact) if report.exact else "",
        _approximate(report.approximate) if report.approximate else "",
        _all_pairs(report.all_pairs) if report.all_pairs else "",
    ]
    return "\n\n".join(part for part in parts if part) or NOT_MEASURED


def _by_key(section: ByKeySection) -> str:
    rows = [
        [
            f"{row.vectors:,}",
            str(row.dimension),
            row.precision,
            _interval(row.batch_us),
            _interval(row.single_us, 1),
            f"{row.bytes_per_vector:.0f}",
            f"{row.build_s / row.vectors * 1e6:.1f}",
        ]
        for row in section.rows
    ]
    head = ["vectors", "D", "precision", "µs, batch", "µs, alone", "bytes each", "µs to add one"]
    summary = (
        f"1:1 by key, microseconds a comparison, random keys: in batches of {section.batch:,} and "
        f"alone. Peak {section.peak_rss_mb / 1e3:.1f} GB."
    )
    return "\n\n".join([summary, table(head, rows), _where(section.circumstances)])


def _exact(section: ExactSection) -> str:
    rows = [
        [
            row.contender,
            str(row.dimension),
            _interval(row.ms, 1),
            _interval(row.over_float32),
            _interval(row.over_read),
            "" if row.recall_at_1 is None else f"{row.recall_at_1:.4f}",
            "" if row.score_error is None else f"{row.score_error:.1e}",
        ]
        for row in section.rows
    ]
    head = ["1:N exact", "D", "ms", "of faiss float32", "of a read", "recall@1", "score error"]
    summary = (
        f"One probe among {section.vectors:,} uniform directions, all contenders in turns; recall "
        f"over {section.probes:,} probes. Peak {section.peak_rss_mb / 1e3:.1f} GB, with all of "
        "them in memory."
    )
    return "\n\n".join([summary, table(head, rows), _where(section.circumstances)])


def _approximate(section: ApproximateSection) -> str:
    rows = [
        [
            row.gallery,
            row.kind,
            f"{row.recall_target:g}",
            ", ".join(f"{name} {value}" for name, value in row.parameters.items()),
            f"{row.recall_at_1:.4f}",
            _interval(row.ms),
            f"{row.flat_share:.2%}",
            f"{row.build_s:.0f}",
        ]
        for row in section.rows
    ]
    head = ["gallery", "kind", "effort for", "settings", "recall@1", "ms", "of flat", "build s"]
    flat = ", ".join(f"{name} {_interval(ms, 1)}" for name, ms in section.flat_ms.items())
    summary = (
        f"One probe among {section.vectors:,} vectors of {section.dimension} dimensions, two "
        f"captures a person; {section.probes:,} probes. A float32 scan takes, in ms: {flat}."
    )
    return "\n\n".join([summary, table(head, rows), _where(section.circumstances)])


def _all_pairs(section: AllPairsSection) -> str:
    tiles = section.tiles_s.median
    pairs = section.vectors * (section.vectors - 1) // 2
    rows = [
        ["tiles, each pair once", _interval(section.tiles_s), "1", f"{section.tiles_peak_mb:.0f}"],
        [
            "one BLAS product, nothing kept",
            _interval(section.blas_s),
            f"{section.blas_s.median / tiles:.2f}",
            f"{section.blas_peak_mb:.0f}",
        ],
        [
            "Python loop, from a sample",
            f"{section.loop_s:.1f}",
            f"{section.loop_s / tiles:.0f}",
            "",
        ],
    ]
    summary = (
        f"All {pairs:,} pairs of {section.vectors:,} vectors of {section.dimension} dimensions; "
        f"{section.found:,} reach {section.threshold:g}:"
    )
    head = ["all pairs", "s", "of the tiles' time", "peak MB"]
    return "\n\n".join([summary, table(head, rows), _where(section.circumstances)])


def _interval(interval: Interval, digits: int = 2) -> str:
    low, high = (f"{bound:.{digits}f}" for bound in (interval.lower_95, interval.upper_95))
    return f"{interval.median:.{digits}f} [{low}, {high}]"


def _where(measured: Circumstances) -> str:
    """In small print: when, at which commit, on what, and with which libraries."""
    versions = ", ".join(
        f"{name} {measured.versions[name]}"
        for name in ("faiss-cpu", "numpy", "hnswlib", "simsimd")
        if name in measured.versions
    )
    return (
        f"<sub>{measured.measured_at[:10]}, commit {measured.commit}, {measured.cpu}, "
        f"{measured.cores} cores, one thread, load average {measured.load_average[0]:g} at the "
        f"start, {versions}.</sub>"
    )
