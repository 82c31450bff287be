"""What a search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32, Bool, Int

__all__ = ["Hits"]


@dataclass(frozen=True, eq=False)
class Hits:
    """Probes and the vectors that they hit: by probe, of each the best first, ties by key.

    Attributes:
        probe_rows: (H,) int64, ascending.
        keys: (H,) int64.
        scores: (H,) float32 cosine in -1..1.
    """

    probe_rows: Int
    keys: Int
    scores: F32

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, probes: Bool) -> Hits:
        """The hits of some probes; `probes` is (P,), True for those."""
        kept = probes[self.probe_rows]
        return Hits(self.probe_rows[kept], self.keys[kept], self.scores[kept])

    @classmethod
    def best(cls, parts: Sequence[Hits], k: int, threshold: float) -> Self:
        """Of hits in any order, those that count: at most k a probe, at or above the threshold."""
        probe_rows = np.concatenate([np.empty(0, np.int64), *(part.probe_rows for part in parts)])
        keys = np.concatenate([np.empty(0, np.int64), *(part.keys for part in parts)])
        scores = np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)])
        order = np.lexsort((keys, -scores, probe_rows))
        # A float64 beside float32: the threshold itself is not rounded.
        order = order[scores[order] >= np.float64(threshold)]
        first_of_probe = np.searchsorted(probe_rows[order], probe_rows[order])
        order = order[np.arange(len(order)) - first_of_probe < k]
        return cls(probe_rows[order], keys[order], scores[order])
