"""The whole service on a socket, and requests that its own OpenAPI document makes."""

from __future__ import annotations

import base64
import socket
import threading
import time
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import schemathesis
import uvicorn
from requests import Session
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from fvs_server.app import create_app
from fvs_server.limits import LimitsSettings
from fvs_server.settings import RegistrySettings
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCLUDED = (
    # A schema cannot say that a number's last digit checks the others.
    "positive_data_acceptance",
    # Asks without a key until the address is throttled; test_security_routes.py asks every route.
    "ignored_auth",
)
PATIENCE_S = 60.0
"""Longer than the deadline of the server: what takes too long is then its 503, and a failure."""

UNLIMITED = LimitsSettings(rate_per_s=1e6, burst=10**6, concurrency=1000)


@schemathesis.serializer("application/x-ndjson", "application/zip")
def as_it_is(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """A file is sent as it was generated."""
    return value if isinstance(value, bytes) else str(value).encode()


class Traffic:
    """A session that counts what it sent and how it was answered."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.session = Session()
        self.headers = headers
        load_all_checks()
        self.excluded = CHECKS.get_by_names(EXCLUDED)
        self.statuses: Counter[tuple[str, int]] = Counter()

    def send(self, case: schemathesis.Case) -> None:
        """Send a case and hold the answer against the document."""
        self.validate(case, self.call(case))

    def call(self, case: schemathesis.Case) -> schemathesis.Response:
        """Send a case.

        Half of those that follow the schema name a subject who can be and show one face, so that
        they come further than the check digit; which half goes by the case: it can be repeated.
        """
        follows = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
        if follows and zlib.crc32(repr(case.body).encode()) % 2:
            make_sensible(case.body)
        response = case.call(session=self.session, headers=self.headers, timeout=PATIENCE_S)
        operation = case.operation.definition.raw["operationId"]
        self.statuses[operation, response.status_code] += 1
        return response

    def validate(self, case: schemathesis.Case, response: schemathesis.Response) -> None:
        """Hold an answer against the document, but for what no schema can promise."""
        case.validate_response(response, excluded_checks=self.excluded, headers=self.headers)


def make_sensible(body: object) -> None:
    """Put a number that exists, and pictures of its owner, where a body has room for them."""
    if not isinstance(body, dict):
        return
    shown = base64.b64encode(picture(1)).decode()
    if "subject" in body:
        body["subject"] = {"kind": "citizen_id", "number": number(1)}
    if "assurance_level" in body:
        body["assurance_level"] = "ial2.2"
    for name in {"selfie", "card", "picture"} & body.keys():
        body[name] = shown
    if "frames" in body:
        body["frames"] = [shown]
    for name in {"on_behalf_of", "liveness_session"} & body.keys():
        body[name] = None


@contextmanager
def serving(settings, secrets, engine, registry) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server, and headers of a caller who may do everything."""
    settings = msgspec.structs.replace(
        settings, limits=UNLIMITED, registry=RegistrySettings(folder=str(registry))
    )
    with open_services(settings, secrets, engine=engine) as services:
        config = uvicorn.Config(create_app(services), log_config=None, proxy_headers=False)
        server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            host, port = listener.getsockname()
            yield f"http://{host}:{port}", bearer(services)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


def schema_of(address: str) -> schemathesis.BaseSchema:
    """The document as the server gives it."""
    return schemathesis.openapi.from_url(f"{address}/openapi.json")
