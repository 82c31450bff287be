"""Sends requests over sockets and notes what becomes of them.

Written on asyncio's streams: a client library would use a core of the two by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

__all__ = ["Traffic", "arriving", "waiting"]

_NO_ANSWER = "failed"
_TIMEOUT_S = 60.0


@dataclass
class Traffic:
    """What became of requests.

    Attributes:
        statuses: how many had each.
        latencies_ms: of those with status 200, in the order of their answers.
        seconds: from the first request to the last answer.
        cpu_s: that sending them took.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_s: float = 0.0

    @property
    def answered(self) -> int:
        """With status 200."""
        return len(self.latencies_ms)

    @property
    def per_s(self) -> float:
        """Answers of status 200 a second."""
        return self.answered / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Of the latencies."""
        return float(np.quantile(self.latencies_ms, share))


class Caller:
    """One connection, kept alive."""

    def __init__(self, port: int, traffic: Traffic) -> None:
        self._port = port
        self._traffic = traffic
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> None:
        """One request; whatever happens to it is noted."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status = await self._exchange(request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = _NO_ANSWER
            self.close()
        self._traffic.statuses[status] += 1
        if status == "200":
            self._traffic.latencies_ms.append(1e3 * (time.perf_counter() - began))

    def close(self) -> None:
        """Give the connection up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> str:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # it was idle for so long that the server gave it up
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
        await reader.readexactly(int(length.partition(":")[2]))
        if "connection: close" in head:
            self.close()
        return head.split(" ", 2)[1]


def waiting(port: int, requests: Iterator[bytes], *, callers: int, seconds: float) -> Traffic:
    """A closed loop: each caller sends the next request when it has its answer."""
    traffic = Traffic()

    async def call(end: float) -> None:
        caller = Caller(port, traffic)
        while time.perf_counter() < end:
            await caller.send(next(requests))
        caller.close()

    async def all_of_them() -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(call(end) for _ in range(callers)))

    return _timed(all_of_them, traffic)


def arriving(port: int, requests: Iterator[bytes], *, per_s: float, seconds: float) -> Traffic:
    """An open loop: requests arrive at random moments, whatever becomes of those before.

    Connections are used again when their answer is there, as a proxy does.
    """
    traffic = Traffic()
    gaps = np.random.default_rng(1).exponential(1 / per_s, int(per_s * seconds) + 1)
    moments = [moment for moment in itertools.accumulate(gaps.tolist()) if moment < seconds]

    async def all_of_them() -> None:
        began, idle = time.perf_counter(), list[Caller]()
        running = set[asyncio.Task[None]]()

        async def send(request: bytes) -> None:
            caller = idle.pop() if idle else Caller(port, traffic)
            await caller.send(request)
            idle.append(caller)

        for moment in moments:
            await asyncio.sleep(max(0.0, began + moment - time.perf_counter()))
            task = asyncio.ensure_future(send(next(requests)))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        for caller in idle:
            caller.close()

    return _timed(all_of_them, traffic)


def _timed(send: Callable[[], Coroutine[None, None, None]], traffic: Traffic) -> Traffic:
    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(send())
    traffic.seconds = time.perf_counter() - began
    traffic.cpu_s = time.process_time() - cpu
    return traffic
