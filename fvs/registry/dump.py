"""Portable dumps: all that a store holds as lines of JSON, sealed as it is, for any kind of store.

```
{"line":"header","format":"fvs-dump-1","revision":41,"metadata":{...}}
{"line":"record","record":{...}}        in the order of their revisions
{"line":"review","review":{...}}
{"line":"trailer","records":9,"reviews":1,"sha256":"<of all lines before>","signature":"<hex>"}
```

A dump holds pseudonyms, dates and sources in the clear, templates only sealed: whoever lacks the
key ring learns no face from it. The trailer is signed (Ed25519) with the ring's signing key, so
that a dump that was cut short or altered is not restored. It may be written while the store is in
use: a record that changes meanwhile stands in it twice, and the later line holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fvs.registry.errors import DumpError, StoreError
from fvs.registry.records import StoredRecord  # noqa: TC001 - msgspec reads it
from fvs.registry.reviews import Review, ReviewState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fvs.registry.erasure import Signer
    from fvs.registry.store import RecordStore

__all__ = ["DumpSummary", "check_dump", "restore_dump", "write_dump"]

_SIGNED_DOMAIN = b"fvs dump 1\0"
_PAGE = 1024
_ALL_REVIEWS = 1 << 40


class DumpSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump holds.

    Attributes:
        records: lines of records, the superseded ones included.
        reviews: lines of reviews.
    """

    records: int
    reviews: int


class _Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="header"):
    """The first line; `revision` is the store's when the dump began."""

    format: Literal["fvs-dump-1"]
    revision: int
    metadata: dict[str, str]


class _RecordLine(msgspec.Struct, frozen=True, tag_field="line", tag="record"):
    record: StoredRecord


class _ReviewLine(msgspec.Struct, frozen=True, tag_field="line", tag="review"):
    review: Review


class _Trailer(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="trailer"):
    """The last line."""

    records: int
    reviews: int
    sha256: str
    signature: str


_Line = _Header | _RecordLine | _ReviewLine | _Trailer
_DECODER: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


@dataclass(frozen=True)
class _Checked:
    """A dump that is whole.

    Attributes:
        header: its first line.
        last_line_of: of each record that changed while it was written, the line that holds.
    """

    header: _Header
    last_line_of: dict[bytes, int]


def write_dump(
    store: RecordStore,
    signer: Signer,
    file: IO[bytes],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> DumpSummary:
    """Write all that a store holds.

    Args:
        store: of a registry.
        signer: its key ring.
        file: to write to; what is in it is no dump until this returns.
        on_progress: told how many records were written, of how many.

    Raises:
        StoreError: the store holds no registry, or refuses.
    """
    metadata = dict(store.metadata())
    if not metadata:
        raise StoreError("the store holds no registry", advice="There is nothing to dump.")
    counts = store.counts()
    total, digest, records, reviews = counts["active"] + counts["erased"], hashlib.sha256(), 0, 0
    for line in _lines(store, metadata):
        encoded = msgspec.json.encode(line) + b"\n"
        digest.update(encoded)
        file.write(encoded)
        records += isinstance(line, _RecordLine)
        reviews += isinstance(line, _ReviewLine)
        if records % _PAGE == 0:
            on_progress(min(records, total), total)
    on_progress(total, total)
    signature = signer.sign(_SIGNED_DOMAIN + digest.digest()).hex()
    trailer = _Trailer(
        records=records, reviews=reviews, sha256=digest.hexdigest(), signature=signature
    )
    file.write(msgspec.json.encode(trailer) + b"\n")
    return DumpSummary(records=records, reviews=reviews)


def _lines(store: RecordStore, metadata: dict[str, str]) -> Iterator[_Line]:
    yield _Header(format="fvs-dump-1", revision=store.revision(), metadata=metadata)
    revision = 0
    while page := store.changed_since(revision, _PAGE):
        yield from map(_RecordLine, page)
        revision = page[-1].revision
    for state in ReviewState:
        yield from map(_ReviewLine, store.reviews(state, _ALL_REVIEWS))


def check_dump(file: IO[bytes], public_key: bytes) -> DumpSummary:
    """Read all of a dump, and what it holds.

    Raises:
        DumpError: it is cut short, altered, no dump, or signed by another ring.
    """
    trailer, _ = _check(file, public_key)
    return DumpSummary(records=trailer.records, reviews=trailer.reviews)


def restore_dump(
    file: IO[bytes],
    store: RecordStore,
    public_key: bytes,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> DumpSummary:
    """Fill an empty store from a dump, once all of the dump was checked.

    The store becomes a registry last, so one that was interrupted holds none: start again with
    another empty store. What was erased since the dump was written is back: erase it again, from
    the erasure proofs.

    Args:
        file: at its beginning; read twice.
        store: without a record.
        public_key: of the ring that signed (`KeyRing.public_key`), 32 bytes.
        on_progress: told how many records were restored, of how many.

    Raises:
        DumpError: it is cut short, altered, no dump, or signed by another ring.
        StoreError: the store is not empty, or refuses.
    """
    if store.revision() or store.metadata():
        raise StoreError("the store is not empty", advice="Restore into a new one.")
    start = file.tell()
    trailer, checked = _check(file, public_key)
    file.seek(start)
    batch: list[StoredRecord] = []
    done = 0
    for number, line in enumerate(map(_decoded, file)):
        if isinstance(line, _RecordLine):
            done += 1
            if checked.last_line_of.get(line.record.record_id, number) == number:
                batch.append(line.record)
        if len(batch) == _PAGE or isinstance(line, _ReviewLine | _Trailer):
            store.add(batch)
            batch = []
            on_progress(done, trailer.records)
        if isinstance(line, _ReviewLine):
            store.add_reviews([line.review])
    store.set_metadata(checked.header.metadata)
    return DumpSummary(records=trailer.records, reviews=trailer.reviews)


def _check(file: IO[bytes], public_key: bytes) -> tuple[_Trailer, _Checked]:
    """Read all of it; its last line, and what the second reading needs."""
    digest, before = hashlib.sha256(), b""
    header: _Header | None = None
    last_line_of: dict[bytes, int] = {}
    line: _Line | None = None
    for number, encoded in enumerate(file):
        digest.update(before)
        before = encoded
        line = _decoded(encoded)
        if (number == 0) != isinstance(line, _Header):
            raise DumpError("the file is no dump of a registry, or its lines were moved")
        if isinstance(line, _Header):
            header = line
        elif isinstance(line, _RecordLine) and header and line.record.revision > header.revision:
            last_line_of[line.record.record_id] = number
    if header is None or not isinstance(line, _Trailer) or not before.endswith(b"\n"):
        raise DumpError("the dump is cut short", advice="Take another copy of it.")
    _check_trailer(line, digest.digest(), public_key)
    return line, _Checked(header, last_line_of)


def _check_trailer(trailer: _Trailer, digest: bytes, public_key: bytes) -> None:
    if trailer.sha256 != digest.hex():
        raise DumpError("the dump was altered", advice="Take another copy of it.")
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(trailer.signature), _SIGNED_DOMAIN + digest)
    except (InvalidSignature, ValueError):
        raise DumpError(
            "the dump was altered, or signed by another key ring",
            advice="Use the key ring of the registry that it is of.",
        ) from None


def _decoded(encoded: bytes) -> _Line:
    try:
        return _DECODER.decode(encoded)
    except ValueError:
        raise DumpError("the file is no dump of a registry, or is damaged") from None
