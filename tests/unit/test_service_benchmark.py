"""The benchmark of the service counts what a server answers, and tells it in a table."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading

import pytest

from benchmarks.service.results import (
    LatencySection,
    OverloadSection,
    PartsReport,
    RivalSection,
    ServiceReport,
    SoakSection,
    ThroughputSection,
)
from benchmarks.service.tables import render_parts, render_service
from benchmarks.service.traffic import arriving, waiting
from tests.benchmark_records import CIRCUMSTANCES

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
SECONDS = 0.3


@pytest.fixture
def port():
    """A server that answers every third request with 503, and closes after it."""
    serial, bound = itertools.count(1), queue.SimpleQueue()

    async def answer(reader, writer):
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readexactly(len(REQUEST)):
                refused = next(serial) % 3 == 0
                status = "503 Busy\r\nConnection: close" if refused else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
                if refused:
                    break

    async def serve():
        stopping = asyncio.Event()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            bound.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stopping))
            await stopping.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    number, loop, stopping = bound.get(timeout=10)
    yield number
    loop.call_soon_threadsafe(stopping.set)
    thread.join()


@pytest.mark.parametrize(
    "send",
    [
        lambda port: waiting(port, itertools.repeat(REQUEST), callers=3, seconds=SECONDS),
        lambda port: arriving(port, itertools.repeat(REQUEST), per_s=200, seconds=SECONDS),
    ],
    ids=["waiting", "arriving"],
)
def test_every_answer_is_counted(send, port):
    """By status; only good ones have a latency, and a closed connection is opened anew."""
    traffic = send(port)
    assert set(traffic.statuses) == {"200", "503"}
    total = sum(traffic.statuses.values())
    assert traffic.statuses["503"] == total // 3
    assert traffic.answered == traffic.statuses["200"]
    assert 0 < traffic.percentile_ms(0.5) <= traffic.percentile_ms(0.99)
    assert traffic.per_s == pytest.approx(traffic.answered / traffic.seconds)


def test_no_answer_is_counted_too():
    """As failed."""
    with_nobody = 1
    traffic = arriving(with_nobody, itertools.repeat(REQUEST), per_s=50, seconds=SECONDS)
    assert set(traffic.statuses) == {"failed"}
    assert not traffic.answered


def test_the_table_says_what_was_measured():
    """Medians, spans and shares, of what there is."""
    report = ServiceReport(
        circumstances=CIRCUMSTANCES,
        throughput=ThroughputSection(
            callers=8,
            rounds=3,
            requests=1200,
            engine_per_s=[20.0, 25.0, 40.0],
            service_per_s=[18.0, 20.0, 36.0],
            service_cpu_ms=50.0,
            engine_cpu_ms=45.0,
            caller_cpu_ms=1.0,
        ),
        latency=LatencySection(
            share_of_capacity=0.7,
            requests=900,
            statuses={"200": 900},
            p50_ms=100.0,
            p95_ms=200.0,
            p99_ms=250.0,
            ideal_p99_to_p50=3.6,
        ),
        overload=OverloadSection(
            times_capacity=5.0,
            statuses={"200": 300, "503": 1200},
            answered_per_s=19.0,
            memory_before_mb=400.0,
            memory_highest_mb=420.0,
            recovery_s=0.5,
        ),
        rival=RivalSection(
            callers=8,
            ours=[20.0, 22.0],
            ours_pack="reference",
            rival=[7.0, 7.0],
            rival_one_thread=[10.5, 10.5],
        ),
        soak=SoakSection(
            minutes=30.0,
            requests=18000,
            statuses={"200": 18000},
            memory_mb=[400.0, 401.0, 402.0],
            p50_ms=(60.0, 61.0),
        ),
    )
    words = render_service(report)
    for expected in (
        "20.0 (18.0 to 36.0)",
        "90% (80% to 90%)",
        "91% (81% to 92%)",
        "2.5 times the median; of an ideal queue 3.6 times",
        "300 x 200, 1,200 x 503",
        "3.00 times",
        "2.00 times",
        "400 MB, 402 MB",
        "18,000 x 200",
    ):
        assert expected in words


def test_the_parts_are_listed():
    """In their order, with what is left beside the engine."""
    report = PartsReport(
        circumstances=CIRCUMSTANCES,
        requests=300,
        whole_cpu_ms=55.9,
        engine_cpu_ms=46.3,
        beside_the_engine_cpu_ms=9.6,
        parts_cpu_ms={"engine: embed": 24.619, "sign": 0.164},
    )
    words = render_parts(report)
    assert words.index("24.62") < words.index("0.16") < words.index("55.9") < words.index("9.6")


def test_nothing_was_measured():
    """Is said."""
    assert render_parts(None)
    assert render_service(None)
