"""Pictures to samples, on the threads of the pool: one by one, or in batches for an accelerator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fvs.samples import Samples
from fvs.status import Role
from fvs_server.batching import Batcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.engine import Engine
    from fvs_server.inference import Deadline, InferencePool

__all__ = ["Extractor"]


class Extractor:
    """Has pictures worked on by an engine; safe to use from many threads."""

    def __init__(
        self,
        engine: Engine,
        pool: InferencePool,
        *,
        batch_pictures: int = 1,
        batch_wait_s: float = 0.0,
    ) -> None:
        """Work with an engine that every thread may call.

        Args:
            engine: of the networks.
            pool: its threads.
            batch_pictures: of one role, of any requests, that go through the engine together.
            batch_wait_s: for how long a picture waits for others while they are fewer.
        """
        self.engine = engine
        self.pool = pool
        self._batchers = {
            role: Batcher(
                partial(_extract_each, engine, role), size=batch_pictures, wait_s=batch_wait_s
            )
            for role in (Role if batch_pictures > 1 else ())
        }

    def extract(self, pictures: Sequence[tuple[bytes, Role]], deadline: Deadline) -> list[Samples]:
        """Samples of pictures, worked on side by side; one row each.

        Raises:
            ServiceError: as of `InferencePool.run`.
        """
        if self._batchers:
            return self.pool.run_in_batches(
                [(self._batchers[role], file) for file, role in pictures], deadline
            )
        return self.pool.run(
            [partial(self.engine.extract_here, [file], role) for file, role in pictures], deadline
        )


def _extract_each(engine: Engine, role: Role, files: Sequence[bytes]) -> list[Samples]:
    """One batch, and its rows as if each had been one."""
    samples = engine.extract_here(files, role)
    return [Samples.concatenate([samples.take([row])]) for row in range(len(files))]
