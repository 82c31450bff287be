"""API keys as text: `fvs_<16 hex digits>_<43 characters of base64url>`."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass

from fvs.subjects import Private

__all__ = ["KEY_PREFIX", "KeyText"]

KEY_PREFIX = "fvs_"
"""By which a key is told from an access token, and found by scanners of leaked secrets."""

_ID_BYTES = 8
_SECRET_BYTES = 32
"""256 random bits: nothing to guess, so that a fast MAC is enough and no slow hash is needed."""
_FORM = re.compile(r"fvs_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class KeyText:
    """A key that was typed or made.

    Attributes:
        key_id: by which it is found; not secret.
        secret: 32 bytes.
    """

    key_id: str
    secret: Private[bytes]

    @classmethod
    def generate(cls) -> KeyText:
        """A new key."""
        secret = Private(secrets.token_bytes(_SECRET_BYTES))
        return cls(key_id=secrets.token_hex(_ID_BYTES), secret=secret)

    @classmethod
    def parse(cls, text: str) -> KeyText | None:
        """Read it; None where it has another form."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        # Not its canonical form when the last character's two spare bits are set: still 32 bytes,
        # but one secret must have one text.
        secret = base64.urlsafe_b64decode(found[2] + "=")
        parsed = cls(key_id=found[1], secret=Private(secret))
        return parsed if parsed.reveal() == text else None

    def reveal(self) -> str:
        """The whole text, secret included."""
        secret = base64.urlsafe_b64encode(self.secret.reveal()).rstrip(b"=").decode()
        return f"{KEY_PREFIX}{self.key_id}_{secret}"
