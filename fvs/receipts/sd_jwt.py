"""Selective disclosure (RFC 9901): a JWS of digests, and the claims that the holder shows.

    <JWS>~<disclosure>~<disclosure>~

Each disclosure is base64url of `[salt, name, value]`; its SHA-256 stands in `_sd` of the JWS. Who
holds the credential leaves out what others need not see. Claims are flat: digests stand at the top
level alone, and no key of the holder is bound.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from fvs.receipts.errors import ReceiptError
from fvs.receipts.jws import encoded, sign_compact, verify_compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from fvs.certificates.signing import PublicJwk

__all__ = ["CREDENTIAL_TYP", "SEPARATOR", "sign_disclosable", "verify_disclosed"]

CREDENTIAL_TYP = "dc+sd-jwt"
SEPARATOR = "~"
_SALT_BYTES = 16
_DIGEST = "sha-256"
_RESERVED = frozenset({"_sd", "_sd_alg", "..."})


def sign_disclosable(
    always: Mapping[str, object],
    disclosable: Mapping[str, object],
    *,
    kid: str,
    key: Ed25519PrivateKey,
) -> str:
    """A credential with all its disclosures.

    Args:
        always: claims that everybody sees.
        disclosable: claims that the holder shows or does not.
        kid: of the key.
        key: that signs.
    """
    disclosures = [
        encoded(msgspec.json.encode([encoded(secrets.token_bytes(_SALT_BYTES)), name, value]))
        for name, value in disclosable.items()
    ]
    # Sorted, so that the order does not tell which digest is of which claim.
    digests = sorted(_digest(disclosure) for disclosure in disclosures)
    claims = {**always, "_sd": digests, "_sd_alg": _DIGEST}
    signed = sign_compact(claims, typ=CREDENTIAL_TYP, kid=kid, key=key)
    return SEPARATOR.join([signed, *disclosures, ""])


def verify_disclosed(text: str, keys: Mapping[str, PublicJwk]) -> dict[str, Any]:
    """The claims that are shown.

    Args:
        text: the credential, with any of its disclosures, and no binding to a holder's key.
        keys: that are believed, by `kid`.

    Raises:
        ReceiptError: it is none, not signed by one of these keys, or shows what was not signed.
    """
    signed, *disclosures = text.split(SEPARATOR)
    claims = verify_compact(signed, types=frozenset({CREDENTIAL_TYP}), keys=keys)
    if not disclosures or disclosures.pop() or claims.get("_sd_alg", _DIGEST) != _DIGEST:
        raise _malformed()
    digests = claims.pop("_sd", [])
    claims.pop("_sd_alg", None)
    if len({*disclosures}) != len(disclosures):
        raise _malformed()
    for disclosure in disclosures:
        name, value = _read(disclosure)
        if _digest(disclosure) not in digests or name in claims or name in _RESERVED:
            raise ReceiptError(
                "altered",
                "it shows what was not signed",
                advice="Ask for the receipt anew, where it came from.",
            )
        claims[name] = value
    return dict(claims)


def _digest(disclosure: str) -> str:
    return encoded(hashlib.sha256(disclosure.encode("ascii")).digest())


def _read(disclosure: str) -> tuple[str, Any]:
    try:
        padded = disclosure + "=" * (-len(disclosure) % 4)
        _, name, value = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[str, str, Any]
        )
    except (msgspec.DecodeError, ValueError):  # not base64url of ASCII, or not JSON
        raise _malformed() from None
    return name, value


def _malformed() -> ReceiptError:
    return ReceiptError(
        "malformed",
        "this is no receipt",
        advice="Give the compact JWS of `receipt.jws`, or the credential of `receipt.sd_jwt_vc`.",
    )
