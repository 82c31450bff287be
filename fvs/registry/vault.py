"""Templates of one registry: rotated, sealed, and opened again many at a time.

What is sealed is the template of the *rotated* vector (`fvs.registry.transform`), so that an opened
one goes into an index as it is, and two registries' templates do not match even unsealed.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fvs.errors import UsageError
from fvs.records import Embeddings
from fvs.registry.errors import MissingKeyError, ModelMismatchError, SealError
from fvs.registry.records import StoredRecord, TemplateKind
from fvs.registry.rows import RECORD_ID_BYTES, SUBJECT_BYTES
from fvs.registry.sealing import TemplateContext, open_template, seal_template
from fvs.registry.transform import OrthonormalTransform
from fvs.subjects import Private, Pseudonymiser
from fvs.template import (
    embeddings_to_templates,
    templates_to_embeddings,
    templates_to_vectors,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.manifest import ModelManifest
    from fvs.records import F32, Bool
    from fvs.registry.keys import KeyRing
    from fvs.registry.sealing import SealedTemplate

__all__ = ["Opened", "Vault", "dimension_of"]

_RECORD_DOMAIN = b"fvs record 1"
_DECOY_DOMAIN = b"fvs decoys 1"

_DECOYS = 64
"""Enough that unknown subjects are spread over the index, few enough to cost nothing."""


class Opened(NamedTuple):
    """What records hold.

    Attributes:
        vectors: (N, D) float32 rotated unit vectors; NaN where the record does not open.
        readable: (N,) False where it does not.
    """

    vectors: F32
    readable: Bool


class Vault:
    """Everything that is done with the secrets of a registry. Safe to use from many threads."""

    def __init__(self, registry_id: str, keys: KeyRing, model: ModelManifest) -> None:
        """Take the secrets of the registry `registry_id`.

        Raises:
            UsageError: the model is no embedder.
        """
        self.registry_id = registry_id
        self.model = model
        self.keys = keys
        self.pseudonyms = Pseudonymiser(keys.pseudonym_key)
        self._transform = OrthonormalTransform.from_seed(keys.transform_seed, dimension_of(model))

    def with_keys(self, keys: KeyRing) -> Vault:
        """The same registry with another state of its key ring."""
        return Vault(self.registry_id, keys, self.model)

    def record_id(self, subject: bytes, portrait: bytes, kind: TemplateKind) -> bytes:
        """The 16 bytes that name a record; the same portrait of a subject has the same name.

        Args:
            subject: pseudonym.
            portrait: SHA-256 of the picture, or of the template where there is none.
            kind: what the template was made from.
        """
        key = self.keys.pseudonym_key.reveal()
        message = b"\0".join((_RECORD_DOMAIN, kind.encode(), subject + portrait))
        return hmac.digest(key, message, "sha256")[:RECORD_ID_BYTES]

    def rotate(self, vectors: F32) -> F32:
        """(N, D) vectors as the registry keeps and compares them."""
        return self._transform.apply(vectors)

    def restore(self, vectors: F32) -> F32:
        """(N, D) the vectors before `rotate`, to 1e-6."""
        return self._transform.undo(vectors)

    def read(self, templates: Sequence[bytes]) -> Embeddings:
        """Embeddings of unsealed templates.

        Raises:
            ModelMismatchError: one is damaged or of another model.
        """
        try:
            return templates_to_embeddings(templates, self.model)
        except UsageError as error:
            raise ModelMismatchError(str(error), advice=error.advice) from error

    def rotated_templates(self, templates: Sequence[bytes]) -> tuple[bytes, ...]:
        """Templates of the rotated vectors, from those of the embedder's own.

        Raises:
            ModelMismatchError: one is damaged or of another model.
        """
        embeddings = self.read(templates)
        return self._written(embeddings, self.rotate(embeddings.vectors))

    def restored_templates(self, records: Sequence[StoredRecord]) -> tuple[bytes, ...]:
        """Templates of the embedder's own vectors, from records.

        Raises:
            SealError: a record does not open.
        """
        embeddings = self.read([self._open(record) for record in records])
        return self._written(embeddings, self.restore(embeddings.vectors))

    def _written(self, embeddings: Embeddings, vectors: F32) -> tuple[bytes, ...]:
        return embeddings_to_templates(replace(embeddings, vectors=vectors), self.model)

    def seal(
        self, rotated_template: bytes, record_id: bytes, subject: bytes, kind: TemplateKind
    ) -> SealedTemplate:
        """Seal the template of a rotated vector for its record."""
        context = TemplateContext(
            registry_id=self.registry_id,
            record_id=record_id,
            subject=subject,
            model_id=self.model.id,
            kind=kind,
        )
        return seal_template(rotated_template, self.keys, context)

    def open(self, records: Sequence[StoredRecord]) -> Opened:
        """Unseal active records.

        A record that was altered is marked, not raised: one row that someone damaged must not take
        the others' service away.

        Raises:
            MissingKeyError: the ring lacks a key, so that nothing is wrong with the record.
        """
        templates = [self._opened_or_nothing(record) for record in records]
        readable = np.array([bool(template) for template in templates], np.bool_)
        if all(templates):
            return Opened(templates_to_vectors(templates, self.model), readable)
        vectors = np.full((len(records), self._transform.dimension), np.nan, np.float32)
        vectors[readable] = templates_to_vectors([t for t in templates if t], self.model)
        return Opened(vectors, readable)

    def _opened_or_nothing(self, record: StoredRecord) -> bytes:
        try:
            return self._open(record)
        except MissingKeyError:
            raise
        except SealError:
            return b""

    def _open(self, record: StoredRecord) -> bytes:
        return open_template(record, self.keys, self.registry_id)

    def decoys(self) -> F32:
        """Some (64, D) unit vectors that nobody has, for subjects that are unknown."""
        seed = hashlib.sha256(_DECOY_DOMAIN + self.keys.transform_seed.reveal()).digest()
        dimension = self._transform.dimension
        axes = np.eye(min(_DECOYS, dimension), dimension, dtype=np.float32)
        return OrthonormalTransform.from_seed(Private(seed), dimension).apply(axes)

    @cached_property
    def decoy_record(self) -> StoredRecord:
        """A sealed record of nobody, which takes as long to open as any other."""
        decoy = self.decoys()[:1]
        embeddings = Embeddings(
            status=np.zeros(1, np.uint8),
            image_index=np.zeros(1, np.int64),
            vectors=decoy,
            norm=np.full(1, np.nan, np.float32),
            model_id=self.model.id,
        )
        (template,) = embeddings_to_templates(embeddings, self.model)
        nobody, no_record = bytes(SUBJECT_BYTES), bytes(RECORD_ID_BYTES)
        sealed = self.seal(template, no_record, nobody, TemplateKind.CARD)
        return StoredRecord(
            record_id=no_record,
            subject=nobody,
            model_id=self.model.id,
            kind=TemplateKind.CARD,
            **msgspec.structs.asdict(sealed),
            enrolled_at=datetime.min.replace(tzinfo=UTC),
            legal_basis="none",
        )


def dimension_of(model: ModelManifest) -> int:
    """D of an embedder.

    Raises:
        UsageError: the model is none.
    """
    if model.embed is None:
        raise UsageError(f"{model.id} is no embedder")
    return model.embed.dimension
