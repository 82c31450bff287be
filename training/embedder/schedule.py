"""Learning rate over the clock, so that a run on a shared machine always ends its schedule."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock", "learning_rate"]


class Clock:
    """Seconds of training: those of earlier runs plus the clock's since this one began.

    A process paused with SIGSTOP goes on spending its schedule; one stopped and started again
    from its checkpoint does not.
    """

    def __init__(self, spent: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._offset = spent - now()

    def seconds(self) -> float:
        """Seconds spent up to now."""
        return self._offset + self._now()


def learning_rate(seconds: float, *, top: float, warm_up: float, total: float) -> float:
    """Linear warm-up, then half a cosine down to 0 at `total` seconds and 0 after it."""
    if seconds < warm_up:
        return top * seconds / warm_up
    progress = min(1.0, (seconds - warm_up) / (total - warm_up))
    return top * (1.0 + math.cos(math.pi * progress)) / 2
