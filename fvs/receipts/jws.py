"""Compact JWS (RFC 7515) by Ed25519 (RFC 8037), with JSON in it.

Written on `cryptography` alone, so that receipts are checked without the server's packages; the
tests hold it against joserfc.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fvs.receipts.errors import ReceiptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from fvs.certificates.signing import PublicJwk

__all__ = ["encoded", "sign_compact", "verify_compact"]

ALGORITHM = "EdDSA"
_ACCEPTED = frozenset({ALGORITHM, "Ed25519"})
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_ANEW = "Ask for the receipt anew, where it came from."


class _Header(msgspec.Struct, frozen=True):
    """As far as it is read; keys in it (`jwk`, `jku`, `x5u`) are never looked at."""

    alg: str
    kid: str = ""
    typ: str = ""
    crit: object = None


def sign_compact(claims: object, *, typ: str, kid: str, key: Ed25519PrivateKey) -> str:
    """Sign what msgspec can encode."""
    header = encoded(msgspec.json.encode({"alg": ALGORITHM, "kid": kid, "typ": typ}))
    signed = f"{header}.{encoded(msgspec.json.encode(claims))}"
    return f"{signed}.{encoded(key.sign(signed.encode()))}"


def verify_compact(
    text: str, *, types: frozenset[str], keys: Mapping[str, PublicJwk]
) -> dict[str, Any]:
    """The claims that were signed.

    Args:
        text: the JWS.
        types: values of `typ` that are accepted.
        keys: that are believed, by `kid`.

    Raises:
        ReceiptError: it is none, or not signed by one of these keys.
    """
    match = _COMPACT.fullmatch(text)
    header = None if match is None else _header(match[1])
    if match is None or header is None:
        raise ReceiptError("malformed", "this is no receipt", advice=_ANEW)
    if header.alg not in _ACCEPTED:
        raise ReceiptError("other_algorithm", "it is not signed by Ed25519", advice=_ANEW)
    if header.typ not in types or header.crit is not None:
        raise ReceiptError("other_type", "what was signed is no receipt", advice=_ANEW)
    key = keys.get(header.kid)
    if key is None:
        raise ReceiptError(
            "unknown_key",
            "it is signed by a key that is not among those given",
            advice="Fetch the service's /.well-known/jwks.json anew.",
        )
    try:
        public = Ed25519PublicKey.from_public_bytes(_decoded(key.x))
        public.verify(_decoded(match[3]), f"{match[1]}.{match[2]}".encode())
        return msgspec.json.decode(_decoded(match[2]), type=dict[str, Any])
    except (InvalidSignature, msgspec.DecodeError, ValueError) as error:
        raise ReceiptError("altered", "it is not what was signed", advice=_ANEW) from error


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _header(text: str) -> _Header | None:
    try:
        return msgspec.json.decode(_decoded(text), type=_Header)
    except (msgspec.DecodeError, ValueError):
        return None


def _decoded(text: str) -> bytes:
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    # The last character may hold bits that are no content: one receipt, one spelling.
    if encoded(content) != text:
        raise ValueError
    return content
