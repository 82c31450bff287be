"""Sets of pictures in a folder or a tar, read in place: nothing is unpacked."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PICTURE_SUFFIXES", "PictureSet"]

PICTURE_SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")

HASH_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class _Member:
    """Where a file's bytes are: in `path`, from `offset`."""

    path: Path
    offset: int
    size: int


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Files by name, in the order of their names.

    Attributes:
        name: the folder's or tar's own name, without its suffix.
        names: of all files, `/` between folders.
        sha256: of the tar file; of a folder, over each file's name and content in order.
    """

    name: str
    names: tuple[str, ...]
    sha256: str
    _members: dict[str, _Member]

    @classmethod
    def open(cls, path: Path) -> Self:
        """List the files of a folder or of a tar.

        Raises:
            UsageError: it is neither, or cannot be read.
        """
        try:
            members = _folder_members(path) if path.is_dir() else _tar_members(path)
            digest = _sha256_of(members) if path.is_dir() else _file_sha256(path)
        except (OSError, tarfile.TarError) as error:
            raise UsageError(
                f"{path} is neither a folder nor a tar that can be read: {error}",
                advice="Name a folder of pictures or an uncompressed .tar.",
            ) from error
        return cls(path.stem, tuple(sorted(members)), digest, members)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"PictureSet({self.name!r}, files={len(self)}, sha256={self.sha256[:12]}…)"

    @property
    def pictures(self) -> tuple[str, ...]:
        """The names that end like pictures."""
        return tuple(name for name in self.names if name.lower().endswith(PICTURE_SUFFIXES))

    def only(self, names: Sequence[str]) -> PictureSet:
        """The set of some of its files, with the hash of those.

        Raises:
            UsageError: one of them is not in the set.
        """
        self._require(names)
        members = {name: self._members[name] for name in names}
        return PictureSet(self.name, tuple(sorted(members)), _sha256_of(members), members)

    def content_hashes(self) -> dict[str, str]:
        """Name -> SHA-256 of the content, of every picture."""
        return {
            name: hashlib.sha256(_content(self._members[name])).hexdigest()
            for name in self.pictures
        }

    def read(self, names: Sequence[str]) -> list[bytes]:
        """Contents of some files, in the order asked for.

        Raises:
            UsageError: one of them is not in the set.
        """
        self._require(names)
        return [_content(self._members[name]) for name in names]

    def _require(self, names: Sequence[str]) -> None:
        missing = [name for name in names if name not in self._members]
        if missing:
            raise UsageError(f"{self.name} has no {missing[0]} (and lacks {len(missing)} in all)")


def _content(member: _Member) -> bytes:
    with member.path.open("rb") as file:
        file.seek(member.offset)
        return file.read(member.size)


def _folder_members(folder: Path) -> dict[str, _Member]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): _Member(path, 0, path.stat().st_size) for path in files
    }


def _tar_members(path: Path) -> dict[str, _Member]:
    # "r:" refuses compressed archives, whose members cannot be read in place.
    with tarfile.open(path, "r:") as archive:
        return {
            info.name.removeprefix("./"): _Member(path, info.offset_data, info.size)
            for info in archive
            if info.isreg()
        }


def _sha256_of(members: dict[str, _Member]) -> str:
    digest = hashlib.sha256()
    for name, member in sorted(members.items()):
        content = hashlib.sha256(_content(member)).hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
