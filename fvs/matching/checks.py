"""What is asked of vectors and keys before anything is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F32, Int

__all__ = ["check_count", "check_unit_length", "check_vectors", "checked_new_keys"]

_UNIT_LENGTH_TOLERANCE = 1e-3
"""A vector longer or shorter than this is no embedding."""


def check_vectors(vectors: F32, dimension: int, what: str) -> None:
    """Refuse what is not (N, D) float32 and finite.

    Raises:
        UsageError: naming what it is.
    """
    if vectors.dtype != np.float32 or vectors.shape[1:] != (dimension,):
        raise UsageError(
            f"{what} are (N, {dimension}) float32 (got {vectors.shape} {vectors.dtype})"
        )
    if not np.isfinite(vectors).all():
        raise UsageError(f"{what} hold a number that is not finite")


def check_unit_length(vectors: F32) -> None:
    """Refuse vectors, (N, D), that are no directions.

    Raises:
        UsageError: one has another length than 1.
    """
    if np.abs(np.linalg.norm(vectors, axis=1) - 1).max(initial=0) > _UNIT_LENGTH_TOLERANCE:
        raise UsageError("vectors to add have length 1")


def checked_new_keys(keys: npt.ArrayLike, count: int) -> Int:
    """Keys for so many vectors, (N,) int64.

    Raises:
        UsageError: there are more or fewer, one is negative or stands twice.
    """
    checked = np.asarray(keys)
    if not checked.size:
        checked = checked.astype(np.int64)
    if checked.shape != (count,) or checked.dtype.kind not in "iu" or (checked < 0).any():
        raise UsageError(
            f"keys of {count} vectors are ({count},) whole numbers that are not negative "
            f"(got {checked.shape} {checked.dtype})"
        )
    if len(np.unique(checked)) != count:
        raise UsageError("a key stands twice among those to add")
    return checked.astype(np.int64)


def check_count(k: int) -> None:
    """Refuse a search for nothing.

    Raises:
        UsageError: k is below 1.
    """
    if k < 1:
        raise UsageError(f"a search is for one hit or more (got k = {k})")
