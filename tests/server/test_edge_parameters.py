"""Parameters that are wrong are named as callers know them."""

from __future__ import annotations

import pytest

from fvs_server.identity import Scope
from tests.server.identity_fixtures import bearer


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=2026-01-01", "query:from"),
        ("from=yesterday", "query:from"),
        ("", "query:from"),
        ("from=2026-11-01T00:00:00Z&to=never", "query:to"),
    ],
)
def test_the_parameter_is_named(client, services, query, pointer):
    """Whether it is missing or wrong, with what it should be; what was sent is not repeated."""
    headers = bearer(services, Scope.STATISTICS)
    answer = client.get(f"/v1/statistics?{query}", headers=headers)
    assert answer.status_code == 400
    (violation,) = answer.json()["violations"]
    assert violation["pointer"] == pointer
    assert "2026-11-01T00:00:00Z" in violation["detail"]
    assert "yesterday" not in answer.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-11-01T00:00:00Z&fromm=x", {"query:?": "unknown_parameter"}),
        (
            "start=1101700230708&to=never",
            {"query:?": "unknown_parameter", "query:from": "missing", "query:to": "not_time"},
        ),
    ],
)
def test_an_unknown_parameter_is_refused(client, services, query, expected):
    """With those there are and all else that is wrong; neither name nor value is repeated."""
    answer = client.get(f"/v1/statistics?{query}", headers=bearer(services, Scope.STATISTICS))
    assert answer.status_code == 400
    violations = answer.json()["violations"]
    assert {each["pointer"]: each["code"] for each in violations} == expected
    assert "from, idp, to" in violations[0]["detail"]
    assert not any(word in answer.text for word in ("fromm", "start", "1101700230708", "never"))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=x", "not_integer"),
        ("limit=0", "too_small"),
        ("limit=1001", "too_large"),
        ("state=shut", "not_one_of"),
    ],
)
def test_what_is_wrong_has_a_code(office, query, code):
    """Of its own, for every kind of parameter."""
    answer = office.client.get(f"/v1/duplicate-reviews?{query}", headers=office.headers)
    assert [each["code"] for each in answer.json()["violations"]] == [code]
