"""The log as JSON lines: one a checkpoint, then one an entry. What is checked is this form.

```
{"checkpoint": "eyJhbGciOiJFZDI1NTE5Ii..."}
{"sequence": 0, "transaction_id": ..., "at": ..., "event": ..., "salt": ..., "commitment": ..., ...}
```
"""

from __future__ import annotations

import base64
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy import select

from fvs.errors import UsageError
from fvs_server.audit.events import PURGE_ID_PREFIX, AuditEvent
from fvs_server.audit.hashing import SALT_BYTES, ChainedEntry, commitment_to
from fvs_server.audit.tables import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from fvs_server.audit.checkpoints import Checkpoints

__all__ = [
    "CheckpointLine",
    "EntryLine",
    "export_lines",
    "purged_by",
    "read_export",
    "readable_event",
    "stored_entries",
]

_ROWS_AT_ONCE = 1000
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""


class EntryLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as it is exported and checked.

    Attributes:
        sequence: from 0.
        transaction_id: of the event.
        at: when it was decided.
        event: its canonical bytes; null where it was purged.
        salt: likewise.
        commitment: to both, hexadecimal.
        previous: the hash of the entry before, hexadecimal.
        hash: of this entry, hexadecimal.
    """

    sequence: int
    transaction_id: str
    at: datetime
    event: bytes | None
    salt: bytes | None
    commitment: Digest
    previous: Digest
    hash: Digest

    @property
    def chained(self) -> ChainedEntry:
        """What is hashed."""
        return ChainedEntry(
            sequence=self.sequence,
            transaction_id=self.transaction_id,
            at=self.at,
            commitment=bytes.fromhex(self.commitment),
            previous_hash=bytes.fromhex(self.previous),
        )


class CheckpointLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checkpoint as it is exported: its compact JWS."""

    checkpoint: str


def read_export(lines: Iterable[bytes]) -> tuple[list[str], Iterator[EntryLine]]:
    """The checkpoints of an export, and its entries while they are read.

    Raises:
        UsageError: a line is neither; of an entry when it is read.
    """
    rest = iter(lines)
    statements: list[str] = []
    for line in rest:
        try:
            statements.append(msgspec.json.decode(line, type=CheckpointLine).checkpoint)
        except msgspec.DecodeError:
            return statements, _entry_lines(chain([line], rest))
    return statements, iter(())


def _entry_lines(lines: Iterable[bytes]) -> Iterator[EntryLine]:
    for number, line in enumerate(lines):
        try:
            yield msgspec.json.decode(line, type=EntryLine)
        except msgspec.DecodeError:
            raise UsageError(
                f"the export is damaged or cut off: entry {number} (from 0) is no whole line",
                advice="Give a file that `fvs audit export` wrote, whole.",
            ) from None


def stored_entries(connection: Connection, start: int = 0) -> Iterator[EntryLine]:
    """The entries from `start` on, in the order of their sequence, a thousand in memory."""
    while True:
        page = connection.execute(
            select(entries)
            .where(entries.c.sequence >= start)
            .order_by(entries.c.sequence)
            .limit(_ROWS_AT_ONCE)
        ).all()
        for row in page:
            yield EntryLine(
                sequence=row.sequence,
                transaction_id=row.transaction_id,
                at=row.at,
                event=None if row.event is None else bytes(row.event),
                salt=None if row.salt is None else bytes(row.salt),
                commitment=bytes(row.commitment).hex(),
                previous=bytes(row.previous_hash).hex(),
                hash=bytes(row.entry_hash).hex(),
            )
        if len(page) < _ROWS_AT_ONCE:
            return
        start = page[-1].sequence + 1


def export_lines(connection: Connection, checkpoints: Checkpoints) -> Iterator[bytes]:
    """The whole log, a line at a time, without line ends."""
    for signed in checkpoints.all(connection):
        yield msgspec.json.encode(CheckpointLine(checkpoint=signed.signed))
    for line in stored_entries(connection):
        yield msgspec.json.encode(line)


def event_fault(line: EntryLine) -> str:
    """What is wrong with an entry's event, in words; empty where nothing is, or it was purged."""
    if line.event is None and line.salt is None:
        return ""
    if line.event is None or line.salt is None:
        return "the event or its salt is missing"
    if len(line.salt) != SALT_BYTES:  # else what is salt and what is event could be moved
        return "the salt is not as long as a salt"
    if commitment_to(line.event, line.salt).hex() != line.commitment:
        return "the event is not what was committed to"
    return ""


def purged_by(line: EntryLine) -> int:
    """How many events an entry says that it purged; 0 where it is no purge."""
    if line.event is None or not line.transaction_id.startswith(PURGE_ID_PREFIX):
        return 0
    try:
        return msgspec.json.decode(line.event, type=AuditEvent).purged
    except msgspec.DecodeError:
        return 0


def readable_event(event: bytes) -> dict[str, object]:
    """An event for people: pseudonyms in hexadecimal."""
    found: dict[str, object] = msgspec.json.decode(event)
    for name in ("subject", "on_behalf_of"):
        if name in found:
            found[name] = base64.b64decode(str(found[name])).hex()
    return found
