"""Examples made by a process of their own, in memory that training reads."""

from __future__ import annotations

import os
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import cv2
import numpy as np

from training.pad.geometry import CLASSES, INPUT_PX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.synchronize import Lock

    from fvs.records import F32, U8
    from training.pad.examples import Examples

__all__ = ["Buffer"]

POLL_SECONDS = 0.1

CROP_BYTES = INPUT_PX * INPUT_PX * 3


class _Shared(NamedTuple):
    """Memory that both processes see; a row is written and read under the lock.

    `Any` because the stubs of `multiprocessing` give ctypes objects types that fit none of their
    uses.
    """

    crops: Any
    targets: Any
    weights: Any
    made: Any
    stop: Any
    lock: Lock

    def arrays(self) -> tuple[U8, F32, F32]:
        """Crops (capacity, 128, 128, 3), targets (capacity, 3), weights (capacity,)."""
        crops = np.frombuffer(self.crops, np.uint8).reshape(-1, INPUT_PX, INPUT_PX, 3)
        targets = np.frombuffer(self.targets, np.float32).reshape(-1, len(CLASSES))
        return crops, targets, np.frombuffer(self.weights, np.float32)


class Buffer:
    """The last `capacity` examples; the oldest give way, and drawing never waits.

    A process and not a thread: on a busy machine two threads of one interpreter wait for each
    other, which cut the examples made from 12 to 2 in a second.
    """

    def __init__(self, examples: Examples, capacity: int, seed: Sequence[int]) -> None:
        context = get_context("spawn")
        self._shared = _Shared(
            context.RawArray("B", capacity * CROP_BYTES),
            context.RawArray("f", capacity * len(CLASSES)),
            context.RawArray("f", capacity),
            context.Value("q", 0),
            context.Value("b", False),
            context.Lock(),
        )
        arguments = (self._shared, examples, tuple(seed))
        self._process = context.Process(target=_fill, args=arguments, daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shared.stop.value = True
        self._process.join()

    @property
    def made(self) -> int:
        """Examples made since the start."""
        return int(self._shared.made.value)

    def wait_for(self, count: int) -> None:
        """Return once so many have been made, or none will be any more."""
        while self.made < count and self._process.is_alive():
            self._process.join(POLL_SECONDS)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[U8, F32, F32]:
        """Crops (N, 128, 128, 3), targets (N, 3) and weights (N,); half of the crops mirrored."""
        crops, targets, weights = self._shared.arrays()
        with self._shared.lock:
            rows = rng.integers(0, min(self.made, len(crops)), count)
            drawn = crops[rows], targets[rows], weights[rows]
        mirrored = rng.random(count) < 0.5  # noqa: PLR2004 - a fair coin
        drawn[0][mirrored] = drawn[0][mirrored, :, ::-1]
        return drawn


def _fill(shared: _Shared, examples: Examples, seed: tuple[int, ...]) -> None:
    """Make examples until told to stop, or until the training process is gone."""
    parent = parent_process()
    cv2.setNumThreads(1)
    # Linux shares processors between sessions first: in one session, making and training would
    # have to do with one share of a busy machine.
    os.setsid()
    rng = np.random.default_rng(seed)
    crops, targets, weights = shared.arrays()
    while not shared.stop.value and parent is not None and parent.is_alive():
        example = examples.make(rng)
        with shared.lock:
            row = shared.made.value % len(crops)
            crops[row], targets[row], weights[row] = example
            shared.made.value += 1
