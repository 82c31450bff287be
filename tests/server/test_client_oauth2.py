"""Client credentials with `private_key_jwt`: what the issuer gets, and how long a token serves."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from fvs_client.errors import ConfigurationError, UnexpectedAnswerError, UnreachableError
from fvs_client.exchange import HttpReply
from fvs_client.oauth2 import ClientCredentials, OAuth2Error, TokenEndpoint

ENDPOINT = TokenEndpoint(
    url="https://issuer.example/token",
    client_id="bank-backend",
    scope="verify compare",
    resource="https://fvs.example",
)
NOW_S = 1_800_000_000
KEYS = [
    (rsa.generate_private_key(65537, 2048), RSAKey, "PS256"),
    (ec.generate_private_key(ec.SECP256R1()), ECKey, "ES256"),
    (ed25519.Ed25519PrivateKey.generate(), OKPKey, "Ed25519"),
]


def pem(key) -> bytes:
    """As files hold it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class Clock:
    """Stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The cache's."""
    return Clock()


@pytest.fixture
def credentials(clock) -> ClientCredentials:
    """Of an Ed25519 key."""
    return ClientCredentials(
        ENDPOINT, pem(KEYS[2][0]), key_id="k1", monotonic=clock, now_s=lambda: NOW_S
    )


def granted(text: str = "t1", **changes: object) -> HttpReply:
    """The issuer gives a token."""
    document = {"access_token": text, "token_type": "Bearer", "expires_in": 300, **changes}
    return HttpReply(status=200, headers={}, content=json.dumps(document).encode())


def authorize(credentials, *outcomes):
    """Requests to the issuer, and the header's value or what was raised."""
    requests, left = [], list(outcomes)
    conversation = credentials.authorization(5.0)
    try:
        request = next(conversation)
        while True:
            requests.append(request)
            request = conversation.send(left.pop(0))
    except StopIteration as end:
        return requests, end.value


class TestRequest:
    @pytest.mark.parametrize(("key", "kind", "algorithm"), KEYS, ids=["rsa", "ec", "okp"])
    def test_is_rfc_7523(self, key, kind, algorithm):
        """The assertion is for the issuer alone, short-lived, and signed with the client's key."""
        credentials = ClientCredentials(ENDPOINT, pem(key), key_id="k1", now_s=lambda: NOW_S)
        (request,), value = authorize(credentials, granted())
        assert value == "Bearer t1"
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        assertion = jws.deserialize_compact(
            form.pop("client_assertion"), kind.import_key(pem(key)), algorithms=[algorithm]
        )
        assert form == {
            "grant_type": "client_credentials",
            "client_id": "bank-backend",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "scope": "verify compare",
            "resource": "https://fvs.example",
        }
        assert assertion.headers() == {"alg": algorithm, "typ": "JWT", "kid": "k1"}
        claims = json.loads(assertion.payload)
        assert claims.pop("jti")
        assert claims == {
            "iss": "bank-backend",
            "sub": "bank-backend",
            "aud": "https://issuer.example/token",
            "iat": NOW_S,
            "exp": NOW_S + 60,
        }

    @pytest.mark.parametrize(
        "key",
        [
            b"",
            b"no key",
            pem(x25519.X25519PrivateKey.generate()),
            pem(ec.generate_private_key(ec.SECP384R1())),
        ],
    )
    def test_keys_that_cannot_sign(self, key):
        """Are found when the credentials are made."""
        credentials = None
        with pytest.raises(ConfigurationError):
            credentials = ClientCredentials(ENDPOINT, key)
        assert credentials is None


class TestCache:
    def test_a_token_serves_until_shortly_before_its_end(self, credentials, clock):
        """Thirty seconds before, another is got."""
        authorize(credentials, granted())
        clock.now += 269
        assert authorize(credentials) == ([], "Bearer t1")
        clock.now += 1
        requests, value = authorize(credentials, granted("t2"))
        assert (len(requests), value) == (1, "Bearer t2")

    def test_a_refused_token_is_forgotten(self, credentials):
        """Once there was one, another may help; without one, nothing would change."""
        assert not credentials.renew()
        authorize(credentials, granted())
        assert credentials.renew()
        assert authorize(credentials, granted("t2"))[1] == "Bearer t2"

    def test_a_failure_keeps_nothing(self, credentials):
        """The next call asks again."""
        with pytest.raises(OAuth2Error):
            authorize(credentials, HttpReply(status=400, headers={}, content=b'{"error":"x"}'))
        assert authorize(credentials, granted())[1] == "Bearer t1"


class TestRefusals:
    def test_the_issuers_code_is_told(self, credentials):
        """RFC 6749, section 5.2."""
        reply = HttpReply(status=401, headers={}, content=b'{"error":"invalid_client"}')
        with pytest.raises(OAuth2Error, match="invalid_client"):
            authorize(credentials, reply)

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[]"])
    def test_what_is_not_oauth2(self, credentials, content):
        """Is not taken for a token."""
        with pytest.raises(UnexpectedAnswerError):
            authorize(credentials, HttpReply(status=200, headers={}, content=content))

    def test_another_type_of_token(self, credentials):
        """A token that cannot stand after Bearer is of no use."""
        kind = {"token_type": "mac"}
        with pytest.raises(OAuth2Error):
            authorize(credentials, granted(**kind))

    def test_an_issuer_that_is_down(self, credentials):
        """The service has not seen the call: it may be sent again."""
        with pytest.raises(UnreachableError) as caught:
            authorize(credentials, UnreachableError("ReadError", was_sent=True))
        assert not caught.value.was_sent
