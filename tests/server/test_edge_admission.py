"""What there is no room or time for is turned away before its body is in memory."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest

from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.limits.settings import LimitsSettings
from fvs_server.settings import EngineSettings
from fvs_server.wiring import open_services
from tests.server.identity_fixtures import bearer, served
from tests.server.light_engine import picture

PATH = "/v1/face-comparisons"
HELD_S = 0.3


def body(takes_s: float = 0.0) -> dict[str, str]:
    """A request whose pictures take a while."""
    selfie, card = (
        base64.b64encode(picture(5, takes_s=takes_s)).decode() for _ in ("selfie", "card")
    )
    return {
        "selfie": selfie,
        "card": card,
        "purpose": "p",
        "consent_reference": "c",
        "assurance_level": "ial2.2",
    }


@pytest.fixture
def small_server(server_settings, server_secrets, light_engine):
    """One that works on one request of two pictures, and lets one more picture wait."""
    settings = msgspec.structs.replace(
        server_settings,
        engine=EngineSettings(workers=2, queue=1, deadline_s=2.0),
        limits=LimitsSettings(rate_per_s=1e6, burst=10**6, concurrency=1000),
    )
    with (
        open_services(settings, server_secrets, engine=light_engine) as services,
        served(create_app(services)) as port,
    ):
        yield services, port, bearer(services, Scope.COMPARE)


class TestAdmission:
    def test_too_many_at_once_are_told_to_come_back(self, small_server):
        """Answers are 200 or 503 with Retry-After, and the next one alone is served."""
        services, port, headers = small_server

        def send(_number: int) -> httpx.Response:
            return httpx.post(
                f"http://127.0.0.1:{port}{PATH}",
                json=body(HELD_S),
                headers=headers,
                timeout=30,
                trust_env=False,
            )

        with ThreadPoolExecutor(12) as callers:
            answers = list(callers.map(send, range(12)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert answer.json()["code"] == "overloaded"
                assert int(answer.headers["retry-after"]) >= 1
        assert send(0).status_code == 200
        assert services.gate.inside == 0
        assert services.extractor.pool.depth == 0

    def test_a_body_that_does_not_come_is_given_up(self, small_server):
        """The deadline holds from the head of a request on, so nobody can hold a place for long."""
        services, port, headers = small_server
        began = time.monotonic()
        answer = half_a_request(port, headers)
        assert b" 503 " in answer.split(b"\r\n")[0]
        assert b"deadline_exceeded" in answer
        assert b"retry-after: 1\r\n" in answer
        assert b"The body did not come in time. Try again in 1 s." in answer
        assert time.monotonic() - began < 10
        wait_until(lambda: services.gate.inside == 0)

    def test_work_that_takes_too_long_is_given_up(self, small_server):
        """At the deadline the caller is told; nothing of it is kept."""
        services, port, headers = small_server
        answer = httpx.post(
            f"http://127.0.0.1:{port}{PATH}",
            json=body(takes_s=3.0),
            headers=headers,
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 503
        assert answer.json()["code"] == "deadline_exceeded"
        assert services.extractor.pool.drain(30)

    def test_a_body_beyond_the_limit_is_not_read(self, small_server):
        """Content-Length alone is enough to refuse it."""
        _, port, headers = small_server
        head = request_head(headers, length=10**12)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(head)
            assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


def request_head(headers: dict[str, str], length: int) -> bytes:
    """The head of a request with a body of that length."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def half_a_request(port: int, headers: dict[str, str]) -> bytes:
    """What is answered to a head and half of a body."""
    content = json.dumps(body()).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request_head(headers, len(content)) + content[: len(content) // 2])
        received = b""
        while b"\r\n\r\n" not in received or b"}" not in received:
            piece = connection.recv(4096)
            if not piece:
                break
            received += piece
    return received


def wait_until(holds, within_s: float = 10.0) -> None:
    """Wait for something that another thread is about to do."""
    end = time.monotonic() + within_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end
        pause.wait(0.01)
