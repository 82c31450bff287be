"""What the registry asks of a vector index; `fvs.matching.VectorIndex` is one, a server another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fvs.matching.hits import Hits
    from fvs.records import F32, Int

__all__ = ["IndexFactory", "Vectors", "in_memory"]


class Vectors(Protocol):
    """Unit vectors by int64 key. One thread changes it at a time, and none reads meanwhile."""

    def add(self, keys: Int, vectors: F32) -> None:
        """Take in (N,) keys that are not there, and (N, D) vectors."""
        ...

    def remove(self, keys: Int) -> int:
        """Forget keys; those that are not there are left out. Returns how many were."""
        ...

    def score_pairs(self, probes: F32, probe_rows: Int, keys: Int) -> F32:
        """(K,) cosine of probe `probe_rows[i]` and key `keys[i]`; NaN where the key is not there.

        Args:
            probes: (P, D) unit vectors.
            probe_rows: (K,).
            keys: (K,).
        """
        ...

    def search(self, probes: F32, k: int, threshold: float = -1.0) -> Hits:
        """Up to `k` keys for each probe, best first, of a score of `threshold` or more."""
        ...

    def vectors_of(self, keys: Int) -> F32:
        """(N, D) the vectors of keys that are there, as exactly as they are kept."""
        ...

    def keys(self) -> Int:
        """(N,) int64 all keys, in no order."""
        ...

    def __len__(self) -> int:
        """How many keys are there."""
        ...


class IndexFactory(Protocol):
    """Makes the index of a registry."""

    def __call__(self, dimension: int) -> Vectors:
        """An empty one for vectors of `dimension`."""
        ...


def in_memory(dimension: int) -> Vectors:
    """Exact float32 in the memory of this process; the default.

    Raises:
        MissingExtraError: faiss is not installed.
    """
    from fvs.matching.index import VectorIndex  # noqa: PLC0415 - faiss loads when it is used

    return VectorIndex.empty(dimension)
