"""The registry: who is enrolled, and whether a probe is them.

```
SubjectId --HMAC--> pseudonym ──┬── store (the truth): sealed templates ── unseal ──┐
                                └── gallery (memory): roster -> keys ── vectors ────┤
probe ── rotate ────────────────────────────────────────────────── compare, fuse <──┘
```

`verify` looks at the store's revision first, so it never compares with a template whose erasure
was acknowledged, in this process or another. While the gallery is being brought up to date by
another thread it reads the store instead of waiting.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.errors import UsageError
from fvs.registry.alike import AlikeVerifier
from fvs.registry.answers import RegistryScores, RegistrySettings, RegistryStats
from fvs.registry.duplicate_search import DuplicateSearch
from fvs.registry.enrolment import enrol
from fvs.registry.errors import StoreError
from fvs.registry.fusion import fuse
from fvs.registry.gallery import score_stored
from fvs.registry.identity import checked_registry_id, expected_metadata
from fvs.registry.lifecycle import (
    erase_record,
    erase_subject,
    expire,
    export_subject,
    rewrap_all,
)
from fvs.registry.renewal import renew_all
from fvs.registry.saved_gallery import load_gallery, save_gallery
from fvs.registry.vault import Vault, dimension_of
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from fvs.manifest import ModelManifest
    from fvs.records import Bool, Embeddings, Int
    from fvs.registry.enrolment import Enrolment, EnrolmentReceipt
    from fvs.registry.gallery import PairScores
    from fvs.registry.keys import KeyRing
    from fvs.registry.lifecycle import ErasureReceipt, SubjectExport
    from fvs.registry.records import RecordStatus, TemplateKind
    from fvs.registry.store import RecordStore
    from fvs.subjects import SubjectId

__all__ = ["Registry"]

_REGISTRY_ID_BYTES = 16
_UNREADABLE, _UNKNOWN = np.uint8(Status.REFERENCE_UNREADABLE), np.uint8(Status.NO_REFERENCE)
_CATCH_UP_LIMIT = 256
"""Records that one verification takes in: some milliseconds."""


class Registry(DuplicateSearch):
    """Templates by subject, compared 1:1. Threads may share it; a process opens its own."""

    def __init__(self, store: RecordStore, vault: Vault, settings: RegistrySettings) -> None:
        """Use `Registry.open` or `Registry.create`."""
        super().__init__(store, vault, settings)
        self._looked_at = -float("inf")

    @classmethod
    def create(
        cls,
        store: RecordStore,
        keys: KeyRing,
        model: ModelManifest,
        *,
        settings: RegistrySettings | None = None,
    ) -> Self:
        """Make an empty store a registry.

        Args:
            store: without a registry.
            keys: a ring of its own; a ring serves one registry.
            model: the embedder whose templates it will hold.
            settings: see `RegistrySettings`.

        Raises:
            StoreError: the store holds a registry already.
            UsageError: the model is no embedder.
        """
        dimension_of(model)
        if "registry_id" in store.metadata():
            raise StoreError("the store holds a registry already", advice="Open it.")
        store.set_metadata(
            {"registry_id": secrets.token_hex(_REGISTRY_ID_BYTES), **expected_metadata(keys, model)}
        )
        return cls.open(store, keys, model, settings=settings)

    @classmethod
    def open(
        cls,
        store: RecordStore,
        keys: KeyRing,
        model: ModelManifest,
        *,
        settings: RegistrySettings | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Self:
        """Open a registry, and build its gallery from the store.

        Args:
            store: that holds a registry.
            keys: its ring.
            model: its embedder.
            settings: see `RegistrySettings`.
            on_progress: told how many templates are in the gallery, of how many.

        Raises:
            StoreError: the store holds no registry, or one of another format.
            KeyRingError: the ring is that of another registry.
            MissingKeyError: the ring lacks a wrapping key.
            ModelMismatchError: it holds templates of another model.
        """
        vault = Vault(checked_registry_id(store.metadata(), keys, model), keys, model)
        registry = cls(store, vault, settings or RegistrySettings())
        if not registry._load():
            registry._fill(registry._gallery, on_progress)
            registry.save_index()
        registry._follows = True
        return registry

    @classmethod
    def attach(
        cls,
        store: RecordStore,
        keys: KeyRing,
        model: ModelManifest,
        *,
        settings: RegistrySettings | None = None,
    ) -> Self:
        """Open a registry without its gallery, for a process that asks once and ends.

        Whatever changes or reads records works at once. A search fills the gallery first; so use
        `verify_from_store`, and `open` where there is more than one question.

        Raises:
            StoreError, KeyRingError, ModelMismatchError: as of `open`.
        """
        vault = Vault(checked_registry_id(store.metadata(), keys, model), keys, model)
        return cls(store, vault, settings or RegistrySettings())

    @property
    def registry_id(self) -> str:
        """32 hex digits."""
        return self._vault.registry_id

    @property
    def public_key(self) -> bytes:
        """32 bytes by which erasure proofs are checked; not secret."""
        return self._vault.keys.public_key

    def record_id_of(self, subject: SubjectId, portrait_sha256: bytes, kind: TemplateKind) -> bytes:
        """The id that this portrait of this subject has, or would have; 16 bytes."""
        (pseudonym,) = self._vault.pseudonyms.of([subject])
        return self._vault.record_id(pseudonym, portrait_sha256, kind)

    def known(self, record_ids: Sequence[bytes]) -> list[RecordStatus | None]:
        """The status of each record; None where there never was one."""
        return [None if row is None else row.status for row in self._store.by_ids(record_ids)]

    def enrol(
        self, enrolments: Sequence[Enrolment], now: datetime | None = None
    ) -> EnrolmentReceipt:
        """Keep templates, in one change: durable, and compared with, once this returns.

        A portrait that is there already is left as it is; one that was erased is not brought back.

        Raises:
            ModelMismatchError: a template is damaged or of another model.
            UsageError: an enrolment names no legal basis.
            StoreError: the store refuses; nothing was kept.
        """
        receipt = enrol(self._store, self._vault, enrolments, now or datetime.now(UTC))
        self._follow()
        return receipt

    def verify(self, subjects: Sequence[SubjectId], probes: Embeddings) -> RegistryScores:
        """Compare probe i with the templates of subject i.

        Unknown subjects are compared with a decoy by the same steps, so that time does not tell
        who is enrolled; the caller decides whether an answer may tell.

        Args:
            subjects: N.
            probes: N rows of the registry's embedder.

        Raises:
            ModelMismatchError: the probes are of another embedder.
            UsageError: there are more or fewer subjects than probes.
            StoreError: the store refuses.
        """
        self._check(subjects, probes)
        pseudonyms = self._vault.pseudonyms.of(subjects)
        rotated = self._vault.rotate(probes.vectors)
        if self._in_step():
            pairs = self._gallery.score(pseudonyms, rotated)
        else:
            pairs = score_stored(self._store, self._vault, pseudonyms, rotated)
        return self._fused(pairs, probes)

    def verify_from_store(
        self, subjects: Sequence[SubjectId], probes: Embeddings
    ) -> RegistryScores:
        """Like `verify`, from the store alone: one query, and unsealing what it finds."""
        self._check(subjects, probes)
        pseudonyms, rotated = (
            self._vault.pseudonyms.of(subjects),
            self._vault.rotate(probes.vectors),
        )
        return self._fused(score_stored(self._store, self._vault, pseudonyms, rotated), probes)

    def alike(self, *, from_store: bool = False) -> AlikeVerifier:
        """Verification for callers who must not learn who is enrolled."""
        verify = self.verify_from_store if from_store else self.verify
        return AlikeVerifier(verify, self._store, lambda: self._vault)

    def _check(self, subjects: Sequence[SubjectId], probes: Embeddings) -> None:
        self._check_model(probes)
        if len(subjects) != len(probes):
            raise UsageError(f"{len(probes)} probes cannot be of {len(subjects)} subjects")

    def _in_step(self) -> bool:
        """Whether the gallery may be used: it is up to date, or could be brought so at once."""
        now = time.monotonic()
        if now - self._looked_at < self._settings.max_staleness_s:
            return True
        current = self._store.revision() == self._gallery.revision or self._gallery.try_page(
            self._store, _CATCH_UP_LIMIT
        )
        if current:
            self._looked_at = now
        return current

    def _fused(self, pairs: PairScores, probes: Embeddings) -> RegistryScores:
        if len(pairs.rows) == len(probes):  # one template each, as is usual
            similarity, templates = pairs.scores, np.isfinite(pairs.scores).astype(np.int64)
        else:
            similarity, templates = fuse(
                self._settings.fusion, pairs.scores, pairs.rows, len(probes)
            )
        if _all(pairs.known) and _all(templates) and not np.count_nonzero(probes.status):
            return RegistryScores(probes.status, similarity, templates)
        missing = np.where(pairs.known, _UNREADABLE, _UNKNOWN)
        missing[pairs.known & (templates > 0)] = Status.OK
        status = np.where(probes.ok, missing, probes.status)
        similarity = np.where(status == Status.OK, similarity, np.float32(np.nan))
        templates = np.where(pairs.known, templates, 0)
        return RegistryScores(status=status, similarity=similarity, templates=templates)

    def erase(self, subject: SubjectId, now: datetime | None = None) -> ErasureReceipt:
        """Erase all that is kept of a subject; the proof is in the receipt.

        Done again it erases what came since, and states everything again.

        Raises:
            StoreError: the store refuses; see `RecordStore.erase` of the store.
        """
        (pseudonym,) = self._vault.pseudonyms.of([subject])
        receipt = erase_subject(self._store, self._vault, pseudonym, now or datetime.now(UTC))
        self._follow()
        return receipt

    def erase_record(self, record_id: bytes, now: datetime | None = None) -> ErasureReceipt:
        """Erase one record, the subject's others stay; done again it states it again.

        Raises:
            StoreError: the store refuses; see `RecordStore.erase` of the store.
        """
        receipt = erase_record(self._store, self._vault, record_id, now or datetime.now(UTC))
        self._follow()
        return receipt

    def expire(self, today: date, now: datetime | None = None) -> Iterator[ErasureReceipt]:
        """Erase records whose `retain_until` is before `today`, while the receipts are read."""
        for receipt in expire(self._store, self._vault, today, now or datetime.now(UTC)):
            self._follow()
            yield receipt

    def export(self, subject: SubjectId, *, templates: bool = False) -> SubjectExport:
        """Everything about one person; their templates on request only.

        Raises:
            SealError: with `templates`, a record does not open.
        """
        (pseudonym,) = self._vault.pseudonyms.of([subject])
        return export_subject(
            self._store, self._vault, pseudonym, subject.masked, templates=templates
        )

    def use_keys(self, keys: KeyRing) -> None:
        """Go on with another state of the same key ring, after it was rotated.

        Raises:
            KeyRingError: it is the ring of another registry.
        """
        checked_registry_id(self._store.metadata(), keys, self._vault.model)
        self._vault = self._gallery.vault = self._vault.with_keys(keys)

    def rotate_keys(
        self,
        new: KeyRing,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> int:
        """Wrap every record's key under the current key of `new`, while others work.

        Keep `new` first (`KeyRing.update`), and let every other process `use_keys` it: it reads
        what either ring has wrapped. May be interrupted and started again.

        Args:
            new: `KeyRing.rotated` of the registry's ring.
            on_progress: told how many records are done, of how many.

        Returns:
            How many keys were wrapped anew. Once a later call returns 0, nothing needs the old key:
            `KeyRing.without` it.

        Raises:
            KeyRingError: `new` is the ring of another registry.
            SealError: a record does not open under the key that it names.
        """
        self.use_keys(new)
        wrapped = rewrap_all(self._store, self._vault, on_progress)
        self._follow()
        return wrapped

    def renew_into(
        self,
        target: Registry,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> int:
        """Copy all templates to a registry with its own rotation; see `fvs.registry.renewal`.

        Raises:
            UsageError: the target's ring is not `KeyRing.renewed` of this one's, or its model
                another.
            SealError: a record does not open.
        """
        copied = renew_all((self._store, self._vault), (target._store, target._vault), on_progress)
        target.catch_up()
        return copied

    def stats(self) -> RegistryStats:
        """Numbers of the store and the gallery."""
        counts = self._store.counts()
        return RegistryStats(
            registry_id=self.registry_id,
            model_id=self.model_id,
            subjects=counts["subjects"],
            active=counts["active"],
            erased=counts["erased"],
            unreadable=self._gallery.damaged,
            revision=self._store.revision(),
            gallery_revision=self._gallery.revision,
        )

    def _load(self) -> bool:
        """Take the gallery of the settings' folder, if it can be used."""
        folder = self._settings.index_dir
        saved = folder and load_gallery(folder, self._vault, self._store, self._gallery.index)
        self._gallery = saved or self._gallery
        return bool(saved)

    def save_index(self) -> None:
        """Keep the gallery in the folder of the settings, if they name one.

        Raises:
            StoreError: the folder cannot be written; the registry itself is whole.
            UsageError: the vectors are not in this process.
        """
        if self._settings.index_dir is not None:
            save_gallery(self._gallery, self._settings.index_dir)

    def close(self) -> None:
        """Keep the gallery where the settings say so, and give the store back."""
        if self._follows:
            self.save_index()
        self._store.close()


def _all(numbers: Bool | Int) -> bool:
    """Whether none is zero; `all` of numpy takes four times as long for one."""
    return int(np.count_nonzero(numbers)) == len(numbers)
