"""Batches of frames, made ahead by a process of their own."""

from __future__ import annotations

import multiprocessing
from queue import Full
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from training.detector.compose import Composer
from training.detector.sources import People, Sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.queues import Queue
    from pathlib import Path

    from fvs.records import F32, U8, Int
    from training.detector.compose import Frame
    from training.detector.config import Config

__all__ = ["Batch", "batch_of", "stream"]

AHEAD = 6
"""Batches made ahead: enough that neither side waits for a hiccup of the other."""

PATIENCE_SECONDS = 20.0
"""After so long without room it is asked whether anybody still trains."""

MOST_FACES = 12
NO_FACE = -1


class Batch(NamedTuple):
    """Frames (N, S, S, 3), boxes (N, 12, 4), landmarks (N, 12, 5, 2), kind (N, 12), -1 for none."""

    frames_rgb: U8
    xyxy_px: F32
    landmarks_px: F32
    kind: Int


def batch_of(frames: Sequence[Frame]) -> Batch:
    """Frames of one size, their faces in rows of one length; the surest and first faces stay."""
    rows = [_padded(frame.people) for frame in frames]
    boxes, points, kind = (np.stack(column) for column in zip(*rows, strict=True))
    pixels = np.stack([frame.pixels_rgb for frame in frames])
    return Batch(pixels, boxes.astype(np.float32), points.astype(np.float32), kind)


def _padded(people: People) -> People:
    order = np.argsort(-people.kind, kind="stable")[:MOST_FACES]
    empty = MOST_FACES - len(order)
    return People(
        np.pad(people.xyxy_px[order], [(0, empty), (0, 0)]),
        np.pad(people.landmarks_px[order], [(0, empty), (0, 0), (0, 0)]),
        np.pad(people.kind[order], (0, empty), constant_values=NO_FACE),
    )


def stream(config: Config, faces: Path, cards: Path, start: int) -> Iterator[Batch]:
    """Training batches without end, other ones from every start."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = context.Queue(AHEAD)
    arguments = (config, faces, cards, start, queue)
    context.Process(target=_make_forever, args=arguments, daemon=True).start()
    while True:
        yield queue.get()


def _make_forever(
    config: Config, faces: Path, cards: Path, start: int, queue: Queue[Batch]
) -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng([config.seed, start])
    composer = Composer(config.compose, Sources.open(faces), Sources.open(cards), "train", rng)
    sides = config.compose.sides_px
    step = start
    while True:
        side = sides[step % len(sides)]
        batch = batch_of([composer.frame(side) for _ in range(config.optimiser.batch)])
        while not _put(queue, batch):
            if _is_orphan():
                return
        step += 1


def _put(queue: Queue[Batch], batch: Batch) -> bool:
    """Whether there was room for the batch."""
    try:
        queue.put(batch, timeout=PATIENCE_SECONDS)
    except Full:
        return False
    return True


def _is_orphan() -> bool:
    """Whether training was killed, which gives a daemon process no sign."""
    parent = multiprocessing.parent_process()
    return parent is None or not parent.is_alive()
