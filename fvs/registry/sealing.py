"""Templates at rest: each under a key of its own, and that key under one of the key ring.

```
template    --AES-256-GCM under a random record key-->      sealed_template  (29 bytes longer)
record key  --wrapper, of a KeyRing AES-256-GCM again-->    wrapped_key      (61 bytes)
```

Both are bound to the record by associated data, so a row whose subject, model or kind was altered,
or whose sealed columns came from another row or registry, does not open. Bound are the purpose with
its format version, the registry id, record id, subject, model id and kind; each is preceded by its
length, so no two contexts have the same bytes. Not bound, hence not protected against whoever can
write to the database, are the other columns (dates, quality, source, legal basis), and the absence
of a row: a deleted one is not missed, and an old copy of the same row opens.

Destroying `wrapped_key` destroys the template, wherever its sealed bytes still lie
(crypto-shredding), once no backup holds the wrapped key either.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from fvs.registry.cipher import KEY_BYTES, SealingCipher
from fvs.registry.errors import SealError
from fvs.registry.keys import Wrapped
from fvs.registry.records import RecordStatus, TemplateKind, WrappedKey
from fvs.subjects import Private

if TYPE_CHECKING:
    from fvs.registry.keys import KeyWrapper
    from fvs.registry.records import StoredRecord

__all__ = ["SealedTemplate", "TemplateContext", "open_template", "rewrap", "seal_template"]

_LENGTH_BYTES = 4
_TEMPLATE_PURPOSE = b"fvs sealed template 1"
_KEY_PURPOSE = b"fvs record key 1"


class TemplateContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a sealed template is bound to; fields as in `StoredRecord`."""

    registry_id: str
    record_id: bytes
    subject: bytes
    model_id: str
    kind: TemplateKind


class SealedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """The three columns of a `StoredRecord` that hold a template."""

    sealed_template: bytes
    wrapped_key: bytes
    key_id: str


def seal_template(template: bytes, wrapper: KeyWrapper, context: TemplateContext) -> SealedTemplate:
    """Seal under a fresh record key, wrapped under the wrapper's current key."""
    record_key = Private(os.urandom(KEY_BYTES))
    sealed = SealingCipher(record_key).seal(template, _associated_data(_TEMPLATE_PURPOSE, context))
    wrapped = wrapper.wrap(record_key, _associated_data(_KEY_PURPOSE, context))
    return SealedTemplate(
        sealed_template=sealed,
        wrapped_key=wrapped.wrapped_key,
        key_id=wrapped.key_id,
    )


def open_template(record: StoredRecord, wrapper: KeyWrapper, registry_id: str) -> bytes:
    """The template of a record.

    Raises:
        SealError: the record is erased, truncated, altered, moved from another row or registry, or
            the wrapper holds another key. The message holds nothing of the content.
    """
    record_key, bound = _unwrapped(record, wrapper, registry_id)
    data = _with_length(_TEMPLATE_PURPOSE) + bound
    return SealingCipher(record_key).open(record.sealed_template, data, "a sealed template")


def rewrap(record: StoredRecord, wrapper: KeyWrapper, registry_id: str) -> WrappedKey | None:
    """The record's key under the wrapper's current key; the template itself stays as it is.

    Returns:
        None where there is nothing to do: the key is current, or the record erased.

    Raises:
        SealError: as of `open_template`.
    """
    if record.status == RecordStatus.ERASED or record.key_id == wrapper.current_key_id:
        return None
    record_key, bound = _unwrapped(record, wrapper, registry_id)
    wrapped = wrapper.wrap(record_key, _with_length(_KEY_PURPOSE) + bound)
    return WrappedKey(
        record_id=record.record_id,
        old_key_id=record.key_id,
        key_id=wrapped.key_id,
        wrapped_key=wrapped.wrapped_key,
    )


def _unwrapped(
    record: StoredRecord, wrapper: KeyWrapper, registry_id: str
) -> tuple[Private[bytes], bytes]:
    """The record's key, and what both seals are bound to but for their purpose."""
    if record.status == RecordStatus.ERASED:
        raise SealError("the record is erased: its key was destroyed")
    bound = _bound(registry_id, record)
    wrapped = Wrapped(record.wrapped_key, record.key_id)
    return wrapper.unwrap(wrapped, _with_length(_KEY_PURPOSE) + bound), bound


def _associated_data(purpose: bytes, context: TemplateContext) -> bytes:
    """Each part after its length, so that no boundary can be shifted."""
    return _with_length(purpose) + _bound(context.registry_id, context)


def _bound(registry_id: str, about: TemplateContext | StoredRecord) -> bytes:
    parts = (
        registry_id.encode(),
        about.record_id,
        about.subject,
        about.model_id.encode(),
        about.kind.encode(),
    )
    return b"".join([len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts])


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(_LENGTH_BYTES, "big") + part
