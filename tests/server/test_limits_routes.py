"""Limits as callers meet them: a liveness session begun over HTTP, and 429 with Retry-After."""

from __future__ import annotations

from datetime import datetime

import http_sf
import msgspec
import pytest
import sqlalchemy
from litestar.testing import TestClient

from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.limits import LimitsSettings
from fvs_server.limits.tables import liveness_sessions
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

KNOWN_SHAPE = {"subject": {"kind": "citizen_id", "number": "1101700230708"}}


@pytest.fixture
def server_settings(server_settings):
    """A server at which a key has two requests."""
    return msgspec.structs.replace(server_settings, limits=LimitsSettings(rate_per_s=0.01, burst=2))


class TestLivenessSessions:
    def test_it_is_begun(self, client, services):
        """201 with what a verification must show; the number stands nowhere in the database."""
        answer = client.post(
            "/v1/liveness-sessions", json=KNOWN_SHAPE, headers=bearer(services, Scope.VERIFY)
        )
        assert answer.status_code == 201
        session = answer.json()
        assert set(session) == {"id", "nonce", "expires_at", "challenge"}
        assert datetime.fromisoformat(session["expires_at"]) > services.clock()
        assert session["challenge"]["kind"] == "turn_head"
        assert session["challenge"]["steps"][0] == "look_straight"
        with services.database.reading() as connection:
            row = connection.execute(sqlalchemy.select(liveness_sessions)).one()
        assert KNOWN_SHAPE["subject"]["number"] not in repr(row)

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, {"/subject"}),
            ({"subject": {"kind": "citizen_id", "number": "1101700230706"}}, {"/subject/number"}),
            ({"subject": {"kind": "citizen_id", "number": "1" * 65}}, {"/subject/number"}),
            ({"subject": {"kind": "x", "number": "1"}, "more": 1}, {"/subject/kind", "/more"}),
        ],
    )
    def test_what_is_wrong_is_named(self, client, services, body, pointers):
        """400 with pointers; the number is never repeated."""
        answer = client.post(
            "/v1/liveness-sessions", json=body, headers=bearer(services, Scope.VERIFY)
        )
        assert answer.status_code == 400
        assert {each["pointer"] for each in answer.json()["violations"]} == pointers
        assert "1101700230706" not in answer.text

    def test_a_key_that_asks_too_often_is_told_when_to_return(self, client, services):
        """The third request at once: 429, its Retry-After in whole seconds."""
        headers = bearer(services, Scope.VERIFY)
        answers = [
            client.post("/v1/liveness-sessions", json=KNOWN_SHAPE, headers=headers)
            for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert answers[2].json()["code"] == "rate_limited"
        assert 98 <= int(answers[2].headers["retry-after"]) <= 100


QUALITY = "/v1/face-quality"
FRAME = {"request": (None, "{}", "application/json"), "frame": ("f.jpg", picture(5))}
BATCH = {"content": b"", "headers": {"Content-Type": "application/x-ndjson"}}
LIMITED = [
    ("/v1/face-verifications", {"json": {}}, 400, False),
    (QUALITY, {"files": FRAME}, 200, True),
    ("/v1/liveness-sessions", {"json": KNOWN_SHAPE}, 201, True),
    ("/v1/import-jobs", BATCH, 400, True),
    ("/v1/nothing", {}, 404, False),
]
EVERYTHING = (Scope.VERIFY, Scope.ENROL)


@pytest.fixture
def registry_settings(registry_settings):
    """The same limits, with a registry."""
    limits = LimitsSettings(rate_per_s=0.01, burst=2)
    return msgspec.structs.replace(registry_settings, limits=limits)


def left(answer) -> dict[str, object]:
    """The parameters of the one item of `RateLimit`, by RFC 9651."""
    ((name, parameters),) = http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list")
    assert name == "key"
    return dict(parameters)


class TestRateFields:
    @pytest.mark.parametrize(("path", "request_", "status", "counted"), LIMITED)
    def test_answers_to_what_was_counted_have_them(
        self, registry_client, registry_services, path, request_, status, counted
    ):
        """Refusals too; a request that was refused before it was counted has none."""
        headers = bearer(registry_services, *EVERYTHING) | request_.get("headers", {})
        answer = registry_client.post(path, **(request_ | {"headers": headers}))
        assert answer.status_code == status, answer.text
        assert ("ratelimit" in answer.headers) == counted
        assert ("ratelimit-policy" in answer.headers) == counted

    def test_they_count_down(self, client, services):
        """To nothing, and then say as `Retry-After` does when a request is admitted again."""
        headers = bearer(services, Scope.VERIFY)
        answers = [client.post(QUALITY, files=FRAME, headers=headers) for _ in range(3)]
        assert {each.headers["ratelimit-policy"] for each in answers} == {'"key";q=2;w=200'}
        assert [left(each)["r"] for each in answers] == [1, 0, 0]
        assert left(answers[0])["t"] == 100
        assert left(answers[2])["t"] == int(answers[2].headers["retry-after"])

    def test_they_are_of_the_own_key(self, client, services):
        """Requests of another key at the same time change nothing."""
        first, second = bearer(services, Scope.VERIFY), bearer(services, Scope.VERIFY)
        for headers in (first, second):
            answer = client.post(QUALITY, files=FRAME, headers=headers)
            assert left(answer)["r"] == 1

    def test_they_cost_no_statement(self, services):
        """What is told was computed by the statement that counts; the caller is known already."""
        headers, statements = bearer(services, Scope.VERIFY), []

        def note(_connection, _cursor, statement, *_) -> None:
            statements.append(statement.split()[0:3])

        with TestClient(create_app(services)) as client:
            client.post(QUALITY, files=FRAME, headers=headers)
            sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
            try:
                answer = client.post(QUALITY, files=FRAME, headers=headers)
            finally:
                sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)
        assert "ratelimit" in answer.headers
        asked = [words for words in statements if words[0] != "PRAGMA"]  # asks for no data
        assert asked == [["BEGIN", "IMMEDIATE"], ["INSERT", "INTO", "rates"]]
