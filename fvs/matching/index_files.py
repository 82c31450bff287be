"""A saved index: a manifest and beside it one file a column, checked before it is believed.

`index.json` names the files with their lengths and hashes. It is written last and replaces the one
before in one step, so that a folder holds one whole index or none, wherever a save is cut off. The
files hold vectors in the clear; they are readable by their owner only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from fvs.matching.errors import IndexFileError
from fvs.matching.precision import Bounds, Precision  # noqa: TC001 - msgspec reads them

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["COLUMNS", "SavedColumn", "SavedIndex", "read_columns", "read_manifest", "write_index"]

MANIFEST_NAME = "index.json"
COLUMN_SUFFIX = ".column"
FORMAT = 1
OWNER_ONLY = 0o600
READ_BLOCK_BYTES = 1 << 20

COLUMNS = ("keys", "codes", "scale", "low")
"""int64 keys, what faiss scans, float32 scales, low planes; those that a precision lacks are empty.
All little-endian, row after row."""

_TYPES = {"keys": np.int64, "codes": np.uint8, "scale": np.float32, "low": np.int8}


class SavedColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file.

    Attributes:
        file: its name in the folder.
        length: in bytes.
        sha256: hex.
    """

    file: str
    length: int
    sha256: str


class SavedIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The manifest.

    Attributes:
        format: of these files.
        precision: of the vectors.
        dimension: D.
        vectors: N.
        revision: of the store when it was saved.
        identity: what it was saved for, in its owner's words.
        bounds: of the vectors.
        columns: the files by column.
    """

    format: int = FORMAT
    precision: Precision
    dimension: int
    vectors: int
    revision: int
    identity: str
    bounds: Bounds
    columns: dict[str, SavedColumn] = {}

    def widths(self) -> dict[str, int]:
        """Numbers per vector in each column."""
        return {
            "keys": 1,
            "codes": self.precision.scanned_bytes(self.dimension),
            "scale": int(self.precision.has_scale),
            "low": self.dimension * self.precision.has_low_plane,
        }


@dataclass(frozen=True)
class _Damaged:
    """Words for errors about one folder."""

    folder: Path

    def because(self, reason: str) -> IndexFileError:
        return IndexFileError(
            f"{self.folder}: the saved index cannot be used: {reason}",
            advice="Rebuild it from the store; nothing else is lost.",
        )


def write_index(
    folder: Path, manifest: SavedIndex, columns: dict[str, Iterable[npt.NDArray[Any]]]
) -> None:
    """Write columns, given in blocks of rows, and then the manifest that names them.

    One process at a time may save to a folder.

    Raises:
        OSError: the folder cannot be written; an index that was there still is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(8)
    saved = {
        name: _write_column(folder / f"{name}-{token}{COLUMN_SUFFIX}", blocks)
        for name, blocks in columns.items()
    }
    manifest = msgspec.structs.replace(manifest, columns=saved)
    part = folder / f"{MANIFEST_NAME}.{token}.part"
    _write_durably(part, [msgspec.json.format(msgspec.json.encode(manifest))])
    _flush_folder(folder)
    part.replace(folder / MANIFEST_NAME)
    _flush_folder(folder)
    kept = {column.file for column in saved.values()}
    for path in folder.glob(f"*{COLUMN_SUFFIX}"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def read_manifest(folder: Path) -> SavedIndex:
    """Read what a folder holds.

    Raises:
        IndexFileError: there is none, or it is malformed, of another format or contradicts itself.
    """
    damaged = _Damaged(folder)
    try:
        manifest = msgspec.json.decode((folder / MANIFEST_NAME).read_bytes(), type=SavedIndex)
    except OSError as error:
        raise damaged.because(f"no {MANIFEST_NAME} ({error.strerror})") from error
    except msgspec.DecodeError as error:
        raise damaged.because(f"{MANIFEST_NAME} is malformed") from error
    if manifest.format != FORMAT:
        raise damaged.because(f"its format is {manifest.format}, not {FORMAT}")
    if set(manifest.columns) != set(COLUMNS) or min(manifest.vectors, manifest.dimension - 1) < 0:
        raise damaged.because(f"{MANIFEST_NAME} contradicts itself")
    for name, width in manifest.widths().items():
        column = manifest.columns[name]
        expected = manifest.vectors * width * np.dtype(_TYPES[name]).itemsize
        if column.length != expected or "/" in column.file:
            raise damaged.because(f"{MANIFEST_NAME} contradicts itself about {name}")
    return manifest


def read_columns(
    folder: Path, manifest: SavedIndex, *, memory_mapped: bool
) -> dict[str, npt.NDArray[Any]]:
    """Check the columns' files and load or map them.

    Args:
        folder: of the index.
        manifest: what it should hold.
        memory_mapped: map the files, copied where written to, so that the files never change.

    Returns:
        (N, width) arrays; of the scales and keys (N,).

    Raises:
        IndexFileError: a file is missing or is not what was saved.
    """
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, width in manifest.widths().items():
        column = manifest.columns[name]
        try:
            _check_file(folder, column)
            flat = _load(folder / column.file, _TYPES[name], memory_mapped=memory_mapped)
        except OSError as error:
            raise _Damaged(folder).because(f"{column.file}: {error.strerror}") from error
        rows = manifest.vectors if width else 0
        columns[name] = flat if name in {"keys", "scale"} else flat.reshape(rows, -1 if rows else 0)
    return columns


def _load(path: Path, dtype: npt.DTypeLike, *, memory_mapped: bool) -> npt.NDArray[Any]:
    if not memory_mapped or not path.stat().st_size:  # nothing cannot be mapped
        return np.fromfile(path, dtype)
    return np.memmap(path, dtype, mode="c")


def _check_file(folder: Path, column: SavedColumn) -> None:
    digest = hashlib.sha256()
    length = 0
    with (folder / column.file).open("rb") as file:
        while block := file.read(READ_BLOCK_BYTES):
            digest.update(block)
            length += len(block)
    if (length, digest.hexdigest()) != (column.length, column.sha256):
        raise _Damaged(folder).because(f"{column.file} is not what was saved")


def _write_column(path: Path, blocks: Iterable[npt.NDArray[Any]]) -> SavedColumn:
    length, sha256 = _write_durably(path, (np.ascontiguousarray(block).data for block in blocks))
    return SavedColumn(path.name, length, sha256)


def _write_durably(path: Path, blocks: Iterable[bytes | memoryview]) -> tuple[int, str]:
    """Write a new file that only its owner can read; its length and hash."""
    digest = hashlib.sha256()
    length = 0
    number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    try:
        with os.fdopen(number, "wb") as file:
            for block in blocks:
                digest.update(block)
                length += file.write(block)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise
    return length, digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    """Make the names of files as durable as their content."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
