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
        ("start=2026-11-01T00:00:00Z", "query:from"),
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
