"""What the OpenAPI document says is so: requests made from it get the answers it promises."""

from __future__ import annotations

import base64
import hashlib
import re

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode

from fvs_server.edge.bodies import decode_json_body
from fvs_server.openapi import openapi_document
from fvs_server.openapi.document import _handlers
from fvs_server.openapi.examples import EXAMPLES
from fvs_server.openapi.page import reference_page
from tests.registry_desk import enrol_made_up
from tests.server.conftest import new_registry
from tests.server.contract_server import Traffic, schema_of, serving

QUICK_EACH = 15
SLOW_EACH = 3_500
SLOW_TOTAL = 50_000
"""Requests of each operation, and of all."""


@pytest.fixture
def api(server_settings, server_secrets, light_engine, tmp_path):
    """The schema of a server on a socket with a registry of its own, and a caller."""
    registry = new_registry(tmp_path)
    enrol_made_up(registry, range(1, 6))
    with serving(server_settings, server_secrets, light_engine, registry) as (address, headers):
        yield schema_of(address), Traffic(headers)


def exercise(api, each: int) -> None:
    """So many requests to every operation, half of them as they should not be."""
    schema, traffic = api

    def send(case) -> None:
        traffic.send(case)

    for result in schema.get_all_operations():
        operation = result.ok()
        modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        run = given(case=st.one_of(modes))(send)
        budget = settings(
            max_examples=each,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(each)(budget(run))()


def explore(api, runs: int) -> None:
    """Sequences in which answers feed later requests, along the links of the document."""
    schema, traffic = api

    class Machine(schema.as_state_machine()):
        def call(self, case, **kwargs):  # noqa: ARG002 - schemathesis' signature
            """Send the case as the caller."""
            return traffic.call(case)

        def validate_response(self, response, case, **kwargs):  # noqa: ARG002 - likewise
            """Hold the answer against the document."""
            traffic.validate(case, response)

    budget = settings(
        max_examples=runs,
        deadline=None,
        database=None,
        stateful_step_count=8,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=budget)


class TestContract:
    def test_every_operation(self, api):
        """Some hundred requests: every answer is documented, valid, and no 5xx."""
        exercise(api, QUICK_EACH)
        _, traffic = api
        assert traffic.statuses.total() > 200
        answered = {operation for operation, status in traffic.statuses if status < 300}
        assert {"verify_face", "compare_faces", "create_liveness_session"} <= answered

    def test_sequences(self, api):
        """A transaction can be read after a verification, an import after it was begun."""
        explore(api, 15)
        _, traffic = api
        assert traffic.statuses.total() > 30

    @pytest.mark.slow
    def test_fifty_thousand_requests(self, api):
        """The same, for an hour."""
        exercise(api, SLOW_EACH)
        explore(api, 500)
        _, traffic = api
        assert traffic.statuses.total() >= SLOW_TOTAL


class TestDocument:
    def test_every_route_is_described(self, client):
        """Each has a summary, its success, and a problem document for each refusal."""
        document = client.get("/openapi.json").json()
        assert msgspec.json.encode(document) == msgspec.json.encode(openapi_document(client.app))
        for path, operations in document["paths"].items():
            for operation in operations.values():
                assert operation["summary"].endswith("."), path
                for status, response in operation["responses"].items():
                    kinds = response["content"]
                    assert ("application/problem+json" in kinds) == (int(status) >= 400), path

    def test_pages_are_no_part_of_the_api(self, client):
        """What is served to people's browsers is not described to programs."""
        paths = client.get("/openapi.json").json()["paths"]
        assert "/v1/face-verifications" in paths
        assert not paths.keys() & {"/try", "/operations", "/static/{name}"}

    def test_operations_have_names_of_their_own(self, client):
        """Links and generated clients go by them."""
        paths = client.get("/openapi.json").json()["paths"]
        names = [each["operationId"] for path in paths.values() for each in path.values()]
        assert len(names) == len(set(names))

    def test_scopes_are_those_that_are_asked_for(self, client):
        """A route of /v1 names its scopes; all others are public."""
        for path, operations in client.get("/openapi.json").json()["paths"].items():
            for operation in operations.values():
                assert bool(operation["security"]) == path.startswith("/v1/"), path

    def test_examples_are_what_the_routes_take(self, client):
        """Each is decoded as its route decodes it; the subject in it can be."""
        handlers = {handler.handler_name: handler for _, handler in _handlers(client.app)}
        for name, example in EXAMPLES.items():
            expected = handlers[name].parsed_data_field.annotation
            body = decode_json_body(msgspec.json.encode(example), expected)
            if hasattr(body, "subject"):
                body.subject.to_subject()


class TestPage:
    def test_it_names_every_operation_and_schema(self, client):
        """Each has a place that the page links to."""
        page = client.get("/docs").text
        document = client.get("/openapi.json").json()
        for methods in document["paths"].values():
            for operation in methods.values():
                assert f'id="{operation["operationId"]}"' in page
        targets = set(re.findall(r'href="#([^"]+)"', page))
        assert targets <= set(re.findall(r' id="([^"]+)"', page))

    def test_it_needs_nothing_else(self, client):
        """No script, no address of another host; the policy allows the page's style alone."""
        answer = client.get("/docs")
        assert "<script" not in answer.text
        assert not re.findall(r"(?:src|href)=[\"'](?!#|/openapi.json)", answer.text)
        style = answer.text.split("<style>")[1].split("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]

    def test_what_a_document_says_is_shown_as_text(self):
        """Nothing in it becomes markup."""
        hostile = "<img src=x>"
        document = {
            "info": {"title": hostile, "description": hostile, "version": hostile},
            "paths": {
                f"/{hostile}": {
                    "get": {
                        "operationId": hostile,
                        "summary": hostile,
                        "parameters": [
                            {"name": hostile, "in": "query", "schema": {"type": hostile}}
                        ],
                        "responses": {
                            "200": {"description": hostile, "content": {}},
                        },
                        "security": [],
                    }
                }
            },
            "components": {"schemas": {hostile: {"description": hostile, "enum": [hostile]}}},
        }
        assert hostile not in reference_page(document)
