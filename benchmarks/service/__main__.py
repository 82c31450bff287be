"""Measures the service over HTTP, and writes docs/explanation/service.md's tables.

    python -m benchmarks.service measure            # five minutes; --quick: one, to see it work
    python -m benchmarks.service soak --minutes 30
    python -m benchmarks.render                     # the document, from the file

Everything runs on this machine: the callers' CPU is measured apart and competes with the server's.
"""

from __future__ import annotations

import itertools
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer

from benchmarks.machine import REPOSITORY, describe_circumstances
from benchmarks.report_files import write_report
from benchmarks.service.queueing import ideal_p99_to_p50
from benchmarks.service.results import (
    LatencySection,
    OverloadSection,
    RivalSection,
    ServiceReport,
    SoakSection,
    ThroughputSection,
    load_service,
)
from benchmarks.service.servers import (
    Measured,
    Pair,
    our_service,
    pair,
    rival_service,
    rival_unavailable,
)
from benchmarks.service.traffic import arriving, waiting
from fvs.bulk.engines import available_cores
from fvs.deployment.certificates import open_policy
from fvs.deployment.packs import DEFAULT_PACK, MODELS_VARIABLE, open_engine, open_pack
from fvs.engine import EngineSettings
from fvs.status import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service.traffic import Traffic

RESULTS = REPOSITORY / "benchmarks" / "results" / "service.json"
SHARED_WEIGHTS = Path(os.environ.get("FVS_SHARED") or REPOSITORY.parent / "shared") / "models"

CALLERS = 8
PEOPLE = 8000
SOAK_PEOPLE = 60_000
SHARE_OF_CAPACITY = 0.7
TIMES_CAPACITY = 5.0
RIVAL_PACK = "reference"
_PROBES_EVERY_S = 0.05

app = typer.Typer(no_args_is_help=True, help=__doc__)

JsonFile = Annotated[Path, typer.Option(help="The report.")]


class Sizes(NamedTuple):
    """How much to measure."""

    rounds: int = 4
    round_s: float = 10.0
    latency_s: float = 60.0
    overload_s: float = 20.0
    rival_rounds: int = 4


QUICK = Sizes(rounds=2, round_s=4.0, latency_s=8.0, overload_s=6.0, rival_rounds=2)


@app.command()
def measure(
    *,
    out: JsonFile = RESULTS,
    quick: Annotated[bool, typer.Option("--quick", help="A minute, to see it work.")] = False,
    weights: Annotated[Path, typer.Option(help="Folder of the rival's weights.")] = SHARED_WEIGHTS,
) -> None:
    """Throughput, latency, overload, and beside FastAPI with insightface."""
    sizes, pictures = QUICK if quick else Sizes(), pair()
    before = load_service(out)
    report = ServiceReport(
        circumstances=describe_circumstances(), soak=before.soak if before else None
    )
    with our_service(pictures, DEFAULT_PACK, PEOPLE) as server:
        waiting(server.port, server.verifications, callers=CALLERS, seconds=3.0)  # warm
        throughput = _throughput(server, pictures, sizes)
        report = msgspec.structs.replace(report, throughput=throughput)
        write_report(report, out)
        capacity = statistics.median(throughput.service_per_s)
        report = msgspec.structs.replace(report, latency=_latency(server, capacity, sizes))
        report = msgspec.structs.replace(report, overload=_overload(server, capacity, sizes))
        write_report(report, out)
    reason = rival_unavailable(weights)
    if reason:
        print(f"the rival was not measured: {reason}")
    else:
        report = msgspec.structs.replace(report, rival=_rival(pictures, weights, sizes))
    write_report(report, out)
    print(msgspec.json.format(msgspec.json.encode(report)).decode())


