"""Cryptography of templates, on one core."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from benchmarks.machine import describe_circumstances
from benchmarks.scale.clock import fastest
from benchmarks.scale.results import SealingSection
from benchmarks.scale.stores import MODEL_ID, TEMPLATE_HEAD_BYTES
from fvs.registry.keys import KeyRing
from fvs.registry.records import StoredRecord, TemplateKind
from fvs.registry.sealing import TemplateContext, open_template, rewrap, seal_template

__all__ = ["measure_sealing"]

REGISTRY_ID = "0" * 32
REPEATS = 5


def measure_sealing(count: int, dimension: int) -> SealingSection:
    """Seal, open and rewrap `count` templates of D numbers."""
    circumstances = describe_circumstances()
    keys = KeyRing.generate()
    template = os.urandom(TEMPLATE_HEAD_BYTES + len(MODEL_ID) + 4 * dimension)
    contexts = [_context() for _ in range(count)]

    def seal() -> list[StoredRecord]:
        return [_record(template, keys, context) for context in contexts]

    records, rotated = seal(), keys.rotated()
    return SealingSection(
        circumstances=circumstances,
        dimension=dimension,
        seal=fastest(count, REPEATS, seal),
        unseal=fastest(
            count, REPEATS, lambda: [open_template(r, keys, REGISTRY_ID) for r in records]
        ),
        rewrap=fastest(count, REPEATS, lambda: [rewrap(r, rotated, REGISTRY_ID) for r in records]),
    )


def _context() -> TemplateContext:
    return TemplateContext(
        registry_id=REGISTRY_ID,
        record_id=os.urandom(16),
        subject=os.urandom(32),
        model_id=MODEL_ID,
        kind=TemplateKind.CARD,
    )


def _record(template: bytes, keys: KeyRing, context: TemplateContext) -> StoredRecord:
    sealed = seal_template(template, keys, context)
    return StoredRecord(
        record_id=context.record_id,
        subject=context.subject,
        model_id=context.model_id,
        kind=context.kind,
        sealed_template=sealed.sealed_template,
        wrapped_key=sealed.wrapped_key,
        key_id=sealed.key_id,
        enrolled_at=datetime.now(UTC),
        legal_basis="a benchmark",
    )
