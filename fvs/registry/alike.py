"""Verification that treats unknown numbers as known ones whose holder is somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.registry.answers import RegistryScores
from fvs.registry.records import RecordStatus
from fvs.registry.stand_ins import MOST_PEOPLE, StandIns
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.records import F32, Embeddings
    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault
    from fvs.subjects import SubjectId

__all__ = ["AlikeVerifier"]

_UNKNOWN, _OK = np.uint8(Status.NO_REFERENCE), np.uint8(Status.OK)


class AlikeVerifier:
    """Answers like a registry, but nothing in it tells who is enrolled. Threads may share it."""

    def __init__(
        self,
        verify: Callable[[Sequence[SubjectId], Embeddings], RegistryScores],
        store: RecordStore,
        vault: Callable[[], Vault],
    ) -> None:
        """Use `Registry.alike`."""
        self._verify = verify
        self._store = store
        self._vault = vault
        self._revision, self._stand_ins, self._people = self._made()

    def verify(
        self, subjects: Sequence[SubjectId], probes: Embeddings, below: float
    ) -> RegistryScores:
        """Compare probe i with the templates of subject i, or with what stands in for them.

        An unknown subject gets the score of a stand-in (`fvs.registry.stand_ins`): status OK, one
        template, distributed like the scores of strangers, and always the same for one probe.

        Args:
            subjects: N.
            probes: N rows of the registry's embedder.
            below: the threshold, which no stand-in reaches.

        Raises:
            ModelMismatchError, UsageError, StoreError: as of `Registry.verify`.
        """
        scores = self._verify(subjects, probes)
        # Computed for everybody: the time must not tell either.
        vault = self._vault()
        pseudonyms, rotated = vault.pseudonyms.of(subjects), vault.rotate(probes.vectors)
        stand_ins = self._current().scores(pseudonyms, rotated, below)
        unknown = scores.status == _UNKNOWN
        return RegistryScores(
            status=np.where(unknown, _OK, scores.status),
            similarity=np.where(unknown, stand_ins, scores.similarity),
            templates=np.where(unknown, 1, scores.templates),
        )

    def _current(self) -> StandIns:
        """Made anew while the registry is small and has doubled since."""
        if self._people < MOST_PEOPLE and self._store.revision() != self._revision:
            self._revision = self._store.revision()
            if self._store.counts()["subjects"] >= 2 * self._people:
                self._revision, self._stand_ins, self._people = self._made()
        return self._stand_ins

    def _made(self) -> tuple[int, StandIns, int]:
        """The store's revision, the stand-ins, and of how many people they are made."""
        revision = self._store.revision()
        page = self._store.changed_since(0, 2 * MOST_PEOPLE)
        active = (r for r in page if r.status == RecordStatus.ACTIVE)
        one_of_each = {record.subject: record for record in active}
        opened = self._vault().open(list(one_of_each.values())[:MOST_PEOPLE])
        vectors: F32 = opened.vectors[opened.readable]
        return revision, StandIns(vectors), len(vectors)
