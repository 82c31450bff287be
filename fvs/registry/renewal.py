"""Renewal: all templates move to a new registry, whose rotation and keys are new (ISO/IEC 24745).

For a registry whose rotated vectors leaked. No picture and no number is needed: each template is
unsealed, turned back, rotated and sealed anew. Old and new templates do not match, so what leaked
matches nothing once the old registry is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fvs.errors import UsageError
from fvs.registry.records import RecordStatus, StoredRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault

__all__ = ["renew_all"]

_PAGE = 1024


def renew_all(
    source: tuple[RecordStore, Vault],
    target: tuple[RecordStore, Vault],
    on_progress: Callable[[int, int], None],
) -> int:
    """Copy all records that the target lacks; may be interrupted and started again.

    Records keep their ids, dates and subjects; erased ones come along, so that they stay erased.
    What is enrolled or erased in the source meanwhile follows.

    Args:
        source: store and vault of the registry that is given up.
        target: those of the new one, whose key ring is `KeyRing.renewed` of the old.
        on_progress: told how many records were looked at, of how many.

    Returns:
        How many records were copied.

    Raises:
        UsageError: the rings do not share the pseudonym key, or the models differ.
        SealError: a record of the source does not open.
    """
    (old_store, old), (new_store, new) = source, target
    if old.keys.pseudonym_key != new.keys.pseudonym_key or old.model != new.model:
        raise UsageError(
            "the new registry is not of the same subjects and model",
            advice="Make its key ring with KeyRing.renewed.",
        )
    counts = old_store.counts()
    total, seen, copied, revision = counts["active"] + counts["erased"], 0, 0, 0
    while page := old_store.changed_since(revision, _PAGE):
        revision = page[-1].revision
        copied += _copy_page(page, old, new_store, new)
        seen = min(total, seen + len(page))
        on_progress(seen, total)
    return copied


def _copy_page(page: Sequence[StoredRecord], old: Vault, new_store: RecordStore, new: Vault) -> int:
    there = new_store.by_ids([record.record_id for record in page])
    missing = [record for record, known in zip(page, there, strict=True) if known is None]
    active = [record for record in missing if record.status == RecordStatus.ACTIVE]
    rotated = new.rotated_templates(old.restored_templates(active))
    sealed = [
        msgspec.structs.replace(
            record,
            **msgspec.structs.asdict(
                new.seal(template, record.record_id, record.subject, record.kind)
            ),
        )
        for record, template in zip(active, rotated, strict=True)
    ]
    new_store.add([*sealed, *(r for r in missing if r.status == RecordStatus.ERASED)])
    # An id that is unknown or erased there is left out.
    new_store.erase([r.record_id for r in page if r.status == RecordStatus.ERASED])
    return len(missing)
