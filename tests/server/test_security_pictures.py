"""Pictures and bodies that are made to exhaust a server are refused by the real engine, cheaply."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import Self

import psutil
import pytest
from litestar.testing import TestClient

from fvs.status import Status
from fvs_server.app import create_app
from fvs_server.database import Database
from fvs_server.identity.principal import Scope
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import DatabaseSettings, Settings
from fvs_server.wiring import open_services
from tests.hostile_files import HOSTILE
from tests.server.identity_fixtures import bearer

PATH = "/v1/face-comparisons"
MOST_BYTES = 600 << 20
"""That one request may take for a moment: `fvs.image.DecodeLimits` allows a picture 400 MB."""
BOMBS = [
    name
    for name, (_, status) in HOSTILE.items()
    if "bomb" in name
    or "15 MB" in name
    or status in {Status.TOO_MANY_PIXELS, Status.FILE_TOO_LARGE}
]
REQUEST = {
    "purpose": "open_account",
    "consent_reference": "c-1",
    "assurance_level": "ial2.2",
}


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    """A server with real networks, and headers of who may compare."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bombs') / 'server.db'}"
    database = Database.open(url)
    database.migrate()
    database.close()
    settings = Settings(database=DatabaseSettings(url=url))
    with open_services(settings, ServerSecrets.generate()) as services:
        app = create_app(services)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client, bearer(services, Scope.COMPARE)


class Watched:
    """The most memory of this process meanwhile, beyond what it had."""

    def __enter__(self) -> Self:
        self._process, self._done = psutil.Process(), threading.Event()
        self._before = self.most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def grown(self) -> int:
        """Bytes."""
        return self.most - self._before


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if "MB" in name else ()) for name in BOMBS],
)
def test_bombs_are_answers(caller, name):
    """A picture that would fill the memory is a picture that was not compared, within seconds."""
    client, headers = caller
    make, status = HOSTILE[name]
    bomb = make()
    encoded = base64.b64encode(bomb).decode()
    began = time.monotonic()
    with Watched() as watched:
        answer = client.post(
            PATH, json={**REQUEST, "selfie": encoded, "card": encoded}, headers=headers
        )
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"] == "not_compared"
    expected = "no_face" if status is Status.OK else status.name.lower()
    assert {reason["code"] for reason in answer.json()["reasons"]} == {expected}
    assert watched.grown < MOST_BYTES + 8 * len(bomb)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"[" * 1_000_000, "application/json"),
        (b'{"selfie":' * 100_000, "application/json"),
        (json.dumps({str(number): 0 for number in range(50_000)}).encode(), "application/json"),
        (b"--x\r\n" * 100_000, "multipart/form-data; boundary=x"),
        (
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="selfie"\r\n\r\n\r\n'
                for _ in range(10_000)
            ),
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\n" + b"A: " + b"b" * 1_000_000, "multipart/form-data; boundary=x"),
        (b"", f"multipart/form-data; boundary={'x' * 10_000}"),
    ],
    ids=["deep", "half", "wide", "empty parts", "many parts", "long header", "long boundary"],
)
def test_bodies_made_to_exhaust(caller, content, media_type):
    """Deep, wide and endless bodies are refused with few violations."""
    client, headers = caller
    answer = client.post(PATH, content=content, headers={**headers, "Content-Type": media_type})
    assert answer.status_code in {400, 413, 415}, answer.text
    assert len(answer.json()["violations"]) <= 50


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_compressed_bodies_are_not_expanded(caller, encoding):
    """There is no Content-Encoding that a body may have: the bytes are read as they are."""
    client, headers = caller
    bomb, _ = HOSTILE["deflate bomb"]
    sent = {**headers, "Content-Type": "application/json", "Content-Encoding": encoding}
    with Watched() as watched:
        answer = client.post(PATH, content=bomb(), headers=sent)
    assert answer.status_code in {400, 415}
    assert watched.grown < 32 << 20
