"""Failed authentications by address: counted in memory, answered with a wait, logged coarsely."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from fvs_server.details import Detail
from fvs_server.identity.peers import block_of, vicinity_of
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Failures"]

_logger = logging.getLogger(__name__)

_WINDOW_S = 60.0
_MOST_BLOCKS = 50_000
"""Counted apart; further addresses of the same minute share one count."""
_REST = "rest"


class Failures:
    """How often each address failed in this minute. Threads may share it; processes do not.

    It keeps strangers from filling the log and the database's queue. It is no defence of the keys:
    256 random bits need none.
    """

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Let each address fail so often in a minute."""
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._window = 0
        self._counts: Counter[str] = Counter()

    def require_room(self, address: str) -> None:
        """Let an address try.

        Raises:
            ServiceError: AUTHENTICATION_THROTTLED, it failed too often.
        """
        with self._lock:
            left_s = self._turn_window()
            count = self._counts[self._name(address)]
        if count >= self._per_minute:
            words = Detail.FAILURE_LIMIT.with_(most=self._per_minute)
            raise ServiceError(Problem.AUTHENTICATION_THROTTLED, words, retry_after_s=left_s)

    def record(self, address: str, reason: str) -> None:
        """Count a failure; the first and the last of a minute are logged, the others are not."""
        with self._lock:
            self._turn_window()
            name = self._name(address)
            self._counts[name] += 1
            count = self._counts[name]
        if count == 1:
            _logger.warning("authentication failed (%s) from %s", reason, vicinity_of(address))
        elif count == self._per_minute:
            _logger.warning("authentication throttled for %s", vicinity_of(address))

    def _turn_window(self) -> float:
        """Begin a new minute when it is time; returns the seconds left of this one."""
        now = self._monotonic()
        window = int(now // _WINDOW_S)
        if window != self._window:
            self._window = window
            self._counts.clear()
        return (window + 1) * _WINDOW_S - now

    def _name(self, address: str) -> str:
        name = block_of(address)
        return name if name in self._counts or len(self._counts) < _MOST_BLOCKS else _REST
