"""Requests are traced where the settings say so, without a word of whom they are about."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from litestar.testing import TestClient

from fvs.errors import MissingExtraError
from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.inference import Deadline
from fvs_server.operation.settings import TraceSettings
from fvs_server.operation.traces import open_parts
from fvs_server.parts import Parts
from fvs_server.wiring import open_services
from tests.loopback import PROXY_VARIABLES
from tests.registry_desk import number
from tests.server.identity_fixtures import BANK, bearer
from tests.server.light_engine import picture

ENDPOINT = "http://127.0.0.1:4318/v1/traces"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PARTS = {"admission", "inference", "judge", "sign", "settle"}
OF_A_REQUEST = {
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "fvs.request_id",
    "fvs.idp",
}


def verify(services, client):
    """Verify a person by their own face."""
    request = {
        "subject": {"kind": "citizen_id", "number": number(1)},
        "frames": [base64.b64encode(picture(1)).decode()],
        "purpose": "open_account",
        "consent_reference": "consent-77",
        "assurance_level": "ial2.2",
    }
    headers = bearer(services, Scope.VERIFY, idp=BANK)
    return client.post("/v1/face-verifications", json=request, headers=headers)


class TestOff:
    def test_nothing_is_wrapped(self, services):
        """Services are made of plain classes, and no layer stands around the application."""
        assert services.parts == Parts()
        app = object()
        assert services.parts.outermost(app) is app

    def test_opentelemetry_is_not_imported(self):
        """Not by the whole of the server, and an installation without it is complete."""
        program = (
            "import sys, fvs_server.app\n"
            "assert not [name for name in sys.modules if name.startswith('opentelemetry.sdk')]\n"
            "assert 'fvs_server.operation.spans' not in sys.modules\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True)

    def test_asking_without_the_extra(self, monkeypatch):
        """Is told with what to install."""
        monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
        monkeypatch.delitem(sys.modules, "fvs_server.operation.spans", raising=False)
        with pytest.raises(MissingExtraError) as caught, open_parts(_settings()):
            pass
        assert "[otel]" in caught.value.advice

    @pytest.mark.parametrize("wrong", ["127.0.0.1:4318", "file:///tmp/spans", "http:// x"])
    def test_an_endpoint_is_an_address_of_http(self, wrong):
        """So a misspelt one does not silently trace nothing."""
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"endpoint": wrong}, TraceSettings)


def _settings(share: float = 1.0) -> TraceSettings:
    return TraceSettings(endpoint=ENDPOINT, share=share)


@pytest.fixture
def _extra():
    """Skips where the extra is not installed."""
    for name in ("opentelemetry.sdk", "opentelemetry.exporter.otlp"):
        pytest.importorskip(name, reason="needs the extra otel")


@pytest.fixture
def spans(monkeypatch, _extra):
    """What would be sent to the collector, once the services are closed."""
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415 - an extra
        InMemorySpanExporter,
    )

    kept = InMemorySpanExporter()
    monkeypatch.setattr("fvs_server.operation.spans._exporter", lambda _endpoint: kept)
    return kept


@pytest.fixture
def traced(spans, registry_settings, server_secrets, light_engine):
    """`traced(call)`: what `call(services, client)` answers, and the spans of it."""

    def run(call, share: float = 1.0):
        settings = msgspec.structs.replace(registry_settings, traces=_settings(share))
        with (
            open_services(settings, server_secrets, engine=light_engine) as services,
            TestClient(create_app(services), raise_server_exceptions=False) as client,
        ):
            answer = call(services, client)
        return answer, spans.get_finished_spans()

    return run


class TestOn:
    def test_a_span_a_request_and_one_a_part(self, traced):
        """Parts lie within their request, in one trace that no caller began."""
        answer, spans = traced(verify)
        assert answer.json()["decision"] == "match"
        (request,) = [span for span in spans if span.parent is None]
        assert request.name == "POST /v1/face-verifications"
        parts = [span for span in spans if span is not request]
        assert {span.name for span in parts} == PARTS
        assert {span.parent.span_id for span in parts} == {request.context.span_id}

    def test_what_a_request_says(self, traced):
        """As much as its line in the log: route, status, whose it is and its id."""
        answer, spans = traced(verify)
        (request,) = [span for span in spans if span.parent is None]
        said = dict(request.attributes)
        assert said == {
            "http.request.method": "POST",
            "http.route": "/v1/face-verifications",
            "http.response.status_code": 200,
            "fvs.request_id": answer.headers["X-Request-Id"],
            "fvs.idp": BANK,
        }

    def test_nothing_of_the_person_is_in_them(self, traced):
        """Numbers, purposes, consents, scores and keys are not there, nor what a path held."""

        def call(services, client):
            verify(services, client)
            return client.get(f"/v1/{number(1)}", headers={"traceparent": TRACEPARENT})

        _, spans = traced(call)
        text = " ".join(span.to_json() for span in spans)
        for quoted in (number(1), "open_account", "consent-77", "similarity", TRACEPARENT[3:35]):
            assert quoted not in text
        assert {name for span in spans for name in span.attributes} <= {*OF_A_REQUEST, "error.type"}

    def test_a_failure_is_told_by_its_kind(self, traced, monkeypatch):
        """The message of an exception may quote what was sent: it is in no span."""

        def fail(*_asked):
            raise OSError(number(1))

        monkeypatch.setattr("fvs_server.limits.rates.RateLimits.take", fail)
        answer, spans = traced(verify)
        assert answer.status_code == 500
        told = {span.name: span.attributes["error.type"] for span in spans}
        assert told == {"admission": "OSError", "POST /v1/face-verifications": "500"}
        assert [span.events for span in spans] == [()] * 2
        assert number(1) not in " ".join(span.to_json() for span in spans)

    def test_a_share_of_requests(self, traced):
        """The others leave no span."""
        answer, spans = traced(verify, share=1e-9)
        assert answer.status_code == 200
        assert spans == ()


@pytest.fixture
def collector(monkeypatch, _extra):
    """A collector on this machine: its port, and the bodies that it was sent."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    bodies = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take it."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, bodies
        server.shutdown()
        thread.join()


def test_spans_reach_the_collector(collector):
    """By OTLP over HTTP, the last of them when the server ends."""
    port, bodies = collector
    settings = TraceSettings(endpoint=f"http://127.0.0.1:{port}/v1/traces")
    with open_parts(settings) as parts:
        pool = parts.pool(1, 1)
        assert pool.run([lambda: 7], Deadline.after(10)) == [7]
        pool.close()
    ((path, body),) = bodies
    assert path == "/v1/traces"
    assert b"inference" in body
