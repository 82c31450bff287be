"""Where a registry keeps its vectors unless it is told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs.matching.backend import VectorBackend

__all__ = ["in_memory"]


def in_memory(dimension: int) -> VectorBackend:
    """Exact float32 in the memory of this process, empty.

    Raises:
        MissingExtraError: faiss is not installed.
    """
    from fvs.matching.index import VectorIndex  # noqa: PLC0415 - faiss loads when it is used

    return VectorIndex.empty(dimension)
