"""Erasure proofs: a signed statement that records were erased, for the subject and the supervisor.

A proof is one JSON document:

    {"erasure":{"erased_at":"2026-11-23T20:15:00Z","record_ids":["<hex>"],"registry_id":"...",
    "revision":7,"subject":"<hex>"},"format":"fvs-erasure-1","kid":"<hex>","signature":"<hex>"}

in canonical form: keys sorted, no spaces, UTF-8 without needless escapes, no floating-point numbers
(a subset of RFC 8785). Ed25519 (RFC 8032) signs the same document without `signature`; `kid` is the
first half of the SHA-256 of the public key. The public key is all that a check needs.

What it proves: the holder of the registry's signing key states that the keys of these records were
destroyed in that revision. Not that no copy remains elsewhere: a backup that was made before keeps
wrapped keys until it expires or is erased too. The subject is a pseudonym; whoever holds the proof
needs the registry to learn whose it is.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fvs.errors import UsageError
from fvs.registry.errors import ErasureProofError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Erasure", "Signer", "public_key_id", "sign_erasure", "verify_erasure"]

_Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2})+\Z")]

_KEY_ID_BYTES = 16
_PUBLIC_KEY_BYTES = 32


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased, from which registry, and when.

    Attributes:
        registry_id: of the registry.
        subject: the pseudonym whose records they were.
        record_ids: at least one; the order does not matter.
        erased_at: with a time zone; kept in UTC.
        revision: of the store after the erasure, as `RecordStore.erase` returned it.
    """

    registry_id: str
    subject: bytes
    record_ids: Sequence[bytes]
    erased_at: datetime
    revision: int


class Signer(Protocol):
    """Whoever holds the signing key: a `KeyRing`, or a key management service."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        ...


class _Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Erasure` as it is written."""

    erased_at: datetime
    record_ids: list[_Hex]
    registry_id: str
    revision: int
    subject: _Hex


class _Unsigned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed."""

    erasure: _Statement
    format: Literal["fvs-erasure-1"]
    kid: _Hex


class _Proof(_Unsigned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is handed out."""

    signature: _Hex


def sign_erasure(erasure: Erasure, signer: Signer) -> bytes:
    """The proof, a JSON document.

    Raises:
        UsageError: no records, or a time without a zone.
    """
    if not erasure.record_ids or erasure.erased_at.tzinfo is None:
        raise UsageError("an erasure is of at least one record, at a time with a zone")
    unsigned = _Unsigned(
        erasure=_Statement(
            erased_at=erasure.erased_at.astimezone(UTC),
            record_ids=sorted({record_id.hex() for record_id in erasure.record_ids}),
            registry_id=erasure.registry_id,
            revision=erasure.revision,
            subject=erasure.subject.hex(),
        ),
        format="fvs-erasure-1",
        kid=public_key_id(signer.public_key),
    )
    signature = signer.sign(_canonical(unsigned)).hex()
    return _canonical(_Proof(**msgspec.structs.asdict(unsigned), signature=signature))


def verify_erasure(proof: bytes, public_key: bytes) -> Erasure:
    """What a proof states, if the holder of the key stated it.

    Args:
        proof: as `sign_erasure` made it, to the byte.
        public_key: 32 bytes from a source that is trusted, never from beside the proof.

    Raises:
        ErasureProofError: it is malformed, signed by another key, or altered.
        UsageError: these bytes are no public key.
    """
    if len(public_key) != _PUBLIC_KEY_BYTES:
        raise UsageError(f"an Ed25519 public key has {_PUBLIC_KEY_BYTES} bytes")
    document = _parsed(proof)
    if document.kid != public_key_id(public_key):
        raise ErasureProofError(f"the proof is signed by another key, {document.kid[:64]!r}")
    unsigned = _Unsigned(erasure=document.erasure, format=document.format, kid=document.kid)
    signature = bytes.fromhex(document.signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _canonical(unsigned))
    except InvalidSignature:
        raise ErasureProofError("the signature does not fit: the proof was altered") from None
    return _erasure(document.erasure)


def public_key_id(public_key: bytes) -> str:
    """The `kid` of a public key, 32 hex digits."""
    return hashlib.sha256(public_key).digest()[:_KEY_ID_BYTES].hex()


def _parsed(proof: bytes) -> _Proof:
    """A proof in canonical form; one that reads the same but is written otherwise is none."""
    try:
        document = msgspec.json.decode(proof, type=_Proof)
        written = _canonical(document)
    except ValueError:
        raise ErasureProofError("these bytes are no erasure proof") from None
    if written != proof:
        raise ErasureProofError("the proof is not in canonical form")
    return document


def _erasure(statement: _Statement) -> Erasure:
    """The statement in bytes."""
    return Erasure(
        registry_id=statement.registry_id,
        subject=bytes.fromhex(statement.subject),
        record_ids=tuple(bytes.fromhex(record_id) for record_id in statement.record_ids),
        erased_at=statement.erased_at,
        revision=statement.revision,
    )


def _canonical(document: _Unsigned) -> bytes:
    return msgspec.json.encode(document, order="sorted")
