"""Whether a key that was shown is one of ours; as quick for a wrong one as for a right one."""

from __future__ import annotations

import hmac
import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from fvs_server.details import Detail
from fvs_server.identity.api_keys import KeyState
from fvs_server.identity.cache import ShortMemory
from fvs_server.identity.key_text import KeyText
from fvs_server.identity.refusals import RefusedCredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.identity.api_keys import ApiKey, ApiKeys

__all__ = ["KeyCheck"]

_logger = logging.getLogger(__name__)

_MOST_REMEMBERED = 10_000
"""Of known and of unknown ids each; some megabytes."""
_USE_IS_NOTED_EVERY = timedelta(hours=1)
_MAC_BYTES = 32

_OF_STATE = {KeyState.EXPIRED: Detail.KEY_EXPIRED, KeyState.REVOKED: Detail.KEY_REVOKED}


class KeyCheck:
    """Checks keys against the table, which is asked about an id once in a few seconds."""

    def __init__(
        self,
        database: Database,
        keys: ApiKeys,
        clock: Callable[[], datetime],
        *,
        remember_s: float,
    ) -> None:
        """Believe what was read for `remember_s`: a revocation takes as long to hold everywhere."""
        self._database = database
        self._keys = keys
        self._clock = clock
        # Apart, so that made-up ids drive no real one out.
        self._known: ShortMemory[str, tuple[ApiKey, bytes]] = ShortMemory(
            remember_s, _MOST_REMEMBERED
        )
        self._unknown: ShortMemory[str, bytes] = ShortMemory(remember_s, _MOST_REMEMBERED)

    def check(self, text: str) -> ApiKey:
        """The key, if it is one of ours and in force.

        The same steps are taken for an unknown id as for a known one: a look-up, a MAC, and a
        comparison that does not end early.

        Raises:
            RefusedCredentialsError: it is not.
        """
        shown = KeyText.parse(text)
        if shown is None:
            raise RefusedCredentialsError("key_malformed")
        key, expected = self._look_up(shown.key_id)
        proved = hmac.compare_digest(self._keys.mac(shown), expected)
        if key is None or not proved:
            raise RefusedCredentialsError("key_wrong" if key else "key_unknown")
        now = self._clock()
        state = key.state(now)
        if state is not KeyState.ACTIVE:
            raise RefusedCredentialsError(f"key_{state}", _OF_STATE[state].value)
        self._note_use(key, now)
        return key

    def remembers(self, text: str) -> bool:
        """Whether `check` would accept or refuse without asking the table or writing to it."""
        shown = KeyText.parse(text)
        if shown is None:
            return True
        known = self._known.get(shown.key_id)
        if known is None:
            return self._unknown.get(shown.key_id) is not None
        return not self._is_use_to_be_noted(known[0], self._clock())

    def forget(self) -> None:
        """Ask the table again about every key."""
        self._known.forget()
        self._unknown.forget()

    def _look_up(self, key_id: str) -> tuple[ApiKey | None, bytes]:
        """The key and its MAC; for an unknown id, a MAC that nothing has."""
        # Both are asked, whatever the first says: that takes the same time.
        known, unknown = self._known.get(key_id), self._unknown.get(key_id)
        if known is not None:
            return known
        if unknown is not None:
            return None, unknown
        with self._database.reading() as connection:
            found = self._keys.find(connection, key_id)
        if found is not None:
            self._known.keep(key_id, found)
            return found
        nothing = secrets.token_bytes(_MAC_BYTES)
        self._unknown.keep(key_id, nothing)
        return None, nothing

    @staticmethod
    def _is_use_to_be_noted(key: ApiKey, now: datetime) -> bool:
        return key.last_used_at is None or key.last_used_at < now - _USE_IS_NOTED_EVERY

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        """Write it down once an hour; that it cannot be written is no reason to refuse a caller."""
        if not self._is_use_to_be_noted(key, now):
            return
        since = now - _USE_IS_NOTED_EVERY
        try:
            with self._database.writing() as connection:
                self._keys.touch(connection, key.key_id, now=now, unless_since=since)
                noted = self._keys.find(connection, key.key_id)
        except SQLAlchemyError as error:
            _logger.warning("use of a key could not be noted (%s)", type(error).__name__)
            return
        if noted is not None:
            self._known.keep(key.key_id, noted)
