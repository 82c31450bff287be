"""Signatures: a detached compact JWS (RFC 7515, appendix F) by Ed25519 over a file's exact bytes.

    BASE64URL(header) .. BASE64URL(signature)

The header names the algorithm `Ed25519` (RFC 9864; its older name `EdDSA` of RFC 8037 is accepted),
the type and the key by its thumbprint (RFC 7638). Keys are JWKs of type OKP (RFC 8037).

Written on `cryptography` alone, because joserfc takes 170 ms to import and every decision begins
here; the tests hold both against each other. `cryptography` is imported where it is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from fvs.certificates.errors import (
    CertificateAlgorithmError,
    CertificateTamperedError,
    CertificateUnknownKeyError,
    CertificateUnsignedError,
)
from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "JWS_TYPE",
    "JwsHeader",
    "PrivateJwk",
    "PublicJwk",
    "generate_key",
    "parse_private_key",
    "sign_bytes",
    "thumbprint",
    "verify_bytes",
]

ALGORITHM = "Ed25519"
ACCEPTED_ALGORITHMS = frozenset({ALGORITHM, "EdDSA"})
JWS_TYPE = "fvs-certificate+jws"
DETACHED = re.compile(r"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)")
KEY_BYTES = 32
TAKE_FROM_ISSUER = "Take both files anew from where the certificate was issued."


class PublicJwk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public Ed25519 key (RFC 8037). A private one is refused, for it has a member too many.

    Attributes:
        kty: the type of key.
        crv: its curve.
        x: 32 bytes, base64url.
        kid: the thumbprint of the key.
        issuer: whose it is, in words.
    """

    kty: str
    crv: str
    x: str
    kid: str
    issuer: str = ""

    def __post_init__(self) -> None:
        """Refuse another curve, another length, and a name that is not the key's own."""
        if (self.kty, self.crv) != ("OKP", "Ed25519"):
            raise ValueError(f"a key of type {self.kty} and curve {self.crv} is not Ed25519")
        if len(_decoded(self.x)) != KEY_BYTES:
            raise ValueError(f"an Ed25519 key has {KEY_BYTES} bytes")
        if self.kid != thumbprint(self.x):
            raise ValueError(f"kid {self.kid!r} is not the thumbprint of this key")


class PrivateJwk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A private Ed25519 key: `PublicJwk` and its secret, which is never printed.

    Attributes:
        d: 32 bytes, base64url: the secret.
    """

    kty: str
    crv: str
    x: str
    kid: str
    d: str
    issuer: str = ""

    def __repr__(self) -> str:
        return f"PrivateJwk(kid={self.kid!r}, d=********)"

    @property
    def public(self) -> PublicJwk:
        """The half that may be given away."""
        return PublicJwk(kty=self.kty, crv=self.crv, x=self.x, kid=self.kid, issuer=self.issuer)


class JwsHeader(msgspec.Struct, frozen=True):
    """The protected header, as far as it is read; members of `crit` would have to be understood."""

    alg: str
    kid: str = ""
    typ: str = ""
    crit: object = None
    b64: bool = True


def generate_key(issuer: str) -> PrivateJwk:
    """A new key from the system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - see the module
        Ed25519PrivateKey,
    )

    private = Ed25519PrivateKey.generate()
    x = _encoded(private.public_key().public_bytes_raw())
    return PrivateJwk(
        kty="OKP",
        crv="Ed25519",
        x=x,
        kid=thumbprint(x),
        d=_encoded(private.private_bytes_raw()),
        issuer=issuer,
    )


def parse_private_key(content: bytes) -> PrivateJwk:
    """Read a private JWK; the message never holds any of it.

    Raises:
        UsageError: it is none, or its halves do not belong together.
    """
    try:
        key = msgspec.json.decode(content, type=PrivateJwk)
        belongs = _encoded(_private_key(key).public_key().public_bytes_raw()) == key.x
        _ = key.public
    except (ValueError, binascii.Error):  # msgspec's errors are ValueErrors
        belongs = False
    if not belongs:
        # No cause is chained: it could quote the file.
        raise UsageError(
            "this file is no private Ed25519 JWK",
            advice="`fvs certificate keygen` writes one.",
        )
    return key


def sign_bytes(content: bytes, key: PrivateJwk) -> bytes:
    """The detached signature of these bytes, a line of ASCII."""
    header = _encoded(msgspec.json.encode({"alg": ALGORITHM, "kid": key.kid, "typ": JWS_TYPE}))
    signature = _private_key(key).sign(_signed(header, content))
    return f"{header}..{_encoded(signature)}\n".encode()


def verify_bytes(content: bytes, jws: bytes, keys: Mapping[str, PublicJwk]) -> PublicJwk:
    """Check a detached signature.

    Args:
        content: what was signed.
        jws: as `sign_bytes` returns it.
        keys: those trusted, by kid.

    Returns:
        The key that signed.

    Raises:
        CertificateUnsignedError: `jws` is no detached compact JWS of a certificate.
        CertificateAlgorithmError: another algorithm.
        CertificateUnknownKeyError: another key.
        CertificateTamperedError: the signature is not of these bytes by that key.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see the module
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    encoded_header, header, signature = _parsed(jws)
    if header.alg not in ACCEPTED_ALGORITHMS:
        raise CertificateAlgorithmError(
            f"the certificate is signed by algorithm {header.alg!r}, and only Ed25519 is accepted",
            advice=TAKE_FROM_ISSUER,
        )
    if header.typ != JWS_TYPE or header.crit is not None or not header.b64:
        raise CertificateUnsignedError(
            "the signature is not one of a certificate", advice=TAKE_FROM_ISSUER
        )
    key = keys.get(header.kid)
    if key is None:
        raise CertificateUnknownKeyError(
            f"the certificate is signed by key {header.kid!r}, which is not trusted here",
            advice="If you know whose key it is, put its public JWK into a folder named in "
            "FVS_TRUST, or into the folder that `fvs certificate trust` names.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(_decoded(key.x)).verify(
            signature, _signed(encoded_header, content)
        )
    except InvalidSignature as error:
        raise CertificateTamperedError(
            "the certificate is not the one that was signed: it was changed, or its signature was",
            advice=TAKE_FROM_ISSUER,
        ) from error
    return key


def _parsed(jws: bytes) -> tuple[str, JwsHeader, bytes]:
    """The header as it was signed, the header, and the signature."""
    try:
        match = DETACHED.fullmatch(jws.decode("ascii").strip())
        if match is None:
            raise ValueError("three parts, the second empty")  # noqa: TRY301 - one refusal for all
        header = msgspec.json.decode(_decoded(match[1]), type=JwsHeader)
        return match[1], header, _decoded(match[2])
    except ValueError as error:
        raise CertificateUnsignedError(
            "the signature is no detached compact JWS", advice=TAKE_FROM_ISSUER
        ) from error


def _signed(header: str, content: bytes) -> bytes:
    return header.encode() + b"." + _encoded(content).encode()


def _private_key(key: PrivateJwk) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - see the module
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(_decoded(key.d))


def thumbprint(x: str) -> str:
    """RFC 7638 of an OKP key: its required members in order, hashed (RFC 8037, appendix A.3)."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return _encoded(hashlib.sha256(members.encode()).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
