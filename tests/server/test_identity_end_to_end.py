"""Every way to say who one is, over a real socket, against the real routes."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from fvs_server.app import create_app
from fvs_server.identity.principal import Scope
from fvs_server.identity.settings import MappedCertificate, MtlsSettings
from fvs_server.settings import HttpSettings
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.identity_fixtures import TELCO, create, issue, order, served
from tests.server.identity_tokens import (
    BOUND_CLIENT,
    certificate,
    claims,
    client_cert,
    jwks,
    oauth2,
    token,
)

PATH = "/v1/liveness-sessions"
BODY = {"subject": {"kind": "citizen_id", "number": number(1)}}
SIGNER = Ed25519PrivateKey.generate()


@pytest.fixture
def server(server_settings, server_secrets, light_engine, published, clock):
    """Services and address of a server that takes everything, behind a proxy on the loopback."""
    url, answers = published
    answers["/jwks"] = (200, jwks(), {})
    telco = MappedCertificate(idp=TELCO, scopes=(Scope.VERIFY,), subject="CN=bank.example")
    settings = msgspec.structs.replace(
        server_settings,
        http=HttpSettings(trusted_proxies=("127.0.0.1",)),
        oauth2=oauth2(f"{url}/jwks"),
        mtls=MtlsSettings(certificates=(telco,)),
    )
    with (
        open_services(settings, server_secrets, engine=light_engine, clock=clock) as services,
        served(create_app(services)) as port,
    ):
        yield services, f"http://127.0.0.1:{port}"


def posted(server, headers: dict[str, str], **request: object) -> httpx.Response:
    """The answer to a request with these headers."""
    with httpx.Client(base_url=server[1], trust_env=False) as client:
        return client.post(PATH, headers=headers, **({"json": BODY} | request))


def bearing(text: str) -> dict[str, str]:
    """The field of a key or token."""
    return {"Authorization": f"Bearer {text}"}


class TestGoodCallers:
    def test_with_a_key(self, server):
        """The simplest way."""
        assert posted(server, bearing(issue(server[0]).text.reveal())).status_code == 201

    def test_with_a_token(self, server):
        """The issuer's keys are fetched from where it publishes them."""
        assert posted(server, bearing(token())).status_code == 201

    def test_with_a_certificate(self, server):
        """The proxy hands it on."""
        answer = posted(server, {"Client-Cert": client_cert(certificate())})
        assert answer.status_code == 201

    def test_with_a_bound_token(self, server):
        """Token and certificate together."""
        x5t = base64.urlsafe_b64encode(hashlib.sha256(certificate("t")).digest()).decode()
        bound = token(claims(client_id=BOUND_CLIENT, cnf={"x5t#S256": x5t.rstrip("=")}))
        with_certificate = bearing(bound) | {"Client-Cert": client_cert(certificate("t"))}
        assert posted(server, with_certificate).status_code == 201
        assert posted(server, bearing(bound)).status_code == 401

    def test_signed(self, server):
        """The target is the address that was asked for; a second time is a replay."""
        services, address = server
        public = SIGNER.public_key().public_bytes_raw()
        issued = create(services.database, services.api_keys, order(signing_key=public))
        content = msgspec.json.encode(BODY)
        headers = bearing(issued.text.reveal()) | {"Content-Type": "application/json"}
        message = SimpleNamespace(method="POST", url=f"{address}{PATH}", headers=headers)
        keys = MappingKeyResolver(public_keys={}, private_keys={issued.key.key_id: SIGNER})
        HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).sign(
            message,
            key_id=issued.key.key_id,
            created=services.clock(),
            nonce="1",
            tag="fvs-request",
            covered_component_ids=("@method", "@target-uri", "authorization"),
            body=content,
        )
        sent = {"json": None, "content": content}
        assert posted(server, headers, **sent).status_code == 201
        assert posted(server, headers, **sent).json()["code"] == "invalid_signature"


class TestBadCallers:
    def test_a_key_that_was_revoked(self, server, clock):
        """Stops working in a running server, within the stated time."""
        services, _ = server
        issued = issue(services)
        headers = bearing(issued.text.reveal())
        assert posted(server, headers).status_code == 201
        with services.database.writing() as connection:
            services.api_keys.revoke(connection, issued.key.key_id, clock())
        services.authenticator.forget()
        assert posted(server, headers).status_code == 401

    def test_a_token_that_expired(self, server, clock):
        """By the server's clock."""
        shown = token()
        assert posted(server, bearing(shown)).status_code == 201
        clock.now += timedelta(minutes=6)
        assert posted(server, bearing(shown)).status_code == 401

    def test_no_issuer(self, server, published):
        """A token cannot be judged: 503 with Retry-After, and keys work on."""
        published[1].clear()
        answer = posted(server, bearing(token()))
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert posted(server, bearing(issue(server[0]).text.reveal())).status_code == 201

    def test_no_database(self, server, server_settings):
        """Who calls cannot be looked up: 503 with Retry-After, for a key that was not seen yet."""
        services, _ = server
        seen, unseen = (bearing(issue(services).text.reveal()) for _ in range(2))
        assert posted(server, seen).status_code == 201
        services.database.close()
        path = Path(server_settings.database.url.removeprefix("sqlite:///"))
        path.rename(path.with_name("elsewhere.db"))
        path.mkdir()
        answer = posted(server, unseen)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert answer.headers["retry-after"] == "1"
        path.rmdir()
        path.with_name("elsewhere.db").rename(path)
        assert posted(server, unseen).status_code == 201

    def test_a_token_without_the_scope(self, server):
        """403, as for a key."""
        answer = posted(server, bearing(token(claims(scope="statistics"))))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")

    def test_strangers_behind_one_proxy(self, server):
        """One that fails too often does not stop its neighbours: the proxy tells them apart."""
        bad = bearing(f"fvs_{'0' * 16}_{'A' * 43}")
        server[0].authenticator._means.failures._per_minute = 3
        server[0].authenticator._means.failures._monotonic = lambda: 0.0
        one, other = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
        codes = [posted(server, bad | one).status_code for _ in range(4)]
        assert codes == [401, 401, 401, 429]
        assert posted(server, bad | other).status_code == 401
        forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.1"}
        assert posted(server, bad | forged).status_code == 429
