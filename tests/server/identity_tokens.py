"""An issuer of access tokens, and certificates, for tests."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import warnings
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from fvs_server.identity.principal import Scope
from fvs_server.identity.settings import Oauth2Client, Oauth2Settings
from tests.server.identity_fixtures import BANK, NOW, TELCO

ISSUER, AUDIENCE = "https://issuer.example", "https://fvs.example"
CLIENT, BOUND_CLIENT = "bank-backend", "telco-backend"
ALGORITHM_OF = {"rsa": "RS256", "ec": "ES256", "okp": "Ed25519"}


@cache
def issuer_keys() -> dict[str, RSAKey | ECKey | OKPKey]:
    """Private keys of the issuer, by id."""
    return {
        "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
        "okp": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
    }


def jwks(*more: dict[str, Any]) -> bytes:
    """What the issuer publishes."""
    keys = [key.as_dict(private=False) for key in issuer_keys().values()]
    return json.dumps({"keys": [*keys, *more]}).encode()


def oauth2(location: str) -> Oauth2Settings:
    """Settings that take this issuer's tokens; it publishes its keys at `location`."""
    return Oauth2Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        jwks=location,
        algorithms=("ES256", "Ed25519", "EdDSA", "PS256", "RS256"),
        clients={
            CLIENT: Oauth2Client(idp=BANK, scopes=(Scope.VERIFY, Scope.STATISTICS)),
            BOUND_CLIENT: Oauth2Client(idp=TELCO, scopes=(Scope.VERIFY,), certificate_bound=True),
        },
    )


def claims(**changes: object) -> dict[str, Any]:
    """Of a good token; a change to None leaves a claim out."""
    now = int(NOW.timestamp())
    good = {
        "iss": ISSUER,
        "sub": CLIENT,
        "aud": AUDIENCE,
        "exp": now + 300,
        "iat": now,
        "jti": "1",
        "client_id": CLIENT,
        "scope": "verify",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(
    payload: dict[str, Any] | None = None,
    key: RSAKey | ECKey | OKPKey | None = None,
    **header: object,
) -> str:
    """A token that the issuer signed, or whoever has `key`; headers may be changed."""
    kid = str(header.get("kid", "okp"))
    signer = key or issuer_keys()[kid]
    full = {"typ": "at+jwt", "alg": ALGORITHM_OF.get(kid, "Ed25519"), "kid": kid} | header
    full = {name: value for name, value in full.items() if value is not None}
    body = json.dumps(claims() if payload is None else payload).encode()
    registry = jws.JWSRegistry(algorithms=[str(full["alg"])], strict_check_header=False)
    registry.max_header_length = 4096
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # at EdDSA, which RFC 9864 renames
        return jws.serialize_compact(full, body, signer, registry=registry)


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    """A token that nobody signed."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@cache
def certificate(name: str = "bank.example", *, days: int = 30) -> bytes:
    """DER of a client certificate in force at NOW; a negative number of days: of one that was."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    last = NOW + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(min(NOW, last) - timedelta(days=1))
        .not_valid_after(last)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def client_cert(der: bytes) -> str:
    """The field of RFC 9440."""
    return f":{base64.b64encode(der).decode()}:"


@pytest.fixture
def published():
    """A web server on the loopback, and what it answers by path."""
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer as told."""
            status, body, headers = answers.get(self.path, (404, b"", {}))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join()
