"""The secrets of one registry, and what each is for.

| secret | made | used as | guards | when it leaks |
|---|---|---|---|---|
| wrapping keys | by rotation | AES-256-GCM key | record keys | `rotated`, rewrap, `without` |
| record key | per record | AES-256-GCM key | one template | erase and enrol that record again |
| pseudonym key | once | HMAC-SHA-256 key | whose a record is | a new registry, by the numbers |
| transform seed | once | SHAKE-256 input | vectors | `renewed`, `fvs.registry.renewal` |
| signing seed | once | Ed25519 seed | erasure proofs | a new registry; tell who has proofs |

All are 32 random bytes. Record keys are not in the ring: each lies wrapped beside its template, so
that destroying it destroys the template (`fvs.registry.sealing`).

`KeyRing.from_master_key` derives the others from one secret by HKDF-SHA-256 (RFC 5869), each under
an `info` of its own, so that none tells anything of another. Whoever has the master key has all.

Nothing here prints a key: secrets are `Private`, which `repr`, pickle and JSON respect. The one way
out is the file or the environment variable that the ring is read from.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fvs.errors import UsageError
from fvs.registry.cipher import KEY_BYTES, SealingCipher
from fvs.registry.errors import KeyRingError, MissingKeyError
from fvs.registry.key_files import (
    create_private_file,
    folder_lock,
    read_private_file,
    replace_private_file,
)
from fvs.subjects import Private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["KEY_RING_VARIABLE", "KeyRing", "KeyWrapper", "Wrapped", "WrappingKey"]

KEY_RING_VARIABLE = "FVS_KEY_RING"

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_ID_BYTES = 8
_HKDF_SALT = b"fvs key ring 1"


class Wrapped(NamedTuple):
    """A record key as it is stored, and the id of the key that opens it."""

    wrapped_key: bytes
    key_id: str


class KeyWrapper(Protocol):
    """Whatever wraps record keys: a `KeyRing`, or a key management service.

    `context` says whose key it is. It must be the same when the key is unwrapped; services call it
    the encryption context or additional authenticated data.
    """

    @property
    def current_key_id(self) -> str:
        """The key that `wrap` uses."""
        ...

    def wrap(self, record_key: Private[bytes], context: bytes) -> Wrapped:
        """Wrap 32 bytes under the current key."""
        ...

    def unwrap(self, wrapped: Wrapped, context: bytes) -> Private[bytes]:
        """The record key.

        Raises:
            SealError: it was wrapped under another key or context, or has been altered.
        """
        ...


class WrappingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key that wraps record keys."""

    id: str
    key: Private[bytes]

    @classmethod
    def generate(cls) -> Self:
        """A random key under a random id."""
        return cls(secrets.token_hex(_KEY_ID_BYTES), _random_key())


