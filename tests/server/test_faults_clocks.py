"""Clocks that jump, and a certificate whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from fvs_server.audit.checking import check_log
from fvs_server.audit.export import stored_entries
from fvs_server.identity import Scope
from fvs_server.wiring import open_services
from tests.server.identity_fixtures import bearer, create, order
from tests.server.light_engine import picture
from tests.server.test_services_verification import PATH, body


@pytest.fixture
def services(registry_settings, server_secrets, light_engine, clock):
    """All services, by a clock that is set."""
    with open_services(
        registry_settings, server_secrets, engine=light_engine, clock=clock
    ) as opened:
        yield opened


@pytest.fixture
def ask(client, services):
    """Asks about a person, with a new picture of somebody."""
    headers = bearer(services, Scope.VERIFY)

    def send(person: int, face: int | None = None, key: str | None = None):
        extra = {} if key is None else {"Idempotency-Key": key}
        request = body(person, picture(person if face is None else face, noise=0.0))
        return client.post(PATH, json=request, headers={**headers, **extra})

    return send


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1), timedelta(seconds=-90)])
class TestJumps:
    def test_the_service_goes_on(self, ask, services, clock, jump):
        """Each call is answered and recorded, and the log stays whole."""
        assert ask(1).status_code == 200
        clock.now += jump
        assert ask(2).status_code == 200
        clock.now -= jump
        assert ask(3).status_code == 200
        with services.database.reading() as connection:
            check = check_log(stored_entries(connection), (), {})
        assert (check.entries, check.findings) == (3, [])

    def test_a_session_does_not_come_back(self, services, client, clock, jump):
        """It is single use whatever the clock says."""
        headers = bearer(services, Scope.VERIFY)
        subject = body(1)["subject"]
        session = client.post(
            "/v1/liveness-sessions", json={"subject": subject}, headers=headers
        ).json()
        proof = {"id": session["id"], "nonce": session["nonce"]}
        first = client.post(PATH, json=body(1, picture(1), liveness_session=proof), headers=headers)
        assert first.status_code == 200
        clock.now += jump
        again = client.post(PATH, json=body(1, picture(1), liveness_session=proof), headers=headers)
        assert (again.status_code, again.json()["code"]) == (422, "liveness_session_invalid")


def test_failures_are_not_forgiven_by_a_clock_set_back(ask, clock):
    """Who may not be tried again yet may not be tried by making it earlier."""
    while (refused := ask(1, face=2)).status_code == 200:
        pass
    assert refused.json()["code"] == "attempts_exhausted"
    for jump in (timedelta(hours=-1), timedelta(days=-2)):
        clock.now += jump
        again = ask(1, face=2)
        assert (again.status_code, again.json()["code"]) == (429, "attempts_exhausted")


def test_an_expired_certificate_decides_nothing(ask, services, client, clock, monkeypatch):
    """Its error rates are no longer vouched for: 503 with a code, not ready, and alive."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz=None):
            """The engine asks the machine."""
            return clock.now.astimezone(tz)

    monkeypatch.setattr("fvs.engine.datetime", Standing)
    assert ask(1).status_code == 200
    assert client.get("/health/ready").status_code == 200
    clock.now = services.faces.levels.certificate.expires_at + timedelta(seconds=1)
    headers = bearer_until(services, clock)
    answer = client.post(PATH, json=body(2, picture(2)), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "certificate_not_valid")
    report = client.get("/health/ready")
    assert (report.status_code, report.json()["certificate"]) == (503, False)
    assert client.get("/health/live").status_code == 200


def bearer_until(services, clock) -> dict[str, str]:
    """Of a key that was made by that clock."""
    key = create(services.database, services.api_keys, order(Scope.VERIFY), clock.now)
    return {"Authorization": f"Bearer {key.text.reveal()}"}
