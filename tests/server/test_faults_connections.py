"""Connections that send nothing, or not enough: they are closed, and nobody else waits for them."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.fault_fixtures import Site, verification

IDLE = 10_000
_SPARE = 200
_HEAD_S = 1.0
_SLACK_S = 3.0


def connected(site: Site) -> socket.socket:
    """A connection to the server."""
    return socket.create_connection(("127.0.0.1", site.settings.http.port), timeout=30)


def closed_after_s(connection: socket.socket) -> float:
    """How long it took until the server closed."""
    began = time.monotonic()
    while connection.recv(4096):
        pass
    return time.monotonic() - began


@pytest.fixture
def impatient(tmp_path, registry_folder) -> Site:
    """A server that waits a second for the head of a request."""
    url = f"sqlite:///{tmp_path / 'server.db'}"
    return Site.make(tmp_path, url, registry_folder, head_s=_HEAD_S, keep_alive_s=_HEAD_S)


@pytest.mark.slow
class TestSlowConnections:
    def test_are_closed_in_time(self, impatient):
        """One that sends nothing, one that trickles, one that was answered and says no more."""
        with impatient.running(), ExitStack() as stack:
            silent, trickling, done = (stack.enter_context(connected(impatient)) for _ in range(3))
            done.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            began = time.monotonic()
            trickling.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n")
            trickling.settimeout(0.1)
            while time.monotonic() - began < _HEAD_S + _SLACK_S:
                try:
                    trickling.sendall(b"A: b\r\n")
                    if trickling.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
            assert time.monotonic() - began < _HEAD_S + _SLACK_S
            for connection in (silent, done):
                assert closed_after_s(connection) < _HEAD_S + _SLACK_S

    def test_half_of_them_closed_are_answered_or_let_go(self, impatient):
        """A caller who shuts its sending half down in the middle of a body holds nothing up."""
        with impatient.running(), impatient.client() as client:
            with connected(impatient) as half:
                half.sendall(
                    b"POST /v1/face-verifications HTTP/1.1\r\nHost: x\r\n"
                    b"Authorization: Bearer " + impatient.api_key.encode() + b"\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
                )
                half.shutdown(socket.SHUT_WR)
                assert closed_after_s(half) < impatient.settings.engine.deadline_s + _SLACK_S
            assert client.send(verification()[1]).transaction_id


@pytest.mark.slow
def test_ten_thousand_idle_connections(tmp_path, registry_folder):
    """They cost memory and nothing else: a call beside them is answered."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + _SPARE:
        pytest.skip(f"needs {IDLE + _SPARE} open files, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    url = f"sqlite:///{tmp_path / 'server.db'}"
    site = Site.make(tmp_path, url, registry_folder, head_s=120.0)
    with site.running() as process, ExitStack() as stack, site.client() as client:
        client.send(verification()[1])
        before = _resident_mb(process.pid)
        idle = [stack.enter_context(connected(site)) for _ in range(IDLE)]
        answers = [client.send(verification()[1]).transaction_id for _ in range(10)]
        assert len(set(answers)) == 10
        # About 15 KB each, of buffers and protocol objects; a thread each would be far more.
        assert _resident_mb(process.pid) - before < 400
        assert all(_is_open(connection) for connection in idle[:: IDLE // 10])


def _resident_mb(process: int) -> float:
    (line,) = [
        line
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    ]
    return int(line.split()[1]) / 1024


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
