"""What belongs to one identity provider is as if it were not there for every other."""

from __future__ import annotations

import base64

import pytest

from fvs_server.identity.principal import Scope
from tests.registry_desk import number
from tests.server.identity_fixtures import BANK, TELCO, bearer
from tests.server.light_engine import picture

VERIFY, SESSIONS = "/v1/face-verifications", "/v1/liveness-sessions"
PERSON = 5


@pytest.fixture
def bank(registry_services) -> dict[str, str]:
    """Headers of one."""
    return bearer(registry_services, Scope.VERIFY, idp=BANK)


@pytest.fixture
def telco(registry_services) -> dict[str, str]:
    """Headers of the other."""
    return bearer(registry_services, Scope.VERIFY, idp=TELCO)


def body(**changes: object) -> dict[str, object]:
    """A verification."""
    request = {
        "subject": {"kind": "citizen_id", "number": number(PERSON)},
        "frames": [base64.b64encode(picture(PERSON)).decode()],
        "purpose": "open_account",
        "consent_reference": "c-1",
        "assurance_level": "ial2.2",
    }
    return {**request, **changes}


def begun(client, headers) -> dict[str, str]:
    """A liveness session, as a verification names it."""
    subject = {"kind": "citizen_id", "number": number(PERSON)}
    answer = client.post(SESSIONS, json={"subject": subject}, headers=headers)
    assert answer.status_code == 201, answer.text
    return {name: answer.json()[name] for name in ("id", "nonce")}


class TestSessions:
    def test_of_another(self, registry_client, bank, telco):
        """A session opens nothing for who did not begin it, even with its nonce."""
        session = begun(registry_client, bank)
        stolen = registry_client.post(VERIFY, json=body(liveness_session=session), headers=telco)
        unknown = registry_client.post(
            VERIFY, json=body(liveness_session={**session, "id": "0" * 32}), headers=telco
        )
        assert stolen.status_code == unknown.status_code
        assert stolen.status_code in {400, 404, 409, 422}
        said = [{**answer.json(), "request_id": ""} for answer in (stolen, unknown)]
        assert said[0] == said[1]

    def test_the_attempt_does_not_spend_it(self, registry_client, bank, telco):
        """Nor can a stranger use it up."""
        session = begun(registry_client, bank)
        registry_client.post(VERIFY, json=body(liveness_session=session), headers=telco)
        own = registry_client.post(VERIFY, json=body(liveness_session=session), headers=bank)
        assert own.status_code == 200, own.text


class TestIdempotency:
    def test_keys_are_of_one_idp(self, registry_client, bank, telco):
        """The same Idempotency-Key and body of another gets an answer of its own."""
        request, repeated = body(), {"Idempotency-Key": "one-and-the-same"}
        first = registry_client.post(VERIFY, json=request, headers={**bank, **repeated})
        again = registry_client.post(VERIFY, json=request, headers={**bank, **repeated})
        assert first.status_code == 200
        assert again.json()["transaction_id"] == first.json()["transaction_id"]
        other = registry_client.post(VERIFY, json=request, headers={**telco, **repeated})
        assert other.json().get("transaction_id") != first.json()["transaction_id"]
