"""A gallery kept on disk between processes, so that opening need not unseal every template.

Off unless a folder is named: the files hold rotated vectors *in the clear*, and pseudonyms. Whoever
reads them has no template of the embedder, but with one known person in them can compare. Keep the
folder where the key ring may lie, never in a backup.

What is on disk is a guess that must prove itself. It is used if it is whole, of this registry,
model and key ring, and if its people are still the store's; otherwise the gallery is built anew.
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.matching.errors import IndexFileError
from fvs.matching.index import VectorIndex
from fvs.registry.errors import StoreError
from fvs.registry.gallery import Gallery
from fvs.registry.records import RecordStatus
from fvs.registry.roster import Columns

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.matching.backend import VectorBackend
    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault

__all__ = ["load_gallery", "save_gallery"]

_ROSTER_NAME = "roster.npz"
_OWNER_ONLY = 0o600
_SAMPLE = 256
"""People who must still be in the store: of a gallery of which a hundredth is not, this misses
one in thirteen; the count of all misses none where only some went."""


def save_gallery(gallery: Gallery, folder: Path) -> None:
    """Write a gallery, in place of the one that is there.

    Raises:
        UsageError: its vectors are not in this process.
        StoreError: the folder cannot be written; what was there before is still used or refused.
    """
    index = _in_process(gallery.index)
    with gallery.unchanging() as (columns, revision):
        try:
            index.save(folder, revision=revision, identity=_identity(gallery.vault))
            _write_roster(folder / _ROSTER_NAME, columns, revision)
        except OSError as error:
            raise StoreError(
                f"{folder}: the index cannot be saved ({error.strerror})",
                advice="Free some room, or name another folder; the registry itself is whole.",
            ) from None


def load_gallery(
    folder: Path, vault: Vault, store: RecordStore, empty: VectorBackend
) -> Gallery | None:
    """The gallery of a folder, in step with the store.

    Args:
        folder: that `save_gallery` wrote, or nothing.
        vault: of the registry.
        store: of the registry.
        empty: an index as the settings make it; a saved one of another precision is not used.

    Returns:
        None where there is none that can be used; build it.

    Raises:
        UsageError: indexes of these settings are not in this process.
    """
    wanted = _in_process(empty)
    try:
        index = VectorIndex.open(folder)
        columns, revision = _read_roster(folder / _ROSTER_NAME)
    except (IndexFileError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = (
        index.identity == _identity(vault)
        and index.precision == wanted.precision
        and index.revision == revision <= store.revision()
    )
    if not fits:
        return None
    gallery = Gallery.restored(vault, index, columns, revision)
    gallery.catch_up(store)
    return gallery if _agrees(gallery, store) else None


def _agrees(gallery: Gallery, store: RecordStore) -> bool:
    """Whether the people are the store's: a store that was restored has another history."""
    if len(gallery) != store.counts()[RecordStatus.ACTIVE]:
        return False
    ids = gallery.members().record_ids
    sample = np.random.default_rng().permutation(len(ids))[:_SAMPLE]
    rows = store.by_ids([ids[row].tobytes() for row in sample.tolist()])
    return all(row is not None and row.status == RecordStatus.ACTIVE for row in rows)


def _in_process(index: VectorBackend) -> VectorIndex:
    if not isinstance(index, VectorIndex):
        raise UsageError(
            "only an index in this process can be kept in a folder",
            advice="Leave index_dir out; a server keeps its vectors itself.",
        )
    return index


def _identity(vault: Vault) -> str:
    """What a saved gallery must be of."""
    return f"{vault.registry_id} {vault.model.id} {vault.model.sha256} {vault.keys.fingerprint}"


def _write_roster(path: Path, columns: Columns, revision: int) -> None:
    draft = path.with_suffix(".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        np.savez(
            file,
            revision=np.array(revision, np.int64),
            subjects=columns.subjects,
            record_ids=columns.record_ids,
            keys=columns.keys,
            enrolled_us=columns.enrolled_us,
        )
    draft.replace(path)


def _read_roster(path: Path) -> tuple[Columns, int]:
    """What `_write_roster` wrote; the archive's own checksums tell of damage."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
        columns = Columns(
            saved["subjects"],
            saved["record_ids"],
            saved["keys"],
            saved["enrolled_us"],
            np.ones(len(saved["keys"]), np.bool_),
        )
        return columns, int(saved["revision"])
