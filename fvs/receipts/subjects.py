"""Ties a receipt to a number that it does not hold.

There are few enough numbers to try them all, so a plain hash would tell the number. The receipt
holds HMAC-SHA-256 under a salt of 32 random bytes, and only the answer has the salt: whoever keeps
both can show whom the receipt is about, and a receipt that is handed on alone tells nobody.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from typing import TYPE_CHECKING

from fvs.receipts.jws import encoded
from fvs.subjects.subject_id import MIN_KEY_BYTES

if TYPE_CHECKING:
    from fvs.subjects import SubjectId

__all__ = ["is_about", "new_salt", "subject_digest"]


def new_salt() -> str:
    """32 random bytes, base64url; each receipt has its own, so that receipts cannot be linked."""
    return encoded(secrets.token_bytes(MIN_KEY_BYTES))


def subject_digest(subject: SubjectId, salt: str) -> str:
    """What stands in the receipt: `SubjectId.pseudonym` under the salt, base64url.

    Raises:
        ValueError: the salt is none; a `SubjectError` where it is too short.
    """
    key = base64.b64decode(salt + "=" * (-len(salt) % 4), altchars=b"-_", validate=True)
    return encoded(subject.pseudonym(key))


def is_about(digest: object, subject: SubjectId, salt: str) -> bool:
    """Whether a receipt with this `subject_digest` is about the subject, as the salt shows.

    Raises:
        SubjectError: the salt is too short.
    """
    try:
        wanted = subject_digest(subject, salt)
    except binascii.Error:
        return False
    return isinstance(digest, str) and hmac.compare_digest(digest.encode(), wanted.encode())
