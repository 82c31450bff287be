"""People who stand twice in a set whose pictures should all show different people.

Two signals. The same photograph, even recoloured, cropped or mirrored, has nearly the same aligned
crop; that holds at any age. Two different photographs of one adult are told by the embedder's
own score, and better by the mean vector of all pictures already found to show that person, in
which pose and light average out. Different children reach such scores legitimately, so they are
never dropped for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.pairs import pairs_above

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F32, U8, Bool, Int

__all__ = [
    "CLEANING_SCALES",
    "CleaningScale",
    "Duplicates",
    "appearance_similarity",
    "cleaning_scale",
    "find_duplicates",
]


class CleaningScale(NamedTuple):
    """What scores mean with one embedder; each has a scale of its own.

    Attributes:
        same_person: from here two adults are taken for one person, because more than half of such
            pairs are.
        suspect: one photograph twice, recoloured or cropped, scores no less.
        left_by_eye: what was seen among the pairs that stay.
    """

    same_person: float
    suspect: float
    left_by_eye: str


CLEANING_SCALES = {
    "embed-mobilefacenet-202004": CleaningScale(
        same_person=0.60,
        suspect=0.75,
        left_by_eye="By eye, many of the adult pairs left above 0.5 of that scale (few above 60 "
        "years) and most of the children's above 0.75 still show one person, which errs on the "
        "strict side.",
    )
}
"""Embedder -> its scale, for those whose pairs were looked at. With the reference embedder, of 40
pairs in each range of scores, nearly all of 0.70 to 0.80 showed one person, about four in five of
0.62 to 0.68, half of 0.58 to 0.60 and one in five of 0.53 to 0.55 (All-Age-Faces), and nearly all
of 0.61 to 0.65 (UTKFace). The choice matters at FMR 1e-4, where the reference pack's threshold is
0.563 with this, 0.590 with 0.62 and 0.624 with 0.65: there, most of the false matches counted are
pairs of one person."""

SAME_PICTURE_SIMILARITY = 0.85
"""From here two aligned crops are one photograph. Above the score of suspects the similarities of
pool pictures fall into two heaps, with few between 0.7 and 0.85."""

FAINTEST = 1e-6
"""Shorter vectors are rounding, and are not scaled up."""

OTHER_PICTURE_SIMILARITY = 0.5
"""Below this two aligned crops are taken for two photographs, in between for neither. A few pairs
below it are one photograph after all, edited or cut more than most."""

PAIRS_AT_ONCE = 4096
"""Pairs whose crops are compared at once: 100 MB. Children make suspects by the 100,000."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Who stands twice.

    Attributes:
        person: (N,) int64, the first row that shows this row's person.
        same_picture: (P, 2) int64, pairs of rows that are one photograph.
        two_pictures: (Q, 2) int64, pairs of rows that are two photographs of one adult.
    """

    person: Int
    same_picture: Int
    two_pictures: Int

    @property
    def dropped(self) -> Bool:
        """(N,) True for all pictures of a person but the first."""
        return np.asarray(self.person != np.arange(len(self.person)))


def cleaning_scale(embedder_id: str) -> CleaningScale:
    """The scale of an embedder that can tell doubles.

    Raises:
        UsageError: nobody has looked from which score its pairs show one person.
    """
    if embedder_id not in CLEANING_SCALES:
        raise UsageError(
            f"{embedder_id} cannot find people who stand twice: from which score two pictures show "
            f"one person is known of {', '.join(CLEANING_SCALES)} only",
            advice="Let another pack find them: --doubles-by reference.",
        )
    return CLEANING_SCALES[embedder_id]


def find_duplicates(
    vectors: F32,
    thumbnails: U8,
    may_be_child: Bool,
    scale: CleaningScale,
) -> Duplicates:
    """Find people who stand twice.

    Args:
        vectors: (N, D) float32 unit vectors.
        thumbnails: (N, S, S) uint8 grey, aligned crops.
        may_be_child: (N,) True where a high score alone does not tell one person from two.
        scale: of the embedder that made the vectors.
    """
    suspects, _ = pairs_above(vectors, scale.suspect)
    similar = appearance_similarity(thumbnails, suspects) >= SAME_PICTURE_SIMILARITY
    person = _joined(np.arange(len(vectors)), suspects[similar])
    while True:
        people, member = np.unique(person, return_inverse=True)
        child = np.zeros(len(people), np.bool_)
        np.logical_or.at(child, member, may_be_child)
        same, _ = pairs_above(_mean_vectors(vectors, member, len(people)), scale.same_person)
        same = same[~child[same].any(axis=1)]
        if not len(same):
            break
        person = _joined(person, people[same])
    alike, _ = pairs_above(vectors, scale.same_person)
    alike = alike[~may_be_child[alike].any(axis=1)]
    differ = appearance_similarity(thumbnails, alike) < OTHER_PICTURE_SIMILARITY
    return Duplicates(person=person, same_picture=suspects[similar], two_pictures=alike[differ])


def appearance_similarity(thumbnails: U8, pairs: Int) -> F32:
    """(P,) correlation of what the mean face leaves unexplained; the higher of as is and mirrored.

    Any two aligned faces correlate, children's up to 0.9; without the mean face only one
    photograph still correlates with itself.

    Args:
        thumbnails: (N, S, S) uint8 grey, aligned crops; their mean is the mean face.
        pairs: (P, 2) int64 rows.
    """
    detail = _unit_detail(thumbnails)
    mirrored = detail[:, :, ::-1]
    similarity = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        first, second = pairs[start : start + PAIRS_AT_ONCE].T
        as_is = np.einsum("pij,pij->p", detail[first], detail[second])
        turned = np.einsum("pij,pij->p", detail[first], mirrored[second])
        similarity[start : start + len(first)] = np.maximum(as_is, turned)
    return similarity


def _unit_detail(thumbnails: U8) -> F32:
    """(N, S, S) thumbnails without the (symmetric) mean face, of length 1 as vectors."""
    detail = _unit(thumbnails.astype(np.float32) - thumbnails.mean(axis=(1, 2), keepdims=True))
    mean_face = detail.sum(axis=0)
    mean_face = _unit((mean_face + mean_face[:, ::-1])[None])[0]
    share = np.einsum("nij,ij->n", detail, mean_face)
    return _unit(detail - share[:, None, None] * mean_face)


def _unit(pictures: npt.NDArray[np.floating[Any]]) -> F32:
    """(N, S, S) scaled to length 1 as vectors; pictures without contrast stay 0."""
    length = np.sqrt(np.einsum("nij,nij->n", pictures, pictures))[:, None, None]
    return np.asarray(pictures / np.maximum(length, FAINTEST), np.float32)


def _mean_vectors(vectors: F32, member: Int, people: int) -> F32:
    """(people, D) unit vectors, the mean direction of each person's pictures."""
    total = np.zeros((people, vectors.shape[1]), np.float32)
    np.add.at(total, member, vectors)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, np.finfo(np.float32).tiny), np.float32)


def _joined(person: Int, pairs: Int) -> Int:
    """Number people by their lowest row, those of each pair being one."""
    first = person
    while True:
        lowest = np.minimum(first[pairs[:, 0]], first[pairs[:, 1]])
        linked = first.copy()
        for side in (0, 1):
            np.minimum.at(linked, first[pairs[:, side]], lowest)
        linked = linked[linked]
        if np.array_equal(linked, first):
            return first
        first = linked
