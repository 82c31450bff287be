"""What the documentation of callers shows is run, and `fvs.http` has every route."""

from __future__ import annotations

import re
from http import HTTPStatus

import msgspec
import pytest
from litestar.routes import HTTPRoute

from fvs_server.app import create_app
from fvs_server.openapi import openapi_document
from fvs_server.routes.transactions import TransactionAnswer
from fvs_server.services.answers import DecisionAnswer
from fvs_server.statistics.reports import StatisticsReport
from fvs_server.wiring import open_services
from tests.conftest import REPOSITORY
from tests.server.enrol_fixtures import (  # noqa: F401 - fixtures
    authority_settings,
    own_registry,
)
from tests.server.identity_fixtures import bearer, issue, served
from tests.server.light_engine import picture

HOW_TO = (REPOSITORY / "docs/how-to/call-the-service.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
REFERENCE = (REPOSITORY / "docs/reference/http-api.md").read_text()
HTTP_FILE = (REPOSITORY / "docs/reference/fvs.http").read_text()
REQUESTS = [
    (method, path)
    for method, path in re.findall(
        r"^(GET|POST|PUT|DELETE|PATCH) \{\{url\}\}(\S+)$", HTTP_FILE, re.MULTILINE
    )
]


_API = ("/.well-known/", "/health/", "/metrics", "/openapi.json", "/problems/", "/v1/", "/version")

_FEWEST_BODIES = 9


@pytest.fixture
def services(authority_settings, server_secrets, light_engine):  # noqa: F811 - a fixture
    """All services, opened."""
    with open_services(authority_settings, server_secrets, engine=light_engine) as opened:
        yield opened


def test_the_how_to_runs(services, tmp_path, monkeypatch, capsys):
    """One example after the other, against a real server."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "selfie.jpg").write_bytes(picture(1))
    with served(create_app(services)) as port:
        monkeypatch.setenv("FVS_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("FVS_API_KEY", issue(services).text.reveal())
        exec("\n".join(EXAMPLES), {})  # noqa: S102 - ours
    shown = capsys.readouterr().out
    assert len(EXAMPLES) == 3
    assert shown.startswith("no_match")
    assert "capture_replayed" in shown


def test_the_reference_has_every_route(services):
    """Those of the API and those without a key; pages for people have a page of their own."""
    shown = {
        (method, f"{path.partition('?')[0]}")
        for method, path in re.findall(r"(GET|POST|DELETE) (/[^\s`]*)", REFERENCE)
    }
    served_ = {
        (method.upper(), path)
        for path, operations in openapi_document(create_app(services))["paths"].items()
        for method in operations
        if path.startswith(_API)
    }
    assert shown - {("GET", "/docs")} == served_


@pytest.mark.parametrize("kind", [DecisionAnswer, TransactionAnswer, StatisticsReport])
def test_the_reference_has_every_member(kind):
    """Of the answers that callers read."""
    words = set(re.findall(r"`([a-z_0-9]+)`", REFERENCE))
    assert {field.encode_name for field in msgspec.structs.fields(kind)} <= words


def test_the_http_file_has_every_route(services):
    """Method by method, but for pages that are for people; and it has none that is not there."""
    existing = {
        (method, re.sub(r"\{\w+:str\}", "{}", route.path))
        for route in create_app(services).routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in {"OPTIONS", "HEAD"}
    }
    shown = {
        (method, re.sub(r"\{\{id\}\}|(?<=/problems/)\w+", "{}", path.split("?")[0]))
        for method, path in REQUESTS
    }
    assert shown <= existing
    assert {(method, path) for method, path in existing - shown if path.startswith(_API)} == set()


def test_the_http_file_has_every_operation_of_the_openapi_document(client):
    """The document describes what the file shows, and the file shows all that it describes."""
    paths = client.get("/openapi.json").json()["paths"]
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/v1/")
    }
    shown = {
        (method, path.split("?")[0].replace("{{id}}", "{}"))
        for method, path in REQUESTS
        if path.startswith("/v1/")
    }
    assert shown == described


def test_what_the_http_file_asks_is_understood(client, services):
    """Addresses and queries are the service's: a body that is missing is all that may be wrong."""
    headers = bearer(services)
    for method, path in REQUESTS:
        answer = client.request(method, path.replace("{{id}}", "0" * 32), headers=headers)
        assert answer.status_code not in {401, 403, 405}, path
        problem = answer.json() if answer.status_code >= HTTPStatus.BAD_REQUEST else {}
        named = [each["pointer"] for each in problem.get("violations", [])]
        assert not [each for each in named if each.startswith(("query:", "path:"))], path


def test_the_http_file_shows_bodies_that_are_taken(client, services):
    """Each body in it, JSON or multipart, is one that its route reads."""
    headers = bearer(services)
    blocks = [block for block in HTTP_FILE.split("###")[1:] if "\n{" in block]
    assert len(blocks) >= _FEWEST_BODIES
    for block in blocks:
        method, path = re.search(r"^(POST) \{\{url\}\}(\S+)$", block, re.MULTILINE).groups()
        media_type = re.search(r"^Content-Type: (.*)$", block, re.MULTILINE).group(1)
        body = block.split("\n\n", 1)[1].replace("{{number}}", "1101700230708").strip()
        body = re.sub(r"< \S+", lambda _: picture(1).decode(), body).replace("\n", "\r\n")
        answer = client.request(
            method,
            path.replace("{{id}}", "0" * 32),
            content=body.encode(),
            headers={**headers, "Content-Type": media_type},
        )
        assert answer.status_code in {200, 201, 404}, (path, answer.text)
