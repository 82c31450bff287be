"""Learning rate over the clock, so that a run on a shared machine always ends its schedule."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock", "RatePlan", "learning_rate"]


class RatePlan(NamedTuple):
    """Learning rates of the two phases, and the seconds at which each ends."""

    top: float
    warm_up: float
    low: float
    turn: float
    total: float

    @classmethod
    def of_one_phase(cls, top: float, warm_up: float, end: float) -> Self:
        """Down to 0 at `end`, and 0 after it."""
        return cls(top, warm_up, low=0.0, turn=end, total=math.inf)


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


def learning_rate(seconds: float, plan: RatePlan) -> float:
    """Linear warm-up, half a cosine to `low` at `turn`, another to 0 at `total` and 0 after it."""
    if seconds < plan.warm_up:
        return plan.top * seconds / plan.warm_up
    if seconds < plan.turn:
        fall = _fall((seconds - plan.warm_up) / (plan.turn - plan.warm_up))
        return plan.low + (plan.top - plan.low) * fall
    return plan.low * _fall(min(1.0, (seconds - plan.turn) / (plan.total - plan.turn)))


def _fall(progress: float) -> float:
    return (1.0 + math.cos(math.pi * progress)) / 2
