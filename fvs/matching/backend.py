"""What whoever holds vectors offers: `VectorIndex` in this process, `MilvusIndex` in a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fvs.matching.hits import Hits
    from fvs.records import F32, Int

__all__ = ["BackendFactory", "VectorBackend"]


class VectorBackend(Protocol):
    """Unit vectors by int64 key: 1:1 comparison of many pairs, and 1:N search."""

    @property
    def dimension(self) -> int:
        """D."""
        ...

    def __len__(self) -> int:
        """How many vectors there are."""
        ...

    def keys(self) -> Int:
        """(N,) int64: the keys of all vectors, in no order."""
        ...

    def add(self, keys: Int, vectors: F32) -> None:
        """Add vectors.

        Args:
            keys: (N,) int64, none twice and none that is there.
            vectors: (N, D) float32 of length 1.

        Raises:
            UsageError: something of this does not hold; nothing was added.
        """
        ...

    def remove(self, keys: Int) -> int:
        """Remove vectors; unknown keys are left out. Returns how many were removed."""
        ...

    def score_pairs(self, probes: F32, probe_rows: Int, keys: Int) -> F32:
        """Compare probe `probe_rows[i]` with the vector of `keys[i]`.

        Args:
            probes: (P, D) float32 of length 1.
            probe_rows: (K,) int64 rows of `probes`.
            keys: (K,) int64.

        Returns:
            (K,) float32 cosine in -1..1; NaN where there is no such key.
        """
        ...

    def search(self, probes: F32, k: int, threshold: float = -1.0) -> Hits:
        """Of each probe up to `k` vectors that score `threshold` or more, the best first."""
        ...

    def vectors_of(self, keys: Int) -> F32:
        """(K, D) float32 the vectors of (K,) keys; NaN where the key is unknown."""
        ...


class BackendFactory(Protocol):
    """Makes the backend of a registry, which fills it from its store."""

    def __call__(self, dimension: int) -> VectorBackend:
        """An empty backend for vectors of that dimension."""
        ...
