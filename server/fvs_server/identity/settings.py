"""`[identity]`, `[oauth2]` and `[mtls]` of the server's settings."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from fvs_server.identity.principal import IDP_PATTERN, Scope

__all__ = [
    "IdentitySettings",
    "MappedCertificate",
    "MtlsSettings",
    "Oauth2Client",
    "Oauth2Settings",
    "SignatureAlgorithm",
]

SignatureAlgorithm = Literal[
    "ES256", "ES384", "ES512", "Ed25519", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384",
    "RS512",
]  # fmt: skip
"""Of access tokens (RFC 7518, RFC 9864): never `none` nor a shared secret, even if configured."""

_Seconds = Annotated[float, msgspec.Meta(gt=0)]
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Idp = Annotated[str, msgspec.Meta(pattern=IDP_PATTERN)]
_Sha256Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table in which a misspelt key is an error."""


class IdentitySettings(_Table, frozen=True, kw_only=True):
    """`[identity]`.

    Attributes:
        key_cache_s: for so long a key is believed without another look at the database; a revoked
            one works no longer than that, in any replica.
        failures_per_minute: failed authentications of one address, after which it has to wait.
        signature_window_s: a signed request that is older is refused (RFC 9421 `created`).
    """

    key_cache_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 5.0
    failures_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 30
    signature_window_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 300


class Oauth2Client(_Table, frozen=True, kw_only=True):
    """`[oauth2.clients.CLIENT_ID]`: whom a client of the issuer calls for.

    Attributes:
        idp: the identity provider.
        scopes: the most that a token of this client may carry.
        certificate_bound: whether its tokens must be bound to a TLS certificate (RFC 8705).
    """

    idp: _Idp
    scopes: tuple[Scope, ...]
    certificate_bound: bool = False


class Oauth2Settings(_Table, frozen=True, kw_only=True):
    """`[oauth2]`: access tokens of one issuer (RFC 9068); without an issuer none is taken.

    Attributes:
        issuer: as its tokens name it in `iss`.
        audience: as they name this service in `aud`.
        jwks: its keys: an https URL, or a file where there is no network.
        algorithms: in which tokens may be signed.
        jwks_cache_s: for so long its keys are not fetched again.
        leeway_s: by which its clock may differ from ours.
        longest_life_s: a token that lives longer is refused.
        clients: by `client_id`.
    """

    issuer: str = ""
    audience: str = ""
    jwks: str = ""
    algorithms: tuple[SignatureAlgorithm, ...] = ("ES256", "Ed25519", "PS256", "RS256")
    jwks_cache_s: _Seconds = 300.0
    leeway_s: Annotated[float, msgspec.Meta(ge=0, le=300)] = 30.0
    longest_life_s: _Seconds = 3600.0
    clients: dict[str, Oauth2Client] = msgspec.field(default_factory=dict)


class MappedCertificate(_Table, frozen=True, kw_only=True):
    """`[[mtls.certificates]]`: whom a TLS client certificate stands for; name it one way.

    Attributes:
        idp: the identity provider.
        scopes: what it may do.
        sha256: of the certificate's DER bytes, in hexadecimal.
        subject: its subject as RFC 4514 writes it, for example `CN=bank.example,O=Bank,C=TH`.
    """

    idp: _Idp
    scopes: tuple[Scope, ...]
    sha256: _Sha256Hex | None = None
    subject: _Text | None = None


class MtlsSettings(_Table, frozen=True, kw_only=True):
    """`[mtls]`: certificates that a proxy of `http.trusted_proxies` has verified.

    Attributes:
        certificates: those that are enough to call; others can only bind tokens.
    """

    certificates: tuple[MappedCertificate, ...] = ()
