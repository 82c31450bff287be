"""Whether one face is enrolled under several identifiers: off until somebody says why it may be on.

Searching everybody's templates for a face is another purpose than verifying a claim (domain: PDPA
sections 21, 26 and 30), so it needs a policy of its own. What is found are pairs for the review
list (`fvs.registry.reviews`), each with what such a hit is worth in a gallery of this size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.registry.reviews import Review, fpir_of, review_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fvs.matching.plan import SearchPlan
    from fvs.records import F32, U8, Embeddings, Int
    from fvs.registry.gallery import GalleryHits
    from fvs.registry.searching import Finder

__all__ = ["DuplicatePair", "DuplicatePolicy", "SubjectHits", "search_people"]


@dataclass(frozen=True, kw_only=True)
class DuplicatePolicy:
    """Why searching is allowed, and from which score a pair is worth a look.

    Attributes:
        purpose: in the operator's words; stands in every review.
        legal_basis: the section of the law or the decision that allows it.
        threshold: lowest cosine of a hit.
        target_fmr: of that threshold in a comparison of two; says what a hit is worth.
        evidence: where the two were measured: the certificate or its file.
    """

    purpose: str
    legal_basis: str
    threshold: float
    target_fmr: float
    evidence: str

    def __post_init__(self) -> None:
        """Refuse a policy that states nothing.

        Raises:
            UsageError: a statement is empty, or a number outside its range.
        """
        if not all(text.strip() for text in (self.purpose, self.legal_basis, self.evidence)):
            raise UsageError("a duplicate policy states a purpose, a legal basis and its evidence")
        if not (0 < self.target_fmr < 1 and -1 < self.threshold <= 1):
            raise UsageError("a threshold is a cosine and an FMR lies between 0 and 1")


@dataclass(frozen=True, eq=False)
class SubjectHits:
    """People whom probes resemble: by probe, of each the best first, each person once.

    Attributes:
        status: (N,) uint8 of the probes; one that is not OK has no hits.
        probe_rows: (H,) int64, ascending.
        similarity: (H,) float32 cosine.
        subjects: H pseudonyms; nobody is named.
        record_ids: H ids, of the template of each that was most alike.
        gallery_size: templates that were searched.
        fpir: expected share of probes of people who are not enrolled that have a hit.
        plan: how they were searched for, and why; None where a server holds the vectors.
    """

    status: U8
    probe_rows: Int
    similarity: F32
    subjects: tuple[bytes, ...]
    record_ids: tuple[bytes, ...]
    gallery_size: int
    fpir: float
    plan: SearchPlan | None


@dataclass(frozen=True, kw_only=True)
class DuplicatePair:
    """Templates of two subjects that look alike; fields as in `Review`."""

    first_subject: bytes
    second_subject: bytes
    first_record: bytes
    second_record: bytes
    similarity: float
    rank: int
    gallery_size: int

    def review(self, policy: DuplicatePolicy, now: datetime) -> Review:
        """The pair as an entry of the review list."""
        return Review(
            review_id=review_id_of(self.first_record, self.second_record),
            first_subject=self.first_subject,
            second_subject=self.second_subject,
            first_record=self.first_record,
            second_record=self.second_record,
            similarity=self.similarity,
            rank=self.rank,
            threshold=policy.threshold,
            target_fmr=policy.target_fmr,
            gallery_size=self.gallery_size,
            fpir=fpir_of(policy.target_fmr, self.gallery_size),
            purpose=policy.purpose,
            legal_basis=policy.legal_basis,
            created_at=now,
        )


def search_people(
    finder: Finder, policy: DuplicatePolicy, probes: Embeddings, k: int, threshold: float
) -> SubjectHits:
    """The `k` people most like each probe; see `SubjectHits`.

    Args:
        finder: of the gallery.
        policy: that allows it.
        probes: N rows; their vectors are not rotated yet.
        k: people of each probe, at least 1.
        threshold: lowest cosine of a hit.

    Raises:
        UsageError: the threshold is below the policy's, so that nobody knows what a hit is worth.
    """
    if threshold < policy.threshold:
        raise UsageError(
            f"a threshold of {threshold} is below {policy.threshold}, from which the policy's FMR "
            "holds",
            advice="Search at the policy's threshold, or state a policy for a lower one.",
        )
    usable = np.flatnonzero(probes.ok)
    size = len(finder.gallery)
    rotated = finder.gallery.vault.rotate(probes.vectors[usable])
    # A person may have any number of templates, so k people may take more than k hits.
    hits = finder.search_all(
        rotated, threshold, k, lambda hits: _people_of_each(hits, len(rotated)) < k
    )
    kept = [i for i, rank in _people(hits) if rank <= k]
    return SubjectHits(
        status=probes.status,
        probe_rows=usable[hits.probe_rows[kept]],
        similarity=hits.scores[kept],
        subjects=tuple(hits.subjects[i].tobytes() for i in kept),
        record_ids=tuple(hits.record_ids[i].tobytes() for i in kept),
        gallery_size=size,
        fpir=fpir_of(policy.target_fmr, size),
        plan=finder.plan,
    )


def _people_of_each(hits: GalleryHits, probes: int) -> Int:
    """(P,) how many people each probe hit."""
    best = [i for i, _ in _people(hits)]
    return np.bincount(hits.probe_rows[best], minlength=probes)


def _people(hits: GalleryHits) -> Iterator[tuple[int, int]]:
    """The best hit of each person, and its rank among people, 1 for the best of a probe."""
    probe, seen = -1, set[bytes]()
    for i, row in enumerate(hits.probe_rows.tolist()):
        if row != probe:
            probe, seen = row, set()
        subject = hits.subjects[i].tobytes()
        if subject not in seen:
            seen.add(subject)
            yield i, len(seen)
