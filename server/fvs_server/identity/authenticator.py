"""Who calls: an API key, an access token or a client certificate -> a principal."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fvs_server.details import Detail
from fvs_server.identity.access_tokens import AccessTokens
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.cache import ShortMemory
from fvs_server.identity.client_certificates import ClientCertificates
from fvs_server.identity.failures import Failures
from fvs_server.identity.key_check import KeyCheck
from fvs_server.identity.key_text import KEY_PREFIX
from fvs_server.identity.peers import Peers
from fvs_server.identity.principal import AuthenticationMethod, Principal
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.signatures import Signatures
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.identity.api_keys import ApiKey
    from fvs_server.identity.client_certificates import ClientCertificate
    from fvs_server.identity.request_head import RequestHead
    from fvs_server.identity.signatures import BodyDigests
    from fvs_server.secrets import ServerSecrets
    from fvs_server.settings import Settings

__all__ = ["Authenticator", "Proof"]

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.ASCII | re.IGNORECASE)
"""RFC 6750, section 2.1."""
_PROVED_S = 600.0
_MOST_PROVED = 10_000


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A caller who was believed.

    Attributes:
        principal: who calls.
        body: what the body must hash to, of a signed request; else None.
    """

    principal: Principal
    body: BodyDigests | None = None


@dataclass(frozen=True, kw_only=True)
class _Means:
    """How callers are checked; `tokens` is None without an issuer."""

    keys: KeyCheck
    signatures: Signatures
    tokens: AccessTokens | None
    certificates: ClientCertificates
    peers: Peers
    failures: Failures


class Authenticator:
    """Authenticates requests by their heads. Threads may share it; calls may block for a moment."""

    def __init__(self, means: _Means) -> None:
        """Use `Authenticator.open`."""
        self._means = means
        self._proved: ShortMemory[bytes, bool] = ShortMemory(_PROVED_S, _MOST_PROVED)

    @classmethod
    def open(
        cls,
        settings: Settings,
        secrets: ServerSecrets,
        database: Database,
        clock: Callable[[], datetime],
    ) -> Self:
        """As the settings want it.

        Raises:
            DeploymentError: they contradict themselves.
        """
        peers = Peers(settings.http.trusted_proxies)
        own = settings.identity
        means = _Means(
            keys=KeyCheck(database, ApiKeys(secrets), clock, remember_s=own.key_cache_s),
            signatures=Signatures(
                database,
                clock,
                window_s=own.signature_window_s,
                public_url=settings.http.public_url,
            ),
            tokens=AccessTokens.open(settings.oauth2, clock),
            certificates=ClientCertificates(settings.mtls, peers, clock),
            peers=peers,
            failures=Failures(own.failures_per_minute),
        )
        return cls(means)

    def authenticate(self, head: RequestHead) -> Proof:
        """Who calls.

        An address that failed too often waits, except with what was good a while ago: nobody can
        lock out a neighbour behind the same address.

        Raises:
            ServiceError: UNAUTHENTICATED, there are no credentials; INVALID_CREDENTIALS or
                INVALID_SIGNATURE, they do not hold; AUTHENTICATION_THROTTLED; INVALID_REQUEST, a
                field is there twice; ISSUER_UNAVAILABLE.
        """
        address = self._means.peers.client_of(head)
        shown = _fingerprint(head)
        if self._proved.get(shown) is None:
            self._means.failures.require_room(address)
        try:
            proof = self._check(head)
        except RefusedCredentialsError as error:
            self._means.failures.record(address, error.reason)
            raise
        self._proved.keep(shown, value=True)
        return proof

    def is_quick(self, head: RequestHead) -> bool:
        """Whether `authenticate` waits for nothing: no database, issuer or elliptic curve.

        Most requests are such: of a key that called a moment ago. A change of threads would cost
        more than their authentication.
        """
        shown = head.all("authorization")
        found = _BEARER.fullmatch(shown[0]) if len(shown) == 1 else None
        return (
            found is not None
            and found[1].startswith(KEY_PREFIX)
            and not head.all("signature")
            and self._means.keys.remembers(found[1])
        )

    def principal_of_key(self, text: str, address: str) -> Principal:
        """Whose an API key is, that a person typed into a page.

        Raises:
            ServiceError: as `authenticate`; INVALID_SIGNATURE, the key is only for signed requests.
        """
        self._means.failures.require_room(address)
        try:
            key = self._means.keys.check(text)
            _require_unsigned(key)
        except RefusedCredentialsError as error:
            self._means.failures.record(address, error.reason)
            raise
        return _principal(key)

    def forget(self) -> None:
        """Look everything up again: keys were revoked, or the issuer has new ones."""
        self._means.keys.forget()
        if self._means.tokens is not None:
            self._means.tokens.forget()

    def _check(self, head: RequestHead) -> Proof:
        certificate = self._means.certificates.shown(head)
        authorization = head.only("authorization")
        if authorization is not None:
            return self._check_bearer(authorization, head, certificate)
        if certificate is not None:
            return Proof(principal=self._means.certificates.principal(certificate))
        raise ServiceError(Problem.UNAUTHENTICATED)

    def _check_bearer(
        self, authorization: str, head: RequestHead, certificate: ClientCertificate | None
    ) -> Proof:
        found = _BEARER.fullmatch(authorization)
        if found is None:
            raise RefusedCredentialsError("scheme", Detail.AUTHORIZATION_SCHEME.value)
        token = found[1]
        if token.startswith(KEY_PREFIX):
            key = self._means.keys.check(token)
            signed = key.signing_key
            body = None if signed is None else self._means.signatures.check(head, key, signed)
            return Proof(principal=_principal(key), body=body)
        if self._means.tokens is None:
            raise RefusedCredentialsError("token_unexpected")
        sha256 = None if certificate is None else certificate.sha256
        return Proof(principal=self._means.tokens.check(token, sha256))


def _require_unsigned(key: ApiKey) -> None:
    if key.signing_key is not None:
        raise RefusedCredentialsError(
            "signature_missing",
            Detail.SIGNATURE_REQUIRED.value,
            problem=Problem.INVALID_SIGNATURE,
        )


def _principal(key: ApiKey) -> Principal:
    return Principal(
        idp=key.idp, key_id=key.key_id, scopes=key.scopes, method=AuthenticationMethod.API_KEY
    )


def _fingerprint(head: RequestHead) -> bytes:
    """Of all credentials that are shown."""
    shown = (*head.all("authorization"), "", *head.all("client-cert"))
    return hashlib.sha256("\n".join(shown).encode("latin-1", "replace")).digest()
