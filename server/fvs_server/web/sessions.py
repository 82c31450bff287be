"""Who is logged in to the pages for operators: a cookie that names a key and when it ends.

The cookie holds no secret and no scopes. Whoever reads it asks the table of keys what the key may
do, so that a revoked key is out at once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fvs_server.secrets import ServerSecrets

__all__ = ["SESSION_LIFE", "WebSessions"]

SESSION_LIFE = timedelta(minutes=30)
_COOKIE = re.compile(r"([0-9a-f]{16})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)


class WebSessions:
    """Makes and reads the cookie; all replicas have the same key."""

    __slots__ = ("_key",)

    def __init__(self, secrets: ServerSecrets) -> None:
        """Derive the key."""
        self._key = secrets.derive("web sessions")

    def begin(self, key_id: str, now: datetime) -> str:
        """The cookie's value for whoever showed that key."""
        ends = int((now + SESSION_LIFE).timestamp())
        return f"{key_id}.{ends}.{self._mac(key_id, ends)}"

    def key_id_of(self, cookie: str, now: datetime) -> str | None:
        """Whose a cookie is; None where it is not ours or is over."""
        found = _COOKIE.fullmatch(cookie)
        if found is None:
            return None
        key_id, ends, mac = found[1], int(found[2]), found[3]
        if not hmac.compare_digest(mac, self._mac(key_id, ends)) or now.timestamp() >= ends:
            return None
        return key_id

    def _mac(self, key_id: str, ends: int) -> str:
        return hmac.new(self._key, f"{key_id}.{ends}".encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "WebSessions(...)"
