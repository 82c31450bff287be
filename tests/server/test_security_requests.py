"""Callers are authenticated before anything else happens, however a request is spelt."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from litestar import Request, get, post
from litestar.testing import TestClient

from fvs.errors import UsageError
from fvs_server.app import create_app
from fvs_server.faults import Fault
from fvs_server.identity.principal import Scope
from fvs_server.identity.settings import IdentitySettings, MappedCertificate, MtlsSettings
from fvs_server.settings import HttpSettings, Settings
from fvs_server.wiring import open_services, utc_now
from tests.server.identity_fixtures import BANK, TELCO, bearer, issue
from tests.server.identity_tokens import certificate, client_cert


@post("/v1/things", opt={"scope": Scope.VERIFY}, status_code=200)
async def make_thing(request: Request) -> dict[str, object]:
    """Say who calls and with how much."""
    principal = request.scope["principal"]
    return {"idp": principal.idp, "bytes": len(await request.body())}


@get("/v1/things", opt={"scope": (Scope.STATISTICS, Scope.ADMIN)}, sync_to_thread=False)
def list_things() -> list[str]:
    """Nothing."""
    return []


@get("/page", opt={"scope": Scope.ADMIN}, sync_to_thread=False)
def read_page() -> str:
    """Beside /v1, and guarded all the same."""
    return "secret"


@get("/open", opt={"scope": None}, sync_to_thread=False)
def read_open() -> str:
    """For everybody."""
    return "open"


@pytest.fixture(autouse=True)
def own_routes(monkeypatch) -> None:
    """The application has these routes."""
    routes = (make_thing, list_things, read_page, read_open)
    monkeypatch.setattr("fvs_server.app.ROUTES", routes)


@pytest.fixture
def signed_client(server_settings, server_secrets, light_engine):
    """`signed_client(settings)`: services and client of a server with changed settings."""
    opened = []

    def make(**changes) -> tuple:
        settings = msgspec.structs.replace(server_settings, **changes)
        context = open_services(settings, server_secrets, engine=light_engine)
        services = context.__enter__()
        opened.append(context)
        client = TestClient(create_app(services), raise_server_exceptions=False)
        return services, client

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def code_of(answer) -> str:
    """Of a problem document, which every refusal is."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["code"]


class TestRefusals:
    @pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/things", "/v1/no-such/thing"])
    def test_strangers_learn_nothing_of_the_routes(self, client, path):
        """Under /v1 all is 401 without credentials, what is not there too."""
        methods = ("GET", "POST", "DELETE", "OPTIONS", "PATCH")
        answers = [client.request(method, path) for method in methods]
        assert [answer.status_code for answer in answers] == [401] * len(methods)
        answer = answers[0]
        assert code_of(answer) == "unauthenticated"
        assert answer.headers["www-authenticate"] == 'Bearer realm="fvs"'

    def test_callers_learn_what_is_not_there(self, client, services):
        """404 and 405 are for who may call."""
        headers = bearer(services, Scope.VERIFY)
        assert client.get("/v1/no-such", headers=headers).status_code == 404
        assert client.delete("/v1/things", headers=headers).status_code == 405

    def test_a_key_opens_what_its_scopes_say(self, client, services):
        """403 names the scope that is missing; one of several is enough."""
        verify, admin = bearer(services, Scope.VERIFY), bearer(services, Scope.ADMIN)
        assert client.post("/v1/things", headers=verify, content=b"x").json() == {
            "idp": BANK,
            "bytes": 1,
        }
        answer = client.get("/v1/things", headers=verify)
        assert (answer.status_code, code_of(answer)) == (403, "insufficient_scope")
        assert answer.json()["detail"] == "It needs the scope admin | statistics."
        assert client.get("/v1/things", headers=admin).json() == []

    def test_pages_beside_the_api_are_guarded_too(self, client, services):
        """A scope without a principal is 401, wherever the route is; a public one is open."""
        assert client.get("/page", headers=bearer(services, Scope.ADMIN)).status_code == 401
        assert client.get("/open").text == "open"

    def test_odd_spellings_gain_nothing(self, client):
        """However the path is written, nobody gets in without credentials."""
        for path in (
            "//v1/things",
            "/v1//things",
            "/./v1/things",
            "/x/../v1/things",
            "/%76%31/things",
        ):
            assert client.post(path).status_code in {401, 404}, path
            assert client.get(path).status_code in {401, 404}, path

    def test_bad_credentials(self, client):
        """All are 401 and look alike; none is an error of ours."""
        values = [
            "",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjpwYXNz",
            "bearer x y",
            "Bearer é",
            "Bearer fvs_",
            f"Bearer fvs_{'0' * 16}_{'A' * 43}",
            f"Bearer fvs_{'0' * 16}_{'A' * 43}, Bearer x",
            "Bearer a.b.c",
            f"Bearer {'x' * 60_000}",
        ]
        for value in values:
            answer = client.post("/v1/things", headers={"Authorization": value.encode("latin-1")})
            assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    def test_revoked_and_expired_keys(self, client, services):
        """Are 401 as well."""
        revoked = issue(services)
        with services.database.writing() as connection:
            services.api_keys.revoke(connection, revoked.key.key_id, utc_now())
            expired = services.api_keys.create(
                connection,
                SimpleNamespace(
                    idp=BANK,
                    scopes=frozenset(Scope),
                    label="",
                    signing_key=None,
                    expires_at=utc_now() - timedelta(days=1),
                ),
                utc_now() - timedelta(days=2),
            )
        for each in (revoked, expired):
            headers = {"Authorization": f"Bearer {each.text.reveal()}"}
            assert client.post("/v1/things", headers=headers).status_code == 401

    def test_the_scheme_is_read_in_any_case(self, client, services):
        """RFC 9110, section 11.1."""
        text = issue(services).text.reveal()
        headers = {"Authorization": f"bEARER  {text}"}
        assert client.post("/v1/things", headers=headers).status_code == 200


