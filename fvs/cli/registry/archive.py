"""The file of a backup: a zip of `registry.toml`, its signature, and a signed dump of the store.

```
registry.toml          settings, without secrets
registry.toml.sig      Ed25519 signature by the key ring
records.jsonl          `fvs.registry.dump`, signed by the same
```
"""

from __future__ import annotations

import os
import zipfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fvs.cli.registry.making import make_folder, remover, write_public_key
from fvs.cli.registry.progress import counting
from fvs.deployment.registry_file import FILE_NAME, PostgresSpec, parse_spec, write_spec
from fvs.deployment.registry_location import Location
from fvs.errors import UsageError
from fvs.registry.dump import check_dump, restore_dump, write_dump
from fvs.registry.errors import DumpError, MissingKeyError
from fvs.registry.identity import require_ring_of
from fvs.registry.records import RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.deployment.registry_file import RegistrySpec
    from fvs.registry.keys import KeyRing
    from fvs.registry.store import RecordStore

__all__ = ["ArchiveAnswer", "restore_archive", "write_archive"]

RECORDS = "records.jsonl"
SIGNATURE = f"{FILE_NAME}.sig"
_SIGNED_DOMAIN = b"fvs registry.toml 1\0"
_MAX_SPEC_BYTES = 1 << 20
_OWNER_ONLY = 0o600
_PAGE = 1000


class ArchiveAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was written or restored.

    Attributes:
        path: the file, or the registry's folder.
        records: lines of records.
        reviews: of possible duplicates.
    """

    path: str
    records: int
    reviews: int


def write_archive(location: Location, target: Path) -> ArchiveAnswer:
    """Write a new file, and read it again; nothing is left where this fails.

    Raises:
        UsageError: it cannot be written.
        KeyRingError: the key ring is missing, or that of another registry.
        StoreError: the store refuses.
        DumpError: what was written is not what can be read again.
    """
    keys = location.read_keys()
    spec = (location.folder / FILE_NAME).read_bytes()
    part = target.with_name(f"{target.name}.part")
    with _written(part, target), zipfile.ZipFile(part, "w") as archive:
        archive.writestr(FILE_NAME, spec)
        archive.writestr(SIGNATURE, keys.sign(_SIGNED_DOMAIN + spec))
        with (
            closing(location.open_store()) as store,
            archive.open(RECORDS, "w", force_zip64=True) as file,
            counting("back up") as on_progress,
        ):
            require_ring_of(store.metadata(), keys)
            write_dump(store, keys, file, on_progress)
    with _opened(target) as archive:
        _signed_spec(archive, keys)
        with _member(archive, RECORDS) as file:
            summary = check_dump(file, keys.public_key)
    return ArchiveAnswer(path=str(target), records=summary.records, reviews=summary.reviews)


def restore_archive(
    source: Path, folder: Path, *, key_ring: Path | None, schema: str | None
) -> ArchiveAnswer:
    """Make a registry; what was made is removed again where a later step fails.

    Raises:
        UsageError: the file cannot be read, or a registry is there.
        DumpError: the file is altered, or of another key ring.
        KeyRingError: the key ring is missing.
        MissingKeyError: it lacks a key that a record asks for.
        StoreError: the new store refuses.
    """
    with _opened(source) as archive, ExitStack() as undo:
        location = Location(folder, _adapted(_spec_of(archive), key_ring, schema))
        keys = location.read_keys()
        _signed_spec(archive, keys)
        make_folder(folder)
        store = location.open_store(create=True)
        undo.callback(remover(location))
        with (
            closing(store),
            _member(archive, RECORDS) as file,
            counting("restore") as on_progress,
        ):
            summary = restore_dump(file, store, keys.public_key, on_progress)
            _require_wrapping_keys(store, keys)
        write_spec(folder, location.spec)
        undo.pop_all()
    write_public_key(folder, keys)
    return ArchiveAnswer(path=str(folder), records=summary.records, reviews=summary.reviews)


def _require_wrapping_keys(store: RecordStore, keys: KeyRing) -> None:
    """Refuse a ring under which not every record would open, as after `rotate-keys --destroy-old`.

    Raises:
        MissingKeyError: it lacks a key.
    """
    held, revision = {key.id for key in keys.wrapping_keys}, 0
    while page := store.changed_since(revision, _PAGE):
        asked = {row.key_id for row in page if row.status != RecordStatus.ERASED}
        for key_id in sorted(asked - held):
            raise MissingKeyError(
                f"the backup asks for the key {key_id!r}, which the key ring lacks",
                advice="Name the copy of the ring that was kept when it was written: --key-ring.",
            )
        revision = page[-1].revision


def _adapted(spec: RegistrySpec, key_ring: Path | None, schema: str | None) -> RegistrySpec:
    """The settings, with what differs in the new place."""
    if key_ring is not None:
        keys = msgspec.structs.replace(spec.keys, file=str(key_ring.resolve()))
        spec = msgspec.structs.replace(spec, keys=keys)
    if schema is None:
        return spec
    if not isinstance(spec.store, PostgresSpec):
        raise UsageError("a SQLite registry has no schema", advice="Leave --schema out.")
    store = msgspec.structs.replace(spec.store, schema=schema)
    return msgspec.structs.replace(spec, store=store)


@contextmanager
def _written(part: Path, target: Path) -> Iterator[None]:
    """`part`, for its owner alone, becomes `target` once it is on the disk; or nothing does."""
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    except OSError as error:
        raise UsageError(
            f"cannot write {part}: {error.strerror}", advice="Name another file, or remove that."
        ) from error
    try:
        yield
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    """A backup to read.

    Raises:
        UsageError: it is not there.
        DumpError: it is no backup, or is damaged.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except OSError as error:
        if error.filename is None or Path(error.filename) != source:
            raise
        raise UsageError(
            f"cannot read {source}: {error.strerror}", advice="Name the file of a backup."
        ) from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise DumpError(
            f"{source} is no backup of a registry, or is damaged", advice="Take another copy of it."
        ) from error


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except KeyError as error:
        raise zipfile.BadZipFile from error


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with _member(archive, name) as file:
        return file.read(_MAX_SPEC_BYTES)


def _spec_of(archive: zipfile.ZipFile) -> RegistrySpec:
    return parse_spec(_read(archive, FILE_NAME), FILE_NAME)


def _signed_spec(archive: zipfile.ZipFile, keys: KeyRing) -> None:
    """Refuse settings that the registry's own key ring did not sign.

    Raises:
        DumpError: they were altered, or it is another ring.
    """
    spec, signature = _read(archive, FILE_NAME), _read(archive, SIGNATURE)
    try:
        key = Ed25519PublicKey.from_public_bytes(keys.public_key)
        key.verify(signature, _SIGNED_DOMAIN + spec)
    except InvalidSignature:
        raise DumpError(
            f"{FILE_NAME} of the backup was altered, or signed by another key ring",
            advice="Use the key ring of the registry that it is of.",
        ) from None
