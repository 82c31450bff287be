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


class TestTransactions:
    """Read by whose key asked, by an administrator, and by nobody else."""

    @pytest.fixture
    def transaction(self, registry_client, bank) -> str:
        """The bank's."""
        return registry_client.post(VERIFY, json=body(), headers=bank).json()["transaction_id"]

    def read(self, registry_client, transaction, headers):
        """The answer to a request for it."""
        return registry_client.get(f"/v1/transactions/{transaction}", headers=headers)

    def test_of_ones_own(self, registry_client, registry_services, transaction):
        """By any key of the same identity provider."""
        other_key = bearer(registry_services, Scope.COMPARE, idp=BANK)
        assert self.read(registry_client, transaction, other_key).json()["idp"] == BANK

    def test_of_another(self, registry_client, transaction, telco):
        """Is answered like one that never was."""
        answers = [
            self.read(registry_client, identifier, telco)
            for identifier in (transaction, f"{'0' * len(transaction)}")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        first, second = ({**answer.json(), "request_id": ""} for answer in answers)
        assert first == second

    def test_scores_are_for_their_scope(
        self, registry_client, registry_services, transaction, bank
    ):
        """Its own transaction shows a key without the scope no score."""
        assert self.read(registry_client, transaction, bank).json()["score_detail"] is None
        scores = bearer(registry_services, Scope.VERIFY, Scope.SCORES, idp=BANK)
        assert self.read(registry_client, transaction, scores).json()["score_detail"] is not None

    def test_of_everybody(self, registry_client, registry_services, transaction):
        """An administrator reads all."""
        admin = bearer(registry_services, Scope.ADMIN, idp="authority")
        assert self.read(registry_client, transaction, admin).status_code == 200


class TestStatistics:
    PERIOD = "/v1/statistics?from=2026-01-01T00:00:00Z"

    def test_of_another(self, registry_client, registry_services):
        """Whoever is no administrator cannot ask for them."""
        headers = bearer(registry_services, Scope.STATISTICS, idp=TELCO)
        assert registry_client.get(f"{self.PERIOD}&idp={BANK}", headers=headers).status_code == 403
        own = registry_client.get(f"{self.PERIOD}&idp={TELCO}", headers=headers)
        assert own.status_code == 200, own.text


class TestImports:
    def test_of_another(self, registry_client, registry_services):
        """Its import can neither be seen nor cancelled."""
        one, other = (bearer(registry_services, Scope.ENROL, idp=idp) for idp in (BANK, TELCO))
        headers = {**one, "Content-Type": "application/x-ndjson"}
        made = registry_client.post("/v1/import-jobs", content=b"{}\n", headers=headers)
        assert made.status_code == 202, made.text
        path = f"/v1/import-jobs/{made.json()['id']}"
        assert registry_client.get(path, headers=one).status_code == 200
        assert registry_client.get(path, headers=other).status_code == 404
        assert registry_client.get(f"{path}/refusals", headers=other).status_code == 404
        assert registry_client.post(f"{path}/cancellation", headers=other).status_code == 404
