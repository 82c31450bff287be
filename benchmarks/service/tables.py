"""What was measured of the service, as tables."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.markdown import NOT_MEASURED, circumstances_words, table

if TYPE_CHECKING:
    from benchmarks.service.results import (
        LatencySection,
        OverloadSection,
        PartsReport,
        RivalSection,
        ServiceReport,
        SoakSection,
        ThroughputSection,
    )

__all__ = ["render_parts", "render_service"]


def render_service(report: ServiceReport | None) -> str:
    """All sections that were measured."""
    if report is None:
        return NOT_MEASURED
    rows: list[tuple[str, str]] = []
    if report.throughput is not None:
        rows += _throughput(report.throughput, report.circumstances.cores)
    if report.latency is not None:
        rows += _latency(report.latency)
    if report.overload is not None:
        rows += _overload(report.overload)
    if report.soak is not None:
        rows += _soak(report.soak)
    if report.rival is not None:
        rows += _rival(report.rival)
    words = table(["what", "measured"], rows)
    return f"{words}\n\n{circumstances_words(report.circumstances)}"


def render_parts(report: PartsReport | None) -> str:
    """All parts, in the order of a request."""
    if report is None:
        return NOT_MEASURED
    rows = [(part, f"{ms:.2f}") for part, ms in report.parts_cpu_ms.items()]
    rows.append(("all of it", f"{report.whole_cpu_ms:.1f}"))
    rows.append(("all but the engine", f"{report.beside_the_engine_cpu_ms:.1f}"))
    words = table([f"part (n = {report.requests:,})", "CPU ms a verification"], rows)
    return f"{words}\n\n{circumstances_words(report.circumstances)}"


def _throughput(section: ThroughputSection, cores: int) -> list[tuple[str, str]]:
    engine, service = (statistics.median(r) for r in (section.engine_per_s, section.service_per_s))
    ratios = [s / e for s, e in zip(section.service_per_s, section.engine_per_s, strict=True)]
    left = [1 - each * section.caller_cpu_ms / (1e3 * cores) for each in section.service_per_s]
    apart = [ratio / share for ratio, share in zip(ratios, left, strict=True)]
    return [
        (
            (
                f"verifications a second, {section.callers} callers who wait, median of "
                f"{section.rounds} rounds (n = {section.requests:,})"
            ),
            f"{service:.1f} ({_span(section.service_per_s)})",
        ),
        (
            "the engine alone on the same cores, taking turns with it",
            f"{engine:.1f} ({_span(section.engine_per_s)})",
        ),
        (
            "the service's share of the engine's figure, round by round",
            f"{statistics.median(ratios):.0%} ({min(ratios):.0%} to {max(ratios):.0%})",
        ),
        (
            "the same of the cores' time that the callers left it",
            f"{statistics.median(apart):.0%} ({min(apart):.0%} to {max(apart):.0%})",
        ),
        (
            "CPU a verification: service, engine alone, sending the request",
            (
                f"{section.service_cpu_ms:.1f} ms, {section.engine_cpu_ms:.1f} ms, "
                f"{section.caller_cpu_ms:.1f} ms"
            ),
        ),
    ]


def _latency(section: LatencySection) -> list[tuple[str, str]]:
    return [
        (
            (
                f"latency at {section.share_of_capacity:.0%} of that, random arrivals "
                f"(n = {section.requests:,}): median, 95 %, 99 %"
            ),
            (
                f"{section.p50_ms:.0f} ms, {section.p95_ms:.0f} ms, {section.p99_ms:.0f} ms "
                f"(99 % is {section.p99_ms / section.p50_ms:.1f} times the median; of an ideal "
                f"queue {section.ideal_p99_to_p50:.1f} times)"
            ),
        ),
        ("answers meanwhile", _counts(section.statuses)),
    ]


def _overload(section: OverloadSection) -> list[tuple[str, str]]:
    return [
        (
            f"{section.times_capacity:.0f} times as many requests as can be answered",
            f"{_counts(section.statuses)}; {section.answered_per_s:.1f} answered a second",
        ),
        (
            "memory of the server before, and at most meanwhile",
            f"{section.memory_before_mb:.0f} MB, {section.memory_highest_mb:.0f} MB",
        ),
        (
            "until an answer comes within twice the usual time again",
            f"{section.recovery_s:.2f} s",
        ),
    ]


def _soak(section: SoakSection) -> list[tuple[str, str]]:
    fifth = max(1, len(section.memory_mb) // 5)
    first, last = (
        statistics.median(part) for part in (section.memory_mb[:fifth], section.memory_mb[-fifth:])
    )
    return [
        (
            f"{section.minutes:.0f} minutes at work (n = {section.requests:,})",
            _counts(section.statuses),
        ),
        (
            "memory of the server, median of the first and of the last fifth of the time; most",
            f"{first:.0f} MB, {last:.0f} MB; {max(section.memory_mb):.0f} MB",
        ),
        (
            "median latency of the first and of the last tenth",
            f"{section.p50_ms[0]:.0f} ms, {section.p50_ms[1]:.0f} ms",
        ),
    ]


def _rival(section: RivalSection) -> list[tuple[str, str]]:
    ours = statistics.median(section.ours)
    rows = [
        (
            (
                f"comparisons of two pictures a second, pack `{section.ours_pack}`, "
                f"{section.callers} callers who wait"
            ),
            f"{ours:.1f} ({_span(section.ours)})",
        )
    ]
    for words, rounds in (
        ("threads as they come", section.rival),
        ("one thread a network", section.rival_one_thread),
    ):
        theirs = statistics.median(rounds)
        rows.append(
            (
                f"FastAPI with insightface, {words}, taking turns with it",
                f"{theirs:.1f} ({_span(rounds)}); ours is {ours / theirs:.2f} times that",
            )
        )
    return rows


def _span(rounds: list[float]) -> str:
    return f"{min(rounds):.1f} to {max(rounds):.1f}"


def _counts(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count:,} x {status}" for status, count in sorted(statuses.items()))