class TestBeforeTheBody:
    def test_a_stranger_sends_no_body(self, services):
        """The refusal is complete before a byte of the body was asked for."""
        sent = asyncio.run(_call(create_app(services), _unread, []))
        assert sent[0]["status"] == 401

    def test_who_may_not_sends_no_body(self, services):
        """Nor does a caller without the scope."""
        headers = bearer(services, Scope.ADMIN)["Authorization"].encode()
        sent = asyncio.run(_call(create_app(services), _unread, [(b"authorization", headers)]))
        assert sent[0]["status"] == 403


async def _unread() -> dict[str, object]:
    """No part of a body."""
    raise AssertionError("the body was read")


async def _call(app, receive, headers) -> list[dict[str, object]]:
    """One POST /v1/things, below all clients."""
    sent: list[dict[str, object]] = []

    async def send(message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/things",
        "raw_path": b"/v1/things",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
    }
    await app(scope, receive, send)
    return sent


class TestSmuggling:
    @pytest.mark.parametrize("first", [True, False])
    def test_two_authorizations(self, services, first):
        """A good one beside another is refused: a proxy may have looked at the other."""
        good = bearer(services)["Authorization"]
        pair = [good, "Bearer x"] if first else ["Bearer x", good]
        headers = [(b"authorization", value.encode()) for value in pair]
        start, body = asyncio.run(_call(create_app(services), _unread, headers))
        assert start["status"] == 400
        assert msgspec.json.decode(body["body"])["violations"] == [
            {
                "pointer": "header:authorization",
                "code": "repeated",
                "detail": Fault.REPEATED.value.english,
            }
        ]

    def test_headers_of_proxies_that_there_are_not(self, signed_client, services):
        """From whom no proxy is trusted, only Authorization counts."""
        mapped = MappedCertificate(idp=BANK, scopes=tuple(Scope), subject="CN=bank.example")
        _, client = signed_client(mtls=MtlsSettings(certificates=(mapped,)))
        names = [
            "Client-Cert",
            "X-Client-Cert",
            "X-SSL-Client-Cert",
            "X-Forwarded-Client-Cert",
            "X-Forwarded-User",
            "X-Remote-User",
            "Proxy-Authorization",
            "X-Authorization",
            "Cookie",
        ]
        for name in names:
            for value in (client_cert(certificate()), bearer(services)["Authorization"]):
                assert client.post("/v1/things", headers={name: value}).status_code == 401, name

    def test_a_method_in_a_header_changes_nothing(self, client, services):
        """X-HTTP-Method-Override is not read."""
        headers = bearer(services, Scope.VERIFY) | {"X-HTTP-Method-Override": "POST"}
        assert client.get("/v1/things", headers=headers).status_code == 403

    def test_a_key_in_the_address_is_no_credential(self, client, services):
        """Addresses are logged everywhere (RFC 9700, section 4.3.2)."""
        text = issue(services).text.reveal()
        assert client.post(f"/v1/things?access_token={text}").status_code == 401
        assert client.post("/v1/things", data={"access_token": text}).status_code == 401


class TestThrottling:
    def test_an_address_that_guesses_waits(self, signed_client):
        """429 with Retry-After; a caller who was let in from there before still is."""
        services, client = signed_client(identity=IdentitySettings(failures_per_minute=3))
        known, new = bearer(services), bearer(services)
        assert client.post("/v1/things", headers=known).status_code == 200
        bad = {"Authorization": f"Bearer fvs_{'0' * 16}_{'A' * 43}"}
        services.authenticator._means.failures._monotonic = lambda: 10.0
        codes = [client.post("/v1/things", headers=bad).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 429, 429]
        answer = client.post("/v1/things", headers=new)
        assert (answer.status_code, code_of(answer)) == (429, "authentication_throttled")
        assert answer.headers["retry-after"] == "50"
        assert client.post("/v1/things", headers=known).status_code == 200


