"""What is measured of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads the annotations
from benchmarks.report_files import read_report

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "LatencySection",
    "OverloadSection",
    "PartsReport",
    "RivalSection",
    "ServiceReport",
    "SoakSection",
    "ThroughputSection",
    "load_parts",
    "load_service",
]


class ThroughputSection(msgspec.Struct, frozen=True, kw_only=True):
    """The service against the engine alone, which takes turns with it; a closed loop of callers.

    Attributes:
        callers: that wait for one answer each.
        rounds: turns of each.
        requests: that were answered in all rounds.
        engine_per_s: verifications of the engine in this process, a round each.
        service_per_s: answers of the service, a round each.
        service_cpu_ms: that the server used a request.
        engine_cpu_ms: that the engine alone used a verification.
        caller_cpu_ms: that the load generator used a request.
    """

    callers: int
    rounds: int
    requests: int
    engine_per_s: list[float]
    service_per_s: list[float]
    service_cpu_ms: float
    engine_cpu_ms: float
    caller_cpu_ms: float


class LatencySection(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that arrive at random moments (Poisson), at a share of what was answered at most.

    Attributes:
        share_of_capacity: of the service's throughput.
        requests: that were answered.
        statuses: how many had each.
        p50_ms: half were answered within it.
        p95_ms: 95 % were.
        p99_ms: 99 % were.
        ideal_p99_to_p50: what the last is to the first where as many servers as there are cores
            each take the same time for every request and waste none between two.
    """

    share_of_capacity: float
    requests: int
    statuses: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    ideal_p99_to_p50: float


class OverloadSection(msgspec.Struct, frozen=True, kw_only=True):
    """Several times as many requests as can be answered.

    Attributes:
        times_capacity: how many times.
        statuses: how many had each; `failed` got no answer at all.
        answered_per_s: answers of status 200 a second meanwhile.
        memory_before_mb: of the server's processes, without what they share.
        memory_highest_mb: likewise, meanwhile.
        recovery_s: from the end of the overload until a request is answered within twice the
            median of the time before.
    """

    times_capacity: float
    statuses: dict[str, int]
    answered_per_s: float
    memory_before_mb: float
    memory_highest_mb: float
    recovery_s: float


class RivalSection(msgspec.Struct, frozen=True, kw_only=True):
    """Comparisons of two pictures a second, the services taking turns.

    Attributes:
        callers: that wait for one answer each.
        ours: a round each, pack of the server in `ours_pack`.
        ours_pack: pack.
        rival: FastAPI with insightface as its users write it, threads as they come.
        rival_one_thread: the same with one thread a network.
    """

    callers: int
    ours: list[float]
    ours_pack: str
    rival: list[float]
    rival_one_thread: list[float]


class SoakSection(msgspec.Struct, frozen=True, kw_only=True):
    """Half of what can be answered, for long.

    Attributes:
        minutes: it took.
        requests: that were answered.
        statuses: how many had each.
        memory_mb: of the server's processes, without what they share; a sample a minute.
        p50_ms: of the first and of the last tenth of the time.
    """

    minutes: float
    requests: int
    statuses: dict[str, int]
    memory_mb: list[float]
    p50_ms: tuple[float, float]


class ServiceReport(msgspec.Struct, frozen=True, kw_only=True):
    """All sections; those that were not measured are missing."""

    circumstances: Circumstances
    throughput: ThroughputSection | None = None
    latency: LatencySection | None = None
    overload: OverloadSection | None = None
    rival: RivalSection | None = None
    soak: SoakSection | None = None


class PartsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        circumstances: of the measurement.
        requests: that were timed.
        whole_cpu_ms: of the process, a request.
        engine_cpu_ms: of the parts that the engine would do without a service.
        beside_the_engine_cpu_ms: the rest.
        parts_cpu_ms: by part; the last is what no part holds: HTTP, and the hand-over of threads.
    """

    circumstances: Circumstances
    requests: int
    whole_cpu_ms: float
    engine_cpu_ms: float
    beside_the_engine_cpu_ms: float
    parts_cpu_ms: dict[str, float]


def load_service(path: Path) -> ServiceReport | None:
    """The report, if there is one."""
    return read_report(path, ServiceReport)


def load_parts(path: Path) -> PartsReport | None:
    """The report of the parts, if there is one."""
    return read_report(path, PartsReport)
