"""What every store asks of records before it writes them, and of batches before it reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fvs.errors import UsageError
from fvs.registry.errors import DuplicateRecordError
from fvs.registry.records import RecordStatus, Tally, TemplateKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.registry.records import StoredRecord, WrappedKey

__all__ = [
    "RECORD_ID_BYTES",
    "SUBJECT_BYTES",
    "check_keys",
    "check_limit",
    "check_records",
    "chunks",
    "oldest",
    "tally_of",
]

RECORD_ID_BYTES = 16
SUBJECT_BYTES = 32
"""HMAC-SHA-256."""

MAX_QUALITY = 100.0

_Item = TypeVar("_Item")


def check_records(records: Sequence[StoredRecord]) -> None:
    """Refuse what a store cannot keep as it is.

    Raises:
        DuplicateRecordError: two records of the batch have one id.
        UsageError: a record is malformed; the message names its place in the batch and no content.
    """
    for place, record in enumerate(records):
        fault = _fault_of(record)
        if fault:
            raise UsageError(f"record {place} of {len(records)}: {fault}")
    if len({record.record_id for record in records}) < len(records):
        raise DuplicateRecordError("two records of one batch have the same id")


def _fault_of(record: StoredRecord) -> str:
    secrets = (record.sealed_template, record.wrapped_key, record.key_id)
    rules = (
        (len(record.record_id) == RECORD_ID_BYTES, f"a record id has {RECORD_ID_BYTES} bytes"),
        (len(record.subject) == SUBJECT_BYTES, f"a subject has {SUBJECT_BYTES} bytes"),
        (record.enrolled_at.tzinfo is not None, "enrolled_at has no time zone"),
        (0 <= (record.quality or 0) <= MAX_QUALITY, "quality is outside 0 to 100"),
        (record.status != RecordStatus.ACTIVE or all(secrets), "no template, key or key id"),
        (record.status != RecordStatus.ERASED or not any(secrets), "erased, yet has secrets"),
        (
            _storable(record.model_id, record.key_id, record.source, record.legal_basis),
            "a text holds a NUL or half of a surrogate pair",
        ),
    )
    return next((fault for holds, fault in rules if not holds), "")


def _storable(*texts: str) -> bool:
    text = "".join(texts)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def check_keys(keys: Sequence[WrappedKey]) -> None:
    """Refuse keys that are empty.

    Raises:
        UsageError: a key has no bytes or no id.
    """
    if not all(key.wrapped_key and key.key_id for key in keys):
        raise UsageError("a wrapped key has bytes and the id of the key that wraps it")


def check_limit(limit: int) -> None:
    """Refuse a page of nothing.

    Raises:
        UsageError: `limit` is below 1.
    """
    if limit < 1:
        raise UsageError(f"a limit is at least 1 (got {limit})")


def chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """Consecutive parts of `items`, each of `size`, the last of what remains."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def oldest(records: list[StoredRecord]) -> list[StoredRecord]:
    """Sorted in place, oldest first; of one instant, by id."""
    if len(records) > 1:
        records.sort(key=lambda record: (record.enrolled_at, record.record_id))
    return records


def tally_of(row: tuple[str, str, int, int]) -> Tally:
    """A row of status, kind, year and count."""
    status, kind, year, records = row
    return Tally(RecordStatus(status), TemplateKind(kind), year, records)
