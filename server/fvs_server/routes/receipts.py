"""`/.well-known/jwks.json`: the public keys of receipts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]

_PUBLIC: dict[str, Any] = {"scope": None}
_KEPT_FOR = {"Cache-Control": "public, max-age=600"}


class JwkDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A public Ed25519 key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class JwksAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A JWK set (RFC 7517)."""

    keys: list[JwkDocument]


class IssuerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of the issuer of credentials (SD-JWT VC, section 5)."""

    issuer: str
    jwks: JwksAnswer


@get("/.well-known/jwks.json", opt=_PUBLIC, sync_to_thread=True)
def get_jwks(services: Injected[Services]) -> Response[JwksAnswer]:
    """The public keys of receipts; `fvs receipt verify` takes this document."""
    return Response(_jwks(services), headers=_KEPT_FOR)


@get("/.well-known/jwt-vc-issuer", opt=_PUBLIC, sync_to_thread=True)
def get_issuer(services: Injected[Services]) -> Response[IssuerAnswer]:
    """The same for wallets."""
    answer = IssuerAnswer(issuer=services.settings.http.issuer, jwks=_jwks(services))
    return Response(answer, headers=_KEPT_FOR)


def _jwks(services: Services) -> JwksAnswer:
    return msgspec.convert(services.receipts.jwks(), JwksAnswer)


ROUTES = (get_issuer, get_jwks)
