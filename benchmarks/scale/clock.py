"""Timing of work that is repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.scale.results import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fastest", "timed"]


def timed(items: int, work: Callable[[], object]) -> Speed:
    """Work that can be done only once."""
    start = time.perf_counter()
    work()
    return Speed(items=items, seconds=time.perf_counter() - start)


def fastest(items: int, repeats: int, work: Callable[[], object]) -> Speed:
    """The fastest of several times: others are slower for what else the machine did."""
    return min((timed(items, work) for _ in range(repeats)), key=lambda speed: speed.seconds)
