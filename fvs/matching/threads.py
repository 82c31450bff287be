"""How many threads the native libraries may use: said by us, never left to their defaults.

By default faiss takes every core for one search; on a host where other work runs this made a flat
search three times slower (FAISS 1.15, two cores). OpenMP's number is the calling thread's own, so
it is set where the work is done.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import faiss

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["limit_threads"]


@contextmanager
def limit_threads(threads: int) -> Iterator[None]:
    """Let faiss, called from this Python thread, use so many threads; then as before.

    Raises:
        UsageError: fewer than one.
    """
    if threads < 1:
        raise UsageError(f"work needs at least one thread (got {threads})")
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
