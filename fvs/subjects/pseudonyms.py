"""Pseudonyms by the thousand: those of `SubjectId.pseudonym`, without setting up HMAC each time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.subject_id import MIN_KEY_BYTES, pseudonym_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs.subjects.private import Private
    from fvs.subjects.subject_id import SubjectId

__all__ = ["Pseudonymiser"]

_BLOCK_BYTES = 64
_INNER_PAD = 0x36
_OUTER_PAD = 0x5C


class Pseudonymiser:
    """HMAC-SHA-256 (RFC 2104) whose two keyed states are made once; safe to share by threads."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: Private[bytes]) -> None:
        """Take the key of `SubjectId.pseudonym`.

        Raises:
            SubjectError: `subject_key_length`.
        """
        secret = key.reveal()
        if len(secret) < MIN_KEY_BYTES:
            raise SubjectError(SubjectFault.SUBJECT_KEY_LENGTH)
        if len(secret) > _BLOCK_BYTES:
            secret = hashlib.sha256(secret).digest()
        block = secret.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ _INNER_PAD for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ _OUTER_PAD for byte in block))

    def of(self, subjects: Iterable[SubjectId]) -> list[bytes]:
        """The pseudonym of each subject, 32 bytes."""
        new_inner, new_outer = self._inner.copy, self._outer.copy
        pseudonyms = []
        for subject in subjects:
            inner, outer = new_inner(), new_outer()
            inner.update(pseudonym_message(subject))
            outer.update(inner.digest())
            pseudonyms.append(outer.digest())
        return pseudonyms
