"""Limits as callers meet them: a liveness session begun over HTTP, and 429 with Retry-After."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
import sqlalchemy

from fvs_server.identity import Scope
from fvs_server.limits import LimitsSettings
from fvs_server.limits.tables import liveness_sessions
from tests.server.identity_fixtures import bearer

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
