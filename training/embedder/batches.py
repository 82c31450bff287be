"""Batches of views and the teacher's answers, made on a thread of their own."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.embedder.augment import blend, views
from training.embedder.data import Replay, cells_of, draw_alike
from training.embedder.geometry import INPUT_PX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from fvs.records import F32, U8
    from training.common.schedule import Clock
    from training.embedder.config import Config
    from training.embedder.data import Pool
    from training.embedder.teacher import OnnxEmbedder

__all__ = ["Batch", "Batches"]

AHEAD = 3
"""Batches made ahead: enough that neither side waits for a hiccup of the other."""


ENOUGH_TO_REPLAY = 2048
"""Before that many views, as after a restart, batches stay general."""


class Batch(NamedTuple):
    """Views (N, 112, 112, 3), the teacher's answers (N, D), and how many pictures are alike.

    The first `2 * alike` rows are first one view, then another view of each of those pictures.
    """

    views_rgb: U8
    answers: F32
    alike: int


class Batches:
    """Fresh views of the training pictures with some earlier ones among them."""

    def __init__(self, config: Config, pool: Pool, teacher: OnnxEmbedder, rng: Generator) -> None:
        self._config = config
        self._crops = pool.crops_rgb
        self._teacher = teacher
        self._rng = rng
        self._rows = pool.rows("train")
        wanted = config.separation
        self._cells = cells_of(pool.labels, self._rows, wanted.age_bands, wanted.pictures)
        capacity = config.optimiser.replay_buffer
        self._replay = Replay(capacity, INPUT_PX, config.student.dimension)

    def stream(self, clock: Clock) -> Iterator[Batch]:
        """Batches without end; the clock says to which phase each belongs."""
        turn = self._config.turn_seconds
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(1) as thread:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(thread.submit(lambda: self.make(clock.seconds() >= turn)))
                yield waiting.popleft().result()

    def make(self, alike: bool) -> Batch:  # noqa: FBT001 - a thread's single argument
        """One batch of either phase."""
        optimiser = self._config.optimiser
        alike = alike and len(self._replay) >= ENOUGH_TO_REPLAY
        pictures = self._config.separation.pictures if alike else 0
        fresh = self._alike(pictures) if alike else self._blended(optimiser.fresh)
        answers = self._teacher.embed(fresh)
        old, old_answers = self._replay.draw(optimiser.replayed, self._rng)
        # Views of people alike would crowd out the rest, which keep the student general.
        if not alike:
            self._replay.add(fresh, answers)
        return Batch(np.concatenate([fresh, old]), np.concatenate([answers, old_answers]), pictures)

    def _blended(self, count: int) -> U8:
        augment = self._config.augment
        chosen = self._rng.choice(self._rows, count, replace=False)
        return blend(views(self._crops[chosen], augment, self._rng), augment, self._rng)

    def _alike(self, count: int) -> U8:
        crops = self._crops[draw_alike(self._cells, count, self._rng)]
        augment = self._config.augment
        return np.concatenate([views(crops, augment, self._rng) for _ in range(2)])
