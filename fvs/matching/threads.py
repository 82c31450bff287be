"""How many threads the native libraries may use: said by us, never left to their defaults.

By default faiss takes every core for one search; on a host where other work runs this made a flat
search three times slower (FAISS 1.15, two cores). OpenMP's number is the calling thread's own, so
it is set where the work is done. That of numpy's BLAS is the whole process's.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import faiss
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["limit_faiss_threads", "limit_threads"]


@contextmanager
def limit_threads(threads: int) -> Iterator[None]:
    """Let faiss, called from this Python thread, and BLAS use so many threads; then as before.

    Raises:
        UsageError: fewer than one.
    """
    with limit_faiss_threads(threads), _controller().limit(limits=threads, user_api="blas"):
        yield


@contextmanager
def limit_faiss_threads(threads: int) -> Iterator[None]:
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


@cache
def _controller() -> ThreadpoolController:
    """Knows the libraries that are loaded; looking for them takes milliseconds."""
    return ThreadpoolController()
