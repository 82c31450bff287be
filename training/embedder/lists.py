"""Who may be trained on: hold-out, duplicates, and a wall around the evaluation pictures."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs.records import F32, Bool

__all__ = ["SAME_PICTURE_COSINE", "duplicates", "is_held_out", "meets", "person_of"]

HOLD_OUT_EVERY = 5

SAME_PICTURE_COSINE = 0.7
"""Teacher cosine above which two pool pictures nearly always show the same picture or person."""

ROWS_PER_BLOCK = 2048


def is_held_out(file: str) -> bool:
    """Whether a pool picture, by the hash of its file name, is kept from training."""
    digest = hashlib.sha256(PurePosixPath(file).name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % HOLD_OUT_EVERY == 0


def person_of(file: str) -> str | None:
    """The person that an LFW-style name (`First_Last_0001.jpg`) states, else None."""
    name, _, number = PurePosixPath(file).stem.rpartition("_")
    return name if name and len(number) == 4 and number.isdigit() else None  # noqa: PLR2004


def duplicates(embeddings: F32, threshold: float = SAME_PICTURE_COSINE) -> Bool:
    """Rows that look like an earlier row that stays; those go, the first of each set stays."""
    dropped = np.zeros(len(embeddings), bool)
    for start in range(0, len(embeddings), ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, len(embeddings))
        close = embeddings[start:stop] @ embeddings[:stop].T > threshold
        for offset in np.flatnonzero(np.tril(close, start - 1).any(axis=1)):
            row = start + offset
            dropped[row] = bool((close[offset, :row] & ~dropped[:row]).any())
    return dropped


def meets(
    files: Iterable[str], hashes: Iterable[str], eval_files: Iterable[str], eval_hashes: set[str]
) -> list[str]:
    """Files that share a name, a named person or their exact bytes with an evaluation picture."""
    names = {PurePosixPath(f).name for f in eval_files}
    people = {person_of(name) for name in names} - {None}
    return [
        file
        for file, digest in zip(files, hashes, strict=True)
        if PurePosixPath(file).name in names or person_of(file) in people or digest in eval_hashes
    ]
