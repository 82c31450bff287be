"""Authenticated encryption as the registry uses it, for templates and for their keys.

`sealed = version 01 | nonce 12 | ciphertext | tag 16`, by AES-256-GCM (NIST SP 800-38D). The nonce
is random, for which the standard (8.3) allows 2^32 contents under one key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fvs.registry.errors import SealError

if TYPE_CHECKING:
    from fvs.subjects import Private

__all__ = ["KEY_BYTES", "OVERHEAD_BYTES", "SealingCipher"]

KEY_BYTES = 32

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16

OVERHEAD_BYTES = len(_VERSION) + _NONCE_BYTES + _TAG_BYTES
"""By how much sealing lengthens a content."""


@final
class SealingCipher:
    """AES-256-GCM under one key, which it does not give out. Safe to use from many threads."""

    __slots__ = ("_aes",)

    def __init__(self, key: Private[bytes]) -> None:
        self._aes = AESGCM(key.reveal())

    def seal(self, content: bytes, context: bytes) -> bytes:
        """Encrypt under a fresh nonce; `context` is bound, and not stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._aes.encrypt(nonce, content, context)

    def open(self, sealed: bytes, context: bytes, what: str) -> bytes:
        """The content.

        Args:
            sealed: as `seal` returned it.
            context: as `seal` got it.
            what: to be named in the error.

        Raises:
            SealError: it is truncated or altered, or of another key, context or version.
        """
        if len(sealed) < OVERHEAD_BYTES or not sealed.startswith(_VERSION):
            raise SealError(f"{what} is truncated or of another format")
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aes.decrypt(nonce, text, context)
        except InvalidTag:
            raise SealError(
                f"{what} does not open: it was altered or moved, or its key is another one"
            ) from None
