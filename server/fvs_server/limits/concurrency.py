"""How much of one process a key may hold at once."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fvs_server.details import Detail
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs_server.identity.principal import Principal
    from fvs_server.limits.settings import LimitsSettings

__all__ = ["Concurrency"]

_RETRY_AFTER_S = 1.0


class Concurrency:
    """Slots of each key in this process; safe to use from many threads."""

    def __init__(self, settings: LimitsSettings) -> None:
        self._limit = settings.concurrency
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, principal: Principal) -> Iterator[None]:
        """Hold a slot for as long as the block runs; nobody waits for one.

        Raises:
            ServiceError: CONCURRENCY_EXCEEDED.
        """
        key = f"{principal.method}:{principal.key_id}"
        with self._lock:
            if self._held[key] >= self._limit:
                words = Detail.CONCURRENCY_LIMIT.with_(most=self._limit)
                raise ServiceError(
                    Problem.CONCURRENCY_EXCEEDED, words, retry_after_s=_RETRY_AFTER_S
                )
            self._held[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._held[key] -= 1
                if not self._held[key]:
                    del self._held[key]
