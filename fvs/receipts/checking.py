"""Checks a receipt against public keys; needs neither network nor server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from fvs.certificates.signing import PublicJwk
from fvs.errors import UsageError
from fvs.receipts.claims import CREDENTIAL_TYPE
from fvs.receipts.errors import ReceiptError
from fvs.receipts.jws import verify_compact
from fvs.receipts.sd_jwt import SEPARATOR, verify_disclosed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RECEIPT_TYP", "CheckedReceipt", "check_receipt", "read_jwks"]

RECEIPT_TYP = "fvs-receipt+jwt"


class CheckedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that is genuine.

    Attributes:
        form: `jws` or `sd_jwt_vc`.
        decided_at: when, UTC.
        claims: what it states; of a credential, what its holder shows.
    """

    form: str
    decided_at: datetime
    claims: dict[str, Any]


class _Jwk(msgspec.Struct, frozen=True):
    kty: str = ""
    crv: str = ""
    x: str = ""
    kid: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[_Jwk]


def read_jwks(content: bytes) -> dict[str, PublicJwk]:
    """The Ed25519 keys of a JWK set (RFC 7517), by `kid`; other keys are left out.

    Raises:
        UsageError: it is none.
    """
    try:
        found = msgspec.json.decode(content, type=_Jwks).keys
        return {
            key.kid: PublicJwk(kty=key.kty, crv=key.crv, x=key.x, kid=key.kid)
            for key in found
            if (key.kty, key.crv) == ("OKP", "Ed25519")
        }
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise UsageError(
            "this is no set of public keys",
            advice="Save the service's /.well-known/jwks.json and give that file.",
        ) from error


def check_receipt(text: str, keys: Mapping[str, PublicJwk], now: datetime) -> CheckedReceipt:
    """Check a receipt of either form.

    Args:
        text: `receipt.jws` or `receipt.sd_jwt_vc` of an answer.
        keys: of the service, see `read_jwks`.
        now: UTC; a credential expires.

    Raises:
        ReceiptError: it proves nothing; the code says why.
    """
    text = text.strip()
    is_credential = SEPARATOR in text
    if is_credential:
        claims = verify_disclosed(text, keys)
    else:
        claims = verify_compact(text, types=frozenset({RECEIPT_TYP}), keys=keys)
    if is_credential and claims.get("vct") != CREDENTIAL_TYPE:
        raise ReceiptError(
            "other_type", "the credential is of another type", advice="Give one of this service."
        )
    if claims.get("exp", now.timestamp() + 1) <= now.timestamp():
        raise ReceiptError(
            "expired", "its time is over", advice="Verify the person anew, or give the JWS."
        )
    return CheckedReceipt(
        form="sd_jwt_vc" if is_credential else "jws",
        decided_at=datetime.fromtimestamp(claims["iat"], UTC),
        claims=claims,
    )