@app.command()
def soak(
    *,
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long.")] = 30.0,
    per_s: Annotated[float, typer.Option(min=0.1, help="Requests that arrive.")] = 10.0,
    out: JsonFile = RESULTS,
) -> None:
    """Keep the service at work, and watch its memory."""
    with our_service(pair(), DEFAULT_PACK, SOAK_PEOPLE) as server:
        waiting(server.port, server.verifications, callers=CALLERS, seconds=10.0)  # warm
        with _sampled_memory(server, every_s=60.0) as memory_mb:
            traffic = arriving(
                server.port, server.verifications, per_s=per_s, seconds=60.0 * minutes
            )
    tenth = max(1, traffic.answered // 10)
    section = SoakSection(
        minutes=minutes,
        requests=traffic.answered,
        statuses=dict(traffic.statuses),
        memory_mb=[round(mb, 1) for mb in memory_mb],
        p50_ms=(
            statistics.median(traffic.latencies_ms[:tenth]),
            statistics.median(traffic.latencies_ms[-tenth:]),
        ),
    )
    report = load_service(out) or ServiceReport(circumstances=describe_circumstances())
    write_report(msgspec.structs.replace(report, soak=section), out)
    print(msgspec.json.format(msgspec.json.encode(section)).decode())


def _throughput(server: Measured, pictures: Pair, sizes: Sizes) -> ThroughputSection:
    engine_rounds: list[tuple[float, float]] = []
    service_rounds: list[Traffic] = []
    service_cpu_s = 0.0
    for _ in range(sizes.rounds):
        engine_rounds.append(_engine_round(pictures, sizes.round_s))
        before = server.cpu_s
        traffic = waiting(server.port, server.verifications, callers=CALLERS, seconds=sizes.round_s)
        service_cpu_s += server.cpu_s - before
        service_rounds.append(traffic)
    requests = sum(traffic.answered for traffic in service_rounds)
    return ThroughputSection(
        callers=CALLERS,
        rounds=sizes.rounds,
        requests=requests,
        engine_per_s=[round(per_s, 2) for per_s, _ in engine_rounds],
        service_per_s=[round(traffic.per_s, 2) for traffic in service_rounds],
        service_cpu_ms=1e3 * service_cpu_s / requests,
        engine_cpu_ms=statistics.median(cpu_ms for _, cpu_ms in engine_rounds),
        caller_cpu_ms=1e3 * sum(t.cpu_s for t in service_rounds) / requests,
    )


def _engine_round(pictures: Pair, seconds: float) -> tuple[float, float]:
    """Verifications a second of the engine alone on every core, and the CPU of each in ms."""
    pack = open_pack(DEFAULT_PACK)
    engine = open_engine(pack, EngineSettings(workers=1))
    policy = open_policy(pack, 1e-4)
    card = engine.extract([pictures.card_jpeg], Role.CARD)
    end = time.perf_counter() + seconds

    def work(_worker: int) -> int:
        for done in itertools.count():
            if time.perf_counter() >= end:
                return done
            selfie = engine.extract_here([pictures.selfie_jpeg], Role.SELFIE)
            engine.compare(selfie, card, policy)
        raise AssertionError

    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(available_cores()) as pool:
        done = sum(pool.map(work, range(available_cores())))
    return done / (time.perf_counter() - began), 1e3 * (time.process_time() - cpu) / done


def _latency(server: Measured, capacity: float, sizes: Sizes) -> LatencySection:
    traffic = arriving(
        server.port,
        server.verifications,
        per_s=SHARE_OF_CAPACITY * capacity,
        seconds=sizes.latency_s,
    )
    return LatencySection(
        share_of_capacity=SHARE_OF_CAPACITY,
        requests=traffic.answered,
        statuses=dict(traffic.statuses),
        p50_ms=traffic.percentile_ms(0.5),
        p95_ms=traffic.percentile_ms(0.95),
        p99_ms=traffic.percentile_ms(0.99),
        ideal_p99_to_p50=ideal_p99_to_p50(SHARE_OF_CAPACITY, available_cores()),
    )


def _overload(server: Measured, capacity: float, sizes: Sizes) -> OverloadSection:
    usual = waiting(server.port, server.verifications, callers=1, seconds=5.0).percentile_ms(0.5)
    before = server.memory_mb
    with _sampled_memory(server, every_s=0.2) as memory_mb:
        traffic = arriving(
            server.port,
            server.verifications,
            per_s=TIMES_CAPACITY * capacity,
            seconds=sizes.overload_s,
        )
    return OverloadSection(
        times_capacity=TIMES_CAPACITY,
        statuses=dict(traffic.statuses),
        answered_per_s=traffic.per_s,
        memory_before_mb=before,
        memory_highest_mb=max(memory_mb),
        recovery_s=_recovery_s(server, 2 * usual),
    )


def _recovery_s(server: Measured, within_ms: float) -> float:
    began = time.perf_counter()
    while True:
        probe = waiting(server.port, server.verifications, callers=1, seconds=_PROBES_EVERY_S)
        if probe.answered and min(probe.latencies_ms) <= within_ms:
            return time.perf_counter() - began


def _rival(pictures: Pair, weights: Path, sizes: Sizes) -> RivalSection:
    """The services take turns; each is there while the others wait."""
    os.environ.setdefault(MODELS_VARIABLE, str(weights))
    rounds: dict[str, list[float]] = {"ours": [], "rival": [], "rival_one_thread": []}
    with (
        our_service(pictures, RIVAL_PACK, 1) as ours,
        rival_service(pictures, weights, one_thread=False) as rival,
        rival_service(pictures, weights, one_thread=True) as one_thread,
    ):
        servers = {"ours": ours, "rival": rival, "rival_one_thread": one_thread}
        for server in servers.values():
            waiting(server.port, server.comparisons, callers=CALLERS, seconds=2.0)  # warm
        for _ in range(sizes.rival_rounds):
            for name, server in servers.items():
                traffic = waiting(
                    server.port, server.comparisons, callers=CALLERS, seconds=sizes.round_s
                )
                rounds[name].append(round(traffic.per_s, 2))
    return RivalSection(callers=CALLERS, ours_pack=RIVAL_PACK, **rounds)


@contextmanager
def _sampled_memory(server: Measured, *, every_s: float) -> Iterator[list[float]]:
    """Samples of a server's memory, in MB, while the block runs."""
    samples, stopping = [server.memory_mb], threading.Event()

    def sample() -> None:
        while not stopping.wait(every_s):
            samples.append(server.memory_mb)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        stopping.set()
        thread.join()


if __name__ == "__main__":
    app()
