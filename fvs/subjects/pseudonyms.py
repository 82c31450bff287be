"""Pseudonyms by the thousand: those of `SubjectId.pseudonym`, without setting up HMAC each time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.subject_id import MIN_KEY_BYTES, SubjectKind, pseudonym_head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs.subjects.private import Private
    from fvs.subjects.subject_id import SubjectId

__all__ = ["Pseudonymiser"]

_BLOCK_BYTES = 64
_INNER_PAD = 0x36
_OUTER_PAD = 0x5C


class Pseudonymiser:
    """HMAC-SHA-256 (RFC 2104) whose keyed states are made once; safe to share by threads."""

    __slots__ = ("_inner_of", "_outer")

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
        keyed = hashlib.sha256(bytes(byte ^ _INNER_PAD for byte in block))
        self._inner_of = {kind: _after(keyed, pseudonym_head(kind)) for kind in SubjectKind}
        self._outer = hashlib.sha256(bytes(byte ^ _OUTER_PAD for byte in block))

    def of(self, subjects: Iterable[SubjectId]) -> list[bytes]:
        """The pseudonym of each subject, 32 bytes."""
        inner_of, new_outer = self._inner_of, self._outer.copy
        pseudonyms = []
        for subject in subjects:
            inner, outer = inner_of[subject.kind].copy(), new_outer()
            inner.update(subject.number.reveal().encode())
            outer.update(inner.digest())
            pseudonyms.append(outer.digest())
        return pseudonyms


def _after(state: hashlib._Hash, message: bytes) -> hashlib._Hash:
    """The state once it has taken in a message."""
    copy = state.copy()
    copy.update(message)
    return copy
