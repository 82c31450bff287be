"""Pictures to samples: one by one, or in batches for an accelerator, here or in other processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.samples import Samples
from fvs.status import Role
from fvs_server.batching import Batcher
from fvs_server.looks import perceptual_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.engine import Engine
    from fvs_server.inference import Deadline, InferencePool

__all__ = ["Extraction", "Extractor", "Picture", "extract_batch"]


class Picture(NamedTuple):
    """What is to be worked on.

    Attributes:
        file: JPEG, PNG or WebP.
        role: what it is for.
        looks: whether the hash of its looks is wanted.
    """

    file: bytes
    role: Role
    looks: bool = False


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What is made of one picture, and small: its pixels are gone.

    Attributes:
        samples: one row.
        looks: `perceptual_hash`; None where it was not wanted, or there is none.
    """

    samples: Samples
    looks: int | None


class Extractor:
    """Has pictures worked on; safe to use from many threads."""

    def __init__(
        self,
        work: Callable[[Sequence[Picture]], list[Extraction]],
        pool: InferencePool,
        *,
        batch_pictures: int = 1,
        batch_wait_s: float = 0.0,
    ) -> None:
        """Begin nothing.

        Args:
            work: `extract_batch` of an engine, here or in another process; threads may share it.
            pool: whose threads call it.
            batch_pictures: of one role, of any requests, that are worked on together.
            batch_wait_s: for how long a picture waits for others while they are fewer.
        """
        self.pool = pool
        self._work = work
        self._batchers = {
            role: Batcher(work, size=batch_pictures, wait_s=batch_wait_s)
            for role in (Role if batch_pictures > 1 else ())
        }

    def extract(self, pictures: Sequence[Picture], deadline: Deadline) -> list[Extraction]:
        """Pictures worked on side by side.

        Raises:
            ServiceError: as of `InferencePool.run`.
        """
        if self._batchers:
            return self.pool.run_in_batches(
                [(self._batchers[picture.role], picture) for picture in pictures], deadline
            )
        alone = [partial(self._work, [picture]) for picture in pictures]
        return [extraction for (extraction,) in self.pool.run(alone, deadline)]


def extract_batch(engine: Engine, pictures: Sequence[Picture]) -> list[Extraction]:
    """Pictures of one role, in the calling thread; each as if it had been alone."""
    samples = engine.extract_here([picture.file for picture in pictures], pictures[0].role)
    looks = [
        perceptual_hash(pixels) if picture.looks and pixels is not None else None
        for picture, pixels in zip(pictures, samples.images.pixels_rgb, strict=True)
    ]
    small = _without_pixels(samples)
    rows = [small] if len(looks) == 1 else [_row(small, row) for row in range(len(looks))]
    return [Extraction(samples=row, looks=hashed) for row, hashed in zip(rows, looks, strict=True)]


def _without_pixels(samples: Samples) -> Samples:
    none = np.empty((len(samples), 0, 0, 3), np.uint8)
    return replace(
        samples,
        images=replace(samples.images, pixels_rgb=(None,) * len(samples)),
        crops=replace(samples.crops, pixels_rgb=none),
    )


def _row(samples: Samples, row: int) -> Samples:
    return Samples.concatenate([samples.take([row])])
