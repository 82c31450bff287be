"""People who stand twice in a set whose pictures should all show different people.

Two signals: the embedder's own score, and the pictures themselves. The same photograph, even
recoloured, cropped or mirrored, has nearly the same aligned crop; that holds at any age. Two
different photographs of one person can be told by the score alone, but only among adults:
different children reach such scores legitimately, so they are never dropped for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.metrics.pairs import pairs_above

if TYPE_CHECKING:
    from fvs.records import F32, U8, Bool, Int

__all__ = ["Duplicates", "appearance_similarity", "find_duplicates"]

SAME_PERSON_SCORE = 0.70
"""From here two pictures of adults show one person: nearly all pairs looked at did."""

SUSPECT_SCORE = 0.45
"""Pairs below are not worth a look at their pictures."""

SAME_PICTURE_SIMILARITY = 0.90
"""From here two aligned crops are one photograph."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Which pictures to leave out, and why.

    Attributes:
        dropped: (N,) bool; of the pictures of one person, all but the first.
        pairs: (P, 2) int64, the pairs found to show one person.
        same_picture: (P,) bool, True where the two are one photograph.
    """

    dropped: Bool
    pairs: Int
    same_picture: Bool


def find_duplicates(vectors: F32, thumbnails: U8, may_be_child: Bool) -> Duplicates:
    """Find people who stand twice.

    Args:
        vectors: (N, D) float32 unit vectors.
        thumbnails: (N, S, S) uint8 grey, aligned crops.
        may_be_child: (N,) True where a high score alone does not tell one person from two.
    """
    pairs, scores = pairs_above(vectors, SUSPECT_SCORE)
    same_picture = appearance_similarity(thumbnails, pairs) >= SAME_PICTURE_SIMILARITY
    children = may_be_child[pairs].any(axis=1)
    same_person = same_picture | (~children & (scores >= np.float32(SAME_PERSON_SCORE)))
    found = pairs[same_person]
    return Duplicates(
        dropped=_all_but_first(len(vectors), found),
        pairs=found,
        same_picture=same_picture[same_person],
    )


def appearance_similarity(thumbnails: U8, pairs: Int) -> F32:
    """(P,) correlation of fine structure, the higher of the pair as it is and mirrored.

    Args:
        thumbnails: (N, S, S) uint8 grey, aligned crops.
        pairs: (P, 2) int64 rows.
    """
    detail = _unit_detail(thumbnails)
    mirrored = _unit_detail(thumbnails[:, :, ::-1])
    first, second = pairs[:, 0], pairs[:, 1]
    as_is = np.einsum("pd,pd->p", detail[first], detail[second])
    turned = np.einsum("pd,pd->p", detail[first], mirrored[second])
    return np.asarray(np.maximum(as_is, turned), np.float32)


def _unit_detail(thumbnails: U8) -> F32:
    """(N, S*S) thumbnails of mean 0 and length 1, so that a product of two is a correlation."""
    flat = thumbnails.reshape(len(thumbnails), thumbnails.shape[1] * thumbnails.shape[2]).astype(
        np.float32
    )
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1.0)
    return flat


def _all_but_first(n: int, pairs: Int) -> Bool:
    """(n,) True for each row that a chain of pairs links to an earlier one."""
    first = np.arange(n)
    while True:
        lowest = np.minimum(first[pairs[:, 0]], first[pairs[:, 1]])
        linked = first.copy()
        np.minimum.at(linked, pairs[:, 0], lowest)
        np.minimum.at(linked, pairs[:, 1], lowest)
        if np.array_equal(linked, first):
            return np.asarray(first != np.arange(n))
        first = linked
