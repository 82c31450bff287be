"""Contenders in processes of their own, timed in turn.

Each has its own threads, caches and memory, so that spinning threads of one are not charged to
another, and peak memory is its own. They run one at a time, A B C, B C A, ..., so that a burst of
other work on the machine hits all of them alike and ratios within a round stay fair.
"""

from __future__ import annotations

import multiprocessing
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from benchmarks.machine import peak_rss_mb
from fvs.timing import Cost, cost_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from multiprocessing.connection import Connection

    from benchmarks.speed.contenders import Contender

__all__ = ["Corner", "Lap", "race"]

CLOSING_TIMEOUT_S = 10.0


class Lap(NamedTuple):
    """One pair by one contender."""

    cost: Cost
    similarity: float
    peak_rss_mb: float


class Corner:
    """A contender's process, seen from outside; a context manager."""

    def __init__(self, opener: Callable[[], Contender]) -> None:
        # Spawned, not forked: no inherited threads, modules or memory.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, opener), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.send(None)
        self._process.join(CLOSING_TIMEOUT_S)

    def run(self, selfie: bytes, card: bytes) -> Lap:
        """Have one pair compared and timed over there."""
        self._connection.send((selfie, card))
        answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        lap: Lap = answer
        return lap


def race(
    pairs: Sequence[tuple[bytes, bytes]],
    contenders: Mapping[str, Callable[[], Contender]],
    rounds: int,
    watch: Callable[[Iterable[int]], Iterable[int]],
) -> list[dict[str, list[Lap]]]:
    """Time contenders on all pairs.

    Args:
        pairs: selfie and card; smallest pictures first, as memory is that of the peak so far.
        contenders: name -> what opens it, in its own process (so it must survive pickling).
        rounds: laps of each contender on each pair, after one unmeasured lap.
        watch: wraps the count of rounds, to show progress.

    Returns:
        For each pair, name -> laps; lap i of all contenders were run one after the other.
    """
    with ExitStack() as stack:
        corners = {name: stack.enter_context(Corner(opener)) for name, opener in contenders.items()}
        laps: list[dict[str, list[Lap]]] = [{name: [] for name in corners} for _ in pairs]
        for step in watch(range(len(pairs) * (rounds + 1))):
            pair, lap = divmod(step, rounds + 1)
            for name in _rotated(list(corners), lap):
                result = corners[name].run(*pairs[pair])
                if lap > 0:
                    laps[pair][name].append(result)
    return laps


def _rotated(names: list[str], by: int) -> list[str]:
    start = by % len(names)
    return names[start:] + names[:start]


def _serve(connection: Connection, opener: Callable[[], Contender]) -> None:
    """Answer pairs with laps until None comes."""
    contender = opener()
    while (pair := connection.recv()) is not None:
        try:
            connection.send(_lap(contender, *pair))
        except Exception as error:  # noqa: BLE001 - it is raised again in the parent
            connection.send(error)


def _lap(contender: Contender, selfie: bytes, card: bytes) -> Lap:
    similarities: list[float] = []
    cost = cost_of(lambda: similarities.append(contender.compare(selfie, card)))
    return Lap(cost, similarities[0], peak_rss_mb())
