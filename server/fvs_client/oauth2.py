"""OAuth2 client credentials with `private_key_jwt` (RFC 6749, 7521, 7523) as credentials."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from fvs_client.errors import (
    ClientError,
    ConfigurationError,
    UnexpectedAnswerError,
    UnreachableError,
)
from fvs_client.exchange import HttpRequest, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs_client.exchange import Conversation, HttpReply

__all__ = ["ClientCredentials", "OAuth2Error", "TokenEndpoint"]

_GRANT = "client_credentials"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE_S = 60
_RENEW_BEFORE_S = 30.0
"""A token that ends sooner is not used: it would end on its way."""
_UNSAID_LIFE_S = 60.0
"""Of a token whose issuer does not say."""
_OK = 200
_ALGORITHM = {"RSA": "PS256", "EC": "ES256", "OKP": "Ed25519"}
_CURVES = frozenset({"Ed25519", "P-256"})
_SigningKey = RSAKey | ECKey | OKPKey


class OAuth2Error(ClientError):
    """The issuer gave no token; its error code of RFC 6749, section 5.2, says why."""


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: str
    expires_in: float = _UNSAID_LIFE_S


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749, section 5.2."""

    error: str = ""


@dataclass(frozen=True)
class _Held:
    """A token and until when it is used, by the monotonic clock."""

    text: str = field(repr=False)
    ends_at: float


@dataclass(frozen=True, kw_only=True)
class TokenEndpoint:
    """Where tokens are got, and for what.

    Attributes:
        url: of the issuer's token endpoint.
        client_id: that the issuer knows the caller by.
        scope: words, for example `verify compare`.
        resource: of the service, as its [oauth2] audience says (RFC 8707); empty sends none.
        audience: of the assertion; empty is `url`.
    """

    url: str
    client_id: str
    scope: str
    resource: str = ""
    audience: str = ""


class ClientCredentials:
    """Gets access tokens and keeps each until shortly before its end. Threads may share it."""

    def __init__(
        self,
        endpoint: TokenEndpoint,
        private_key_pem: bytes,
        *,
        key_id: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Take the key whose public half the issuer has.

        Args:
            endpoint: of the issuer.
            private_key_pem: RSA (signs PS256), P-256 (ES256) or Ed25519.
            key_id: as the issuer calls it.
            monotonic: clock of the cache, seconds.
            now_s: of assertions, seconds since 1970.

        Raises:
            ConfigurationError: the key is of none of these kinds.
        """
        self._endpoint = endpoint
        self._key = _signing_key(private_key_pem)
        self._key_id = key_id
        self._monotonic = monotonic
        self._now_s = now_s
        # One name bound in one step: threads that race fetch two tokens, both good.
        self._held: _Held | None = None

    def authorization(self, timeout_s: float) -> Conversation[str]:
        """A token that lasts, got from the issuer when there is none.

        Raises:
            OAuth2Error: the issuer refused.
            UnreachableError: it did not answer.
        """
        held = self._held
        if held is None or held.ends_at <= self._monotonic():
            held = yield from self._fetch(timeout_s)
            self._held = held
        return f"Bearer {held.text}"

    def renew(self) -> bool:
        """Forget the token, so that another is got."""
        had, self._held = self._held, None
        return had is not None

    def _fetch(self, timeout_s: float) -> Conversation[_Held]:
        asked_at = self._monotonic()
        outcome = yield from fetch(
            HttpRequest(
                method="POST",
                url=self._endpoint.url,
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                content=urlencode(self._form()).encode(),
                timeout_s=timeout_s,
            )
        )
        if isinstance(outcome, UnreachableError):
            # Of the issuer: the service has not seen the call.
            raise UnreachableError(f"the issuer: {outcome}", was_sent=False)
        token = _token(outcome)
        return _Held(token.access_token, asked_at + token.expires_in - _RENEW_BEFORE_S)

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": _GRANT,
            "client_id": self._endpoint.client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
            "scope": self._endpoint.scope,
        }
        return form | ({"resource": self._endpoint.resource} if self._endpoint.resource else {})

    def _assertion(self) -> str:
        """RFC 7523, section 3."""
        now = int(self._now_s())
        claims = {
            "iss": self._endpoint.client_id,
            "sub": self._endpoint.client_id,
            "aud": self._endpoint.audience or self._endpoint.url,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + _ASSERTION_LIFE_S,
        }
        algorithm = _ALGORITHM[self._key.key_type]
        header = {"alg": algorithm, "typ": "JWT"}
        if self._key_id is not None:
            header["kid"] = self._key_id
        return jws.serialize_compact(
            header, msgspec.json.encode(claims), self._key, algorithms=[algorithm]
        )


def _signing_key(pem: bytes) -> _SigningKey:
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and (isinstance(key, RSAKey) or key.curve_name in _CURVES):
            return key
    raise ConfigurationError("the private key is not RSA, P-256 or Ed25519 in PEM")


def _token(reply: HttpReply) -> _Token:
    try:
        if reply.status == _OK:
            token = msgspec.json.decode(reply.content, type=_Token)
            if token.token_type.lower() == "bearer":
                return token
        refusal = msgspec.json.decode(reply.content, type=_Refusal)
    except msgspec.DecodeError:
        raise UnexpectedAnswerError(reply.status, "the issuer's answer is not OAuth2") from None
    raise OAuth2Error(f"the issuer gave no token: {refusal.error or reply.status}")