class TestSignedRequests:
    """A key with a signing key, over the whole way."""

    SIGNER = Ed25519PrivateKey.generate()

    @pytest.fixture
    def caller(self, signed_client):
        """A client, and what signs its requests."""
        http = HttpSettings(public_url="https://fvs.example")
        services, client = signed_client(http=http)
        issued = issue(services, signing_key=self.SIGNER.public_key().public_bytes_raw())

        def sign(body: bytes, nonce: str) -> dict[str, str]:
            message = SimpleNamespace(
                method="POST",
                url="https://fvs.example/v1/things",
                headers={"Authorization": f"Bearer {issued.text.reveal()}"},
            )
            key_id = issued.key.key_id
            keys = MappingKeyResolver(public_keys={}, private_keys={key_id: self.SIGNER})
            HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).sign(
                message,
                key_id=key_id,
                nonce=nonce,
                tag="fvs-request",
                covered_component_ids=("@method", "@target-uri", "authorization"),
                body=body,
            )
            return message.headers

        return client, sign

    def test_body_and_all(self, caller):
        """What was signed arrives, once."""
        client, sign = caller
        headers = sign(b"hello", "1")
        assert client.post("/v1/things", headers=headers, content=b"hello").json()["bytes"] == 5
        again = client.post("/v1/things", headers=headers, content=b"hello")
        assert (again.status_code, code_of(again)) == (401, "invalid_signature")

    @pytest.mark.parametrize("content", [b"hellO", b"hello ", b"", b"hell"])
    def test_another_body(self, caller, content):
        """No handler sees a body that was not signed."""
        client, sign = caller
        answer = client.post("/v1/things", headers=sign(b"hello", "1"), content=content)
        assert (answer.status_code, code_of(answer)) == (400, "content_digest_mismatch")

    def test_in_parts(self, caller):
        """A body that comes in parts is the same body."""
        client, sign = caller
        headers = sign(b"hello", "1")
        parts = iter([b"he", b"l", b"", b"lo"])
        assert client.post("/v1/things", headers=headers, content=parts).json()["bytes"] == 5

    def test_the_key_alone(self, caller):
        """Is worth nothing."""
        client, sign = caller
        headers = {"Authorization": sign(b"", "1")["Authorization"]}
        answer = client.post("/v1/things", headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_signature")


class TestStart:
    @pytest.mark.parametrize("opt", [{}, {"scope": "verify"}, {"scope": ()}, {"scope": ("x",)}])
    def test_a_route_says_what_it_needs(self, services, monkeypatch, opt):
        """Whoever forgets the scope, or misspells it, does not start a server."""

        @get("/v1/forgotten", opt=opt, sync_to_thread=False)
        def forgotten() -> str:
            return ""

        monkeypatch.setattr("fvs_server.app.ROUTES", (forgotten,))
        with pytest.raises(UsageError, match="/v1/forgotten"):
            create_app(services)


class TestLogs:
    def test_no_secret_is_logged(self, client, services, caplog):
        """Neither a good key's text nor a bad one's, nor a token."""
        good = issue(services).text.reveal()
        shown = [good, f"{good[:-1]}{'A' if good[-1] != 'A' else 'E'}", "aaaa.bbbb.cccc", "fvs_zz"]
        with caplog.at_level(logging.DEBUG):
            for text in shown:
                client.post("/v1/things", headers={"Authorization": f"Bearer {text}"})
        logged = "\n".join(f"{record.getMessage()} {record.exc_info}" for record in caplog.records)
        assert "authentication failed" in logged
        for text in shown:
            assert text.rpartition("_")[2] not in logged


def test_idps_are_told_apart(client, services):
    """The principal is of the key's identity provider, whatever else the request says."""
    headers = bearer(services, Scope.VERIFY, idp=TELCO) | {"X-IdP": BANK}
    assert client.post("/v1/things", headers=headers).json()["idp"] == TELCO


def test_settings_are_read():
    """The tables of identity are found in the file."""
    text = """
    [identity]
    key_cache_s = 1
    [oauth2.clients.backend]
    idp = "bank.example"
    scopes = ["verify"]
    [[mtls.certificates]]
    idp = "telco.example"
    scopes = ["compare"]
    subject = "CN=telco.example"
    """
    settings = msgspec.toml.decode(text, type=Settings)
    assert settings.identity.key_cache_s == 1
    assert settings.oauth2.clients["backend"].scopes == (Scope.VERIFY,)
    assert settings.mtls.certificates[0].idp == TELCO
