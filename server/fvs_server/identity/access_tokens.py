"""OAuth2 access tokens as JWTs (RFC 9068) of one configured issuer.

The issuer authenticates its clients (`private_key_jwt`, RFC 7523); we check what it signed.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from fvs.errors import DeploymentError
from fvs_server.details import Detail
from fvs_server.identity.jwks import Jwks, jwks_reader
from fvs_server.identity.principal import AuthenticationMethod, Principal, Scope
from fvs_server.identity.refusals import RefusedCredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from joserfc._rfc7515.model import JWSAlgModel

    from fvs_server.identity.jwks import IssuerKey
    from fvs_server.identity.settings import Oauth2Client, Oauth2Settings

__all__ = ["AccessTokens"]

_MOST_CHARACTERS = 8192
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
"""RFC 9068, section 2.1: an ID token of the same issuer must not pass."""
_CERTIFICATE_BINDING = "x5t#S256"


class _Claims(msgspec.Struct, kw_only=True):
    """RFC 9068, section 2.2: what must be there, and what we read of the rest."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    jti: str
    client_id: str
    nbf: float | None = None
    scope: str = ""
    cnf: dict[str, Any] | None = None


class _Registry(jws.JWSRegistry):
    """Algorithms of the allow-list and no others; header fields that we do not know are ignored."""

    max_header_length = 4096

    def __init__(self, algorithms: tuple[str, ...]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)
        self._allowed = {name: self.algorithms[name] for name in algorithms}

    def get_alg(self, name: str) -> JWSAlgModel:
        # joserfc's own warns at each use of EdDSA, which RFC 9864 only renames.
        try:
            return self._allowed[name]
        except (KeyError, TypeError):
            raise RefusedCredentialsError("token_algorithm") from None


class AccessTokens:
    """Checks tokens of the configured issuer."""

    def __init__(self, settings: Oauth2Settings, keys: Jwks, clock: Callable[[], datetime]) -> None:
        """Use `AccessTokens.open`, unless the keys come from elsewhere."""
        self._settings = settings
        self._registry = _Registry(settings.algorithms)
        self._keys = keys
        self._clock = clock

    @classmethod
    def open(cls, settings: Oauth2Settings, clock: Callable[[], datetime]) -> AccessTokens | None:
        """Of the settings; None where they name no issuer.

        Raises:
            DeploymentError: they name one and leave out what it cannot do without.
        """
        if not settings.issuer:
            return None
        if not (settings.audience and settings.algorithms):
            raise DeploymentError(
                "tokens of an issuer are taken, but not for whom",
                advice="Set [oauth2] audience and algorithms.",
            )
        keys = Jwks(jwks_reader(settings.jwks), lifetime_s=settings.jwks_cache_s)
        return cls(settings, keys, clock)

    def check(self, token: str, certificate_sha256: bytes | None) -> Principal:
        """Whose token it is and what it carries.

        Args:
            token: as it was sent.
            certificate_sha256: of the TLS client certificate, where a trusted proxy saw one.

        Raises:
            RefusedCredentialsError: it is not the issuer's, not for us, or not now.
            ServiceError: ISSUER_UNAVAILABLE.
        """
        claims = self._claims(self._signed_payload(token))
        self._require_addressed(claims)
        self._require_current(claims)
        client = self._settings.clients.get(claims.client_id)
        if client is None:
            raise RefusedCredentialsError("client_unknown", Detail.CLIENT_UNKNOWN.value)
        _require_bound(claims, client, certificate_sha256)
        return Principal(
            idp=client.idp,
            key_id=claims.client_id,
            scopes=_granted(claims.scope, client),
            method=AuthenticationMethod.OAUTH2,
        )

    def forget(self) -> None:
        """Fetch the issuer's keys again."""
        self._keys.forget()

    def _signed_payload(self, token: str) -> bytes:
        """What the issuer signed; `jwk`, `jku`, `x5u` and `x5c` of the header are never read."""
        if len(token) > _MOST_CHARACTERS:
            raise RefusedCredentialsError("token_long")
        try:
            shown = jws.extract_compact(token.encode("ascii"), registry=self._registry)
            key = self._key_for(shown.headers())
            if not jws.validate_compact(shown, key, registry=self._registry):
                raise RefusedCredentialsError("token_signature")
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            # Of a stranger's making, in shapes that joserfc does not always foresee.
            raise RefusedCredentialsError("token_malformed") from error
        return shown.payload

    def _key_for(self, header: dict[str, Any]) -> IssuerKey:
        if str(header.get("typ", "")).lower() not in _TYPES:
            raise RefusedCredentialsError("token_type")
        if "crit" in header or "b64" in header:
            raise RefusedCredentialsError("token_critical")
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in self._settings.algorithms:
            raise RefusedCredentialsError("token_algorithm")
        key = self._keys.key(key_id) if isinstance(key_id, str) else None
        if key is None or (key.alg is not None and key.alg != algorithm):
            raise RefusedCredentialsError("token_key")
        return key

    @staticmethod
    def _claims(payload: bytes) -> _Claims:
        try:
            return msgspec.json.decode(payload, type=_Claims)
        except msgspec.DecodeError as error:
            raise RefusedCredentialsError("token_claims", Detail.TOKEN_CLAIMS.value) from error

    def _require_addressed(self, claims: _Claims) -> None:
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._settings.issuer:
            raise RefusedCredentialsError("token_issuer", Detail.TOKEN_ISSUER.value)
        if self._settings.audience not in audiences:
            raise RefusedCredentialsError("token_audience", Detail.TOKEN_AUDIENCE.value)

    def _require_current(self, claims: _Claims) -> None:
        now, leeway_s = self._clock().timestamp(), self._settings.leeway_s
        begins = max(claims.iat, claims.iat if claims.nbf is None else claims.nbf)
        if begins > now + leeway_s:
            raise RefusedCredentialsError("token_early", Detail.TOKEN_EARLY.value)
        if claims.exp <= now - leeway_s:
            raise RefusedCredentialsError("token_expired", Detail.TOKEN_EXPIRED.value)
        if claims.exp - claims.iat > self._settings.longest_life_s:
            raise RefusedCredentialsError("token_lifetime", Detail.TOKEN_LIFETIME.value)


def _require_bound(claims: _Claims, client: Oauth2Client, sha256: bytes | None) -> None:
    """RFC 8705, section 3: a bound token is worth nothing without the certificate's key."""
    if claims.cnf is None:
        if client.certificate_bound:
            raise RefusedCredentialsError("token_unbound", Detail.TOKEN_UNBOUND.value)
        return
    bound_to = claims.cnf.get(_CERTIFICATE_BINDING)
    # Another binding (DPoP's `jkt`) is one that we cannot check.
    if not isinstance(bound_to, str) or len(claims.cnf) != 1 or sha256 is None:
        raise RefusedCredentialsError("token_binding", Detail.TOKEN_BINDING.value)
    shown = base64.urlsafe_b64encode(sha256).rstrip(b"=")
    if not hmac.compare_digest(shown, bound_to.encode()):
        raise RefusedCredentialsError("token_binding", Detail.TOKEN_BINDING.value)


def _granted(words: str, client: Oauth2Client) -> frozenset[Scope]:
    """Scopes that the token carries and its client may have; other words mean nothing here."""
    carried = set(words.split())
    return frozenset(scope for scope in client.scopes if scope.value in carried)
