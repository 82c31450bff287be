"""Receipts: answers that the service signed, checked offline by whoever keeps them.

```python
verifier = ReceiptVerifier(jwks, issuer="https://fvs.example", audience="bank.example")
receipt = verifier.verify(answer.receipt.jws)
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from fvs_client.errors import ReceiptError

if TYPE_CHECKING:
    from joserfc._rfc7515.model import JWSAlgModel

    from fvs_client.records import Decision

__all__ = ["ReceiptVerifier", "VerifiedReceipt"]

_ALGORITHMS = ("EdDSA", "Ed25519")
"""One signature under its name of RFC 8037 and of RFC 9864."""
_CURVE = "Ed25519"
_TYPE = "fvs-receipt+jwt"
"""RFC 8725, section 3.11: nothing else that the service signs passes for a receipt."""
_MOST_CHARACTERS = 64 * 1024


class _KeySet(msgspec.Struct, frozen=True):
    """RFC 7517, section 5."""

    keys: tuple[dict[str, Any], ...]


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7519, section 4.1: those that every receipt has."""

    iss: str
    aud: str
    iat: float
    jti: str
    decision: str


class _Registry(jws.JWSRegistry):
    """Ed25519 alone."""

    def __init__(self) -> None:
        super().__init__(algorithms=list(_ALGORITHMS), strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        # joserfc's own warns at each use of EdDSA, which RFC 9864 only renames.
        if name not in _ALGORITHMS:
            raise ReceiptError("the receipt is signed with another algorithm")
        return self.algorithms[name]


@dataclass(frozen=True, kw_only=True)
class VerifiedReceipt:
    """What the service signed.

    Attributes:
        transaction_id: of the answer.
        decision: of the answer.
        issuer: the service.
        audience: the IdP that asked.
        issued_at: UTC.
        claims: everything that was signed.
    """

    transaction_id: str
    decision: str
    issuer: str
    audience: str
    issued_at: datetime
    claims: dict[str, Any] = field(repr=False)

    def require_of(self, answer: Decision) -> None:
        """Make sure that an answer is the one that was signed.

        Raises:
            ReceiptError: it is another, or says something else.
        """
        same = (self.transaction_id, self.decision) == (answer.transaction_id, answer.decision)
        if not same:
            raise ReceiptError("the receipt is of another answer")


class ReceiptVerifier:
    """Checks receipts of one service for one IdP."""

    def __init__(self, jwks: bytes, *, issuer: str, audience: str) -> None:
        """Take the service's published keys.

        Args:
            jwks: the document of /.well-known/jwks.json; kept by whoever checks offline.
            issuer: that receipts must be of.
            audience: the IdP that they must be for.

        Raises:
            ReceiptError: the document is not a key set, or holds no Ed25519 key.
        """
        try:
            found = msgspec.json.decode(jwks, type=_KeySet).keys
            self._keys = {
                key["kid"]: OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
                for key in found
                if key.get("crv") == _CURVE and key.get("use", "sig") == "sig"
            }
        except (msgspec.DecodeError, JoseError, KeyError, ValueError, TypeError):
            raise ReceiptError("the key set is malformed") from None
        if not self._keys:
            raise ReceiptError("the key set holds no Ed25519 key")
        self._registry = _Registry()
        self._issuer = issuer
        self._audience = audience

    def verify(self, receipt: str) -> VerifiedReceipt:
        """What the receipt says.

        Args:
            receipt: compact JWS, `answer.receipt.jws`.

        Raises:
            ReceiptError: it is not whole, not of the issuer's keys, or for somebody else.
        """
        payload = self._signed(receipt)
        try:
            claims = msgspec.json.decode(payload, type=_Claims)
            issued_at = datetime.fromtimestamp(claims.iat, UTC)
        except (msgspec.DecodeError, ValueError, OverflowError, OSError):
            raise ReceiptError("the receipt lacks claims") from None
        if claims.iss != self._issuer:
            raise ReceiptError("the receipt is of another service")
        if claims.aud != self._audience:
            raise ReceiptError("the receipt is for another IdP")
        return VerifiedReceipt(
            transaction_id=claims.jti,
            decision=claims.decision,
            issuer=claims.iss,
            audience=claims.aud,
            issued_at=issued_at,
            claims=msgspec.json.decode(payload),
        )

    def _signed(self, receipt: str) -> bytes:
        """The payload; `jwk`, `jku` and `x5c` of the header are never read."""
        if len(receipt) > _MOST_CHARACTERS:
            raise ReceiptError("the receipt is too long")
        try:
            shown = jws.extract_compact(receipt.encode("ascii"), registry=self._registry)
            header = shown.headers()
            key = self._keys.get(str(header.get("kid")))
            if key is None:
                raise ReceiptError("the receipt is signed with a key that is not in the set")
            if header.get("typ") != _TYPE:
                raise ReceiptError("it is signed, but no receipt")
            if "crit" in header or "b64" in header:
                raise ReceiptError("the receipt has a header that must be understood and is not")
            if not jws.validate_compact(shown, key, registry=self._registry):
                raise ReceiptError("the signature does not hold")
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise ReceiptError("the receipt is malformed") from None
        return shown.payload
