"""On a real socket: bodies without end, and requests that two readers would read differently."""

from __future__ import annotations

import re
import socket
import time

import msgspec
import psutil
import pytest
from litestar import Request, post

from fvs_server.app import create_app
from fvs_server.identity.principal import Scope
from fvs_server.settings import HttpSettings
from fvs_server.wiring import open_services
from tests.server.identity_fixtures import issue, served

MOST_BYTES = 1 << 20
ANSWER_WITHIN_S = 10.0
SILENCE_S = 0.3
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@post("/v1/things", opt={"scope": Scope.VERIFY}, status_code=200)
async def make_thing(request: Request) -> dict[str, int]:
    """Read all of the body."""
    return {"bytes": len(await request.body())}


@pytest.fixture
def port(server_settings, server_secrets, light_engine, monkeypatch):
    """A server on the loopback whose bodies are at most a megabyte."""
    monkeypatch.setattr("fvs_server.app.ROUTES", (make_thing,))
    settings = msgspec.structs.replace(
        server_settings, http=HttpSettings(max_body_bytes=MOST_BYTES)
    )
    with (
        open_services(settings, server_secrets, engine=light_engine) as opened,
        served(create_app(opened)) as found,
    ):
        yield found


@pytest.fixture
def key(services) -> bytes:
    """A field with a good key."""
    return b"Authorization: Bearer " + issue(services, Scope.VERIFY).text.reveal().encode()


def request(*fields: bytes, line: bytes = b"POST /v1/things HTTP/1.1") -> bytes:
    """The head of a request."""
    return b"\r\n".join([line, b"Host: localhost", *fields, b"", b""])


def exchanged(port: int, *parts: bytes) -> bytes:
    """All that comes back until the server closes, or is silent for a while."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before all was sent
        connection.settimeout(SILENCE_S)
        try:
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
    return received


def statuses(received: bytes) -> list[int]:
    """Of all answers that came back."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


class TestBodies:
    def test_a_stranger_is_refused_before_the_body(self, port):
        """However much is announced, nothing of it is waited for."""
        started = time.monotonic()
        for announced in (b"Content-Length: 99999999999", b"Transfer-Encoding: chunked"):
            with socket.create_connection(("127.0.0.1", port), ANSWER_WITHIN_S) as connection:
                connection.sendall(request(announced))
                assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        assert time.monotonic() - started < ANSWER_WITHIN_S

    def test_a_body_too_large(self, port, key):
        """One that is announced is 413 unread; the largest allowed is taken."""
        large = b"Content-Length: %d" % (MOST_BYTES + 1)
        assert statuses(exchanged(port, request(key, large))) == [413]
        exact = b"Content-Length: %d" % MOST_BYTES
        assert statuses(
            exchanged(port, request(key, exact, b"Connection: close"), b"x" * MOST_BYTES)
        ) == [200]

    def test_a_body_without_end(self, port, key):
        """In chunks without a length it is 413 too, and memory does not follow it."""
        before = psutil.Process().memory_info().rss
        head = request(key, b"Transfer-Encoding: chunked")
        received = exchanged(port, head, *([CHUNK] * 1024))
        assert statuses(received) in ([413], [])  # a reset may take the answer away
        assert psutil.Process().memory_info().rss - before < 32 * MOST_BYTES
        assert statuses(
            exchanged(port, request(key, b"Content-Length: 1", b"Connection: close"), b"x")
        ) == [200]


class TestSmuggling:
    SECOND = b"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

    @pytest.mark.parametrize(
        "fields",
        [
            (b"Content-Length: 4", b"Transfer-Encoding: chunked"),
            (b"Content-Length: 4", b"Content-Length: 5"),
            (b"Content-Length: 4, 4",),
            (b"Content-Length: +4",),
            (b"Content-Length : 4",),
            (b"Transfer-Encoding: xchunked",),
            (b"Transfer-Encoding: chunked, identity",),
            (b"Transfer-Encoding:\x0bchunked",),
        ],
        ids=repr,
    )
    def test_lengths_that_can_be_read_two_ways(self, port, key, fields):
        """Are refused, and what comes after them is no second request."""
        received = exchanged(port, request(key, *fields), b"0\r\n\r\n" + self.SECOND)
        assert statuses(received) == [400]

    @pytest.mark.parametrize("order", [1, -1])
    def test_two_keys(self, port, key, order):
        """Two credentials are none."""
        pair = (key, b"Authorization: Bearer x")[::order]
        assert statuses(exchanged(port, request(*pair, b"Content-Length: 0"))) == [400]

    @pytest.mark.parametrize(
        "field",
        [b"Authorization : Bearer ", b"Authorization\x00: Bearer ", b"\x20Authorization: Bearer "],
        ids=repr,
    )
    def test_names_that_are_none(self, port, key, field):
        """A name with something else in it is not read as the name."""
        shown = field + key.partition(b"Bearer ")[2]
        received = exchanged(port, request(shown, b"Content-Length: 0", b"Connection: close"))
        assert statuses(received)[0] in {400, 401}

    def test_targets(self, port):
        """However it is spelt, without a key there is no way in."""
        targets = [
            b"http://elsewhere/v1/things",
            b"/%76%31/things",
            b"//v1/things",
            b"/v1/./things",
            b"/open/../v1/things",
            b"/v1/things%00",
            b"/v1/things;x=y",
            b"/v1%2fthings",
        ]
        for target in targets:
            line = b"POST " + target + b" HTTP/1.1"
            head = request(b"Content-Length: 0", b"Connection: close", line=line)
            assert statuses(exchanged(port, head))[0] in {400, 401, 404}, target
