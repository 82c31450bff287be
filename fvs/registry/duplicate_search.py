"""The part of a registry that searches everybody, and the list of what a person must judge."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.registry.duplicates import search_people
from fvs.registry.errors import DuplicatesOffError, MissingKeyError, ModelMismatchError
from fvs.registry.gallery import Gallery
from fvs.registry.pair_search import find_pairs
from fvs.registry.reviews import ReviewState, require_no_number
from fvs.registry.searching import GallerySearch
from fvs.registry.vault import dimension_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fvs.bulk import BulkEngine
    from fvs.records import F32, Embeddings, Int
    from fvs.registry.answers import RegistrySettings
    from fvs.registry.duplicates import DuplicatePair, DuplicatePolicy, SubjectHits
    from fvs.registry.pair_search import DuplicatePairs
    from fvs.registry.reviews import Review
    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault

__all__ = ["DuplicateSearch"]


class DuplicateSearch:
    """A store and its gallery, and why searching that is allowed; see `fvs.registry.registry`."""

    def __init__(self, store: RecordStore, vault: Vault, settings: RegistrySettings) -> None:
        """Begin with an empty gallery."""
        self._store = store
        self._vault = vault
        self._settings = settings
        self._gallery = self._new_gallery()
        self._searches = GallerySearch(self._gallery, settings.search)
        self._follows = False

    def _new_gallery(self) -> Gallery:
        index = self._settings.make_index(dimension_of(self._vault.model))
        return Gallery(self._vault, index)

    @property
    def model_id(self) -> str:
        """The embedder's."""
        return self._vault.model.id

    def store_revision(self) -> int:
        """Of the store, which is asked; it grows with every change.

        Raises:
            StoreError: the store refuses.
        """
        return self._store.revision()

    def catch_up(self) -> int:
        """Bring the gallery in step with the store; returns how many records had changed."""
        return self._gallery.catch_up(self._store)

    def _follow(self) -> None:
        """Bring a gallery that is in use in step with a change of our own.

        Where another process has begun to use a key that our ring lacks, it stays behind: the
        change is made, and `verify` reads the store until `use_keys` brings the key.
        """
        if self._follows:
            with suppress(MissingKeyError):
                self.catch_up()

    def rebuild(self, on_progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """Make the gallery anew from the store; verification goes on with the old one meanwhile."""
        gallery = self._new_gallery()
        self._fill(gallery, on_progress)
        self._gallery = gallery

    def _fill(self, gallery: Gallery, on_progress: Callable[[int, int], None]) -> None:
        total = self._store.counts()["active"]
        gallery.catch_up(self._store, on_page=lambda done: on_progress(min(done, total), total))

    def _check_model(self, probes: Embeddings) -> None:
        if probes.model_id != self.model_id:
            raise ModelMismatchError(
                f"the probes are of {probes.model_id}, the registry's templates of {self.model_id}",
                advice="Use the pack that the registry was made with, or enrol anew.",
            )

    def search(self, probes: Embeddings, k: int, threshold: float | None = None) -> SubjectHits:
        """The people whom each probe resembles most, by pseudonym.

        Args:
            probes: N rows of the registry's embedder.
            k: people of each probe.
            threshold: lowest cosine of a hit; the policy's unless it is given.

        Raises:
            DuplicatesOffError: the settings name no purpose and legal basis.
            ModelMismatchError: the probes are of another embedder.
            UsageError: the threshold is below the policy's, or no index fits the memory of the
                settings.
        """
        policy = self._policy()
        self._check_model(probes)
        limit = policy.threshold if threshold is None else threshold
        return search_people(self._searcher().finder(len(probes)), policy, probes, k, limit)

    def find_duplicates(
        self,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
        bulk: BulkEngine | None = None,
    ) -> DuplicatePairs:
        """Pairs of different subjects' templates from the policy's threshold up.

        Args:
            on_progress: told how many parts of the work are done, of how many.
            bulk: does it, where all pairs are scored (`fvs.registry.pair_search`); None is this
                process.

        Raises:
            DuplicatesOffError: the settings name no purpose and legal basis.
            UsageError: no index fits the memory of the settings.
        """
        policy = self._policy()
        searcher = self._searcher()
        finder = searcher.finder(len(searcher.gallery))
        return find_pairs(finder, policy.threshold, on_progress, bulk)

    def _searcher(self) -> GallerySearch:
        """Searches of the gallery, which is brought in step with the store."""
        self.catch_up()
        if self._searches.gallery is not self._gallery:  # it was rebuilt
            self._searches = GallerySearch(self._gallery, self._settings.search)
        return self._searches

    def add_reviews(self, pairs: Iterable[DuplicatePair], now: datetime | None = None) -> int:
        """Put pairs on the review list; those that are on it stay as they are.

        Returns:
            How many were new.

        Raises:
            DuplicatesOffError: the settings name no purpose and legal basis.
        """
        policy, at = self._policy(), now or datetime.now(UTC)
        return self._store.add_reviews([pair.review(policy, at) for pair in pairs])

    def reviews(self, state: ReviewState, limit: int) -> list[Review]:
        """Up to `limit` reviews in that state, oldest first."""
        return self._store.reviews(state, limit)

    def resolve_review(
        self, review_id: bytes, state: ReviewState, note: str, now: datetime | None = None
    ) -> bool:
        """Write what a person made of a pair; whether there is such a review.

        Raises:
            UsageError: a resolved review is not open; or the note holds a citizen ID.
        """
        if state is ReviewState.OPEN:
            raise UsageError("a review is resolved as confirmed or dismissed")
        require_no_number(note)
        return self._store.resolve_review(review_id, state, note, now or datetime.now(UTC))

    def calibration_vectors(self) -> tuple[F32, Int]:
        """All templates that open, rotated, and a number that stands for the subject of each.

        Cosines are those of the embedder's own vectors. The numbers mean nothing outside this call.

        Returns:
            (N, D) float32 and (N,) int64.
        """
        members = self._gallery.members()
        keys, vectors = self._gallery.vectors_of(members.keys)
        members = members.take(np.isin(members.keys, keys))
        _, subjects = np.unique(members.subjects, axis=0, return_inverse=True)
        return vectors, subjects.astype(np.int64).reshape(-1)

    def _policy(self) -> DuplicatePolicy:
        if self._settings.duplicates is None:
            raise DuplicatesOffError(
                "searching everybody is off: no purpose and legal basis are configured",
                advice="State them in a DuplicatePolicy, with the threshold and its evidence.",
            )
        return self._settings.duplicates