class KeyRing(msgspec.Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True):
    """The secrets of one registry. Losing them loses every template for good.

    AES-GCM rather than AES-KW (RFC 3394) wraps the record keys, because it takes associated data: a
    wrapped key that is moved to another record does not open. Its random nonces ask for a rotation
    before four thousand million wraps under one key.

    Attributes:
        wrapping_keys: oldest first; the last one wraps, all unwrap.
        pseudonym_key: for `fvs.subjects.SubjectId.pseudonym`.
        transform_seed: for `fvs.registry.transform.OrthonormalTransform.from_seed`.
        signing_seed: of the Ed25519 key that signs erasure proofs.
    """

    wrapping_keys: tuple[WrappingKey, ...]
    pseudonym_key: Private[bytes]
    transform_seed: Private[bytes]
    signing_seed: Private[bytes]

    def __post_init__(self) -> None:
        """Refuse a ring that could not have been made by `generate` and `rotated`.

        Raises:
            KeyRingError: no wrapping key, an id twice, a key twice or of another length.
        """
        ids = [key.id for key in self.wrapping_keys]
        keys = {*(key.key for key in self.wrapping_keys), *self._other_secrets()}
        rules = (
            (bool(ids), "it has no wrapping key"),
            (len(set(ids)) == len(ids), "two wrapping keys have one id"),
            (all(map(_KEY_ID.fullmatch, ids)), "a key id is not 1 to 64 of A-Z a-z 0-9 . _ -"),
            (all(len(key.reveal()) == KEY_BYTES for key in keys), "a key is not 32 bytes long"),
            (len(keys) == len(ids) + len(self._other_secrets()), "one key serves two purposes"),
        )
        for holds, fault in rules:
            if not holds:
                raise KeyRingError(f"the key ring is malformed: {fault}")

    def _other_secrets(self) -> tuple[Private[bytes], ...]:
        return (self.pseudonym_key, self.transform_seed, self.signing_seed)

    @classmethod
    def generate(cls) -> Self:
        """New random secrets."""
        return cls(
            wrapping_keys=(WrappingKey.generate(),),
            pseudonym_key=_random_key(),
            transform_seed=_random_key(),
            signing_seed=_random_key(),
        )

    @classmethod
    def from_master_key(cls, master_key: Private[bytes]) -> Self:
        """Secrets that follow from one, which a hardware module or a safe may hold.

        Args:
            master_key: at least 32 random bytes; a password is none. The same gives the same ring;
                keys that rotation adds are random, so a rotated ring must be kept itself.

        Raises:
            UsageError: the master key is too short.
        """
        if len(master_key.reveal()) < KEY_BYTES:
            raise UsageError(f"a master key has at least {KEY_BYTES} random bytes")
        key_id = _derived(master_key, b"wrapping key id").reveal()[:_KEY_ID_BYTES].hex()
        return cls(
            wrapping_keys=(WrappingKey(key_id, _derived(master_key, b"wrapping key")),),
            pseudonym_key=_derived(master_key, b"pseudonym key"),
            transform_seed=_derived(master_key, b"transform seed"),
            signing_seed=_derived(master_key, b"signing seed"),
        )

    @staticmethod
    def read(path: Path) -> KeyRing:
        """The ring of a file that `write` wrote.

        Raises:
            KeyRingError: it is missing, malformed, or others than its owner, us, can read it.
        """
        return _decoded(read_private_file(path), str(path))

    @staticmethod
    def from_environment(
        environment: Mapping[str, str], variable: str = KEY_RING_VARIABLE
    ) -> KeyRing:
        """The ring of a variable that holds the bytes of such a file in base64.

        Raises:
            KeyRingError: the variable is not set or malformed.
        """
        try:
            text = "".join(environment[variable].split())
            content = Private(base64.b64decode(text, validate=True))
        except KeyError:
            raise KeyRingError(f"the variable {variable} is not set") from None
        except ValueError:
            raise KeyRingError(
                f"the variable {variable} is not in base64",
                advice="Set it to the file of the key ring in base64: `base64 -w0 FILE`.",
            ) from None
        return _decoded(content, f"the variable {variable}")

    def write(self, path: Path) -> None:
        """Keep the ring in a new file, mode 0600, all of it or nothing.

        Raises:
            KeyRingError: there is a file already, or the disk refuses.
        """
        create_private_file(path, self._encoded())

    def update(self, path: Path, previous: KeyRing) -> None:
        """Replace a ring by a later one of the same registry, all of it or nothing.

        Args:
            path: the file.
            previous: the ring that the file holds. Of two who rotate at once one is refused;
                otherwise the new key of the first would be lost, and what it wrapped with it.

        Raises:
            KeyRingError: the file holds another ring, or the disk refuses.
        """
        with folder_lock(path):
            if KeyRing.read(path) != previous or self.fingerprint != previous.fingerprint:
                raise KeyRingError(
                    f"{path} holds another key ring than the one to be updated",
                    advice="Read it again and repeat the change.",
                )
            replace_private_file(path, self._encoded())

    def _encoded(self) -> Private[bytes]:
        document = _Document(format="fvs-key-ring-1", keys=self)
        content = msgspec.json.encode(document, enc_hook=Private.reveal)
        return Private(msgspec.json.format(content) + b"\n")

    def rotated(self) -> Self:
        """The ring with a new wrapping key, which is the current one; the old ones still unwrap."""
        keys = (*self.wrapping_keys, WrappingKey.generate())
        return msgspec.structs.replace(self, wrapping_keys=keys)

    def without(self, key_id: str) -> Self:
        """The ring without an old wrapping key; what it wrapped can never be opened again.

        Raises:
            KeyRingError: there is no such key, or it is the current one.
        """
        kept = tuple(key for key in self.wrapping_keys if key.id != key_id)
        if len(kept) == len(self.wrapping_keys):
            raise KeyRingError("the key ring has no key of that id")
        if key_id == self.current_key_id:
            raise KeyRingError(
                f"{key_id} is the current key", advice="Rotate and rewrap every record first."
            )
        return msgspec.structs.replace(self, wrapping_keys=kept)

    def renewed(self) -> Self:
        """The ring of a new registry of the same subjects: all secrets new but the pseudonym key.

        For `fvs.registry.renewal`, after vectors leaked. Where the pseudonym key leaked too, make a
        ring by `generate` and enrol by the numbers.
        """
        new = type(self).generate()
        return msgspec.structs.replace(new, pseudonym_key=self.pseudonym_key)

    @property
    def current_key_id(self) -> str:
        """The key that `wrap` uses."""
        return self.wrapping_keys[-1].id

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits that tell rings of different registries apart; rotation keeps them.

        A registry keeps it to notice a foreign ring, with which every subject would be unknown. It
        tells nothing of the secrets.
        """
        joined = Private(b"".join(secret.reveal() for secret in self._other_secrets()))
        return _derived(joined, b"fingerprint").reveal()[:16].hex()

    @cached_property
    def _ciphers(self) -> dict[str, SealingCipher]:
        # Setting up a cipher costs more than using it.
        return {key.id: SealingCipher(key.key) for key in self.wrapping_keys}

    def wrap(self, record_key: Private[bytes], context: bytes) -> Wrapped:
        """Wrap under the current key."""
        cipher = self._ciphers[self.current_key_id]
        return Wrapped(cipher.seal(record_key.reveal(), context), self.current_key_id)

    def unwrap(self, wrapped: Wrapped, context: bytes) -> Private[bytes]:
        """The record key.

        Raises:
            MissingKeyError: the ring lacks the key.
            SealError: it is another one, or bytes or context were altered.
        """
        key_id = wrapped.key_id
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise MissingKeyError(
                f"a record asks for the key {key_id[:64]!r}, which the key ring lacks",
                advice="Bring back the key ring that holds it; nothing else opens the record.",
            )
        what = f"a record key, wrapped under the key {key_id},"
        return Private(self._ciphers[key_id].open(wrapped.wrapped_key, context, what))

    @cached_property
    def _signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.signing_seed.reveal())

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that whoever checks a signature needs; not secret."""
        return self._signing_key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature (RFC 8032), 64 bytes."""
        return self._signing_key.sign(message)


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    format: Literal["fvs-key-ring-1"]
    keys: KeyRing


def _decoded(content: Private[bytes], source: str) -> KeyRing:
    try:
        return msgspec.json.decode(content.reveal(), type=_Document, dec_hook=_read_key).keys
    except msgspec.MsgspecError as error:
        fault = str(error)  # names a place and no content
    except ValueError:
        fault = "not JSON in UTF-8"
    # Raised here, as the error above may hold the content.
    raise KeyRingError(
        f"{source} holds no key ring: {fault}", advice="Bring back your copy of the key ring."
    )


def _read_key(_: type, value: object) -> Private[bytes]:
    """A key as msgspec finds it in JSON."""
    if not isinstance(value, str) or not value.isascii():
        raise ValueError("a key is text in base64")
    return Private(base64.b64decode(value, validate=True))


def _random_key() -> Private[bytes]:
    return Private(os.urandom(KEY_BYTES))


def _derived(secret: Private[bytes], use: bytes) -> Private[bytes]:
    kdf = HKDF(hashes.SHA256(), KEY_BYTES, _HKDF_SALT, use)
    return Private(kdf.derive(secret.reveal()))
