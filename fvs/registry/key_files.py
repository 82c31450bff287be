"""Files that hold secrets: for their owner's eyes only, and whole or not there at all (POSIX)."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fvs.registry.errors import KeyRingError
from fvs.subjects import Private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["create_private_file", "folder_lock", "read_private_file", "replace_private_file"]

MAX_BYTES = 1 << 20
"""Thousands of rotations; whatever is larger is no key ring."""

_OWNER_ONLY = 0o600
_OTHERS = 0o077


def read_private_file(path: Path) -> Private[bytes]:
    """The content of a file that its owner alone, who we are, can read.

    A symbolic link is followed within its own folder (so are secrets mounted in containers laid
    out), never out of it.

    Raises:
        KeyRingError: it is not there, or anyone else could have read or written it.
    """
    with _file_errors(path):
        target = path.resolve(strict=True)
        if not target.is_relative_to(path.parent.resolve()):
            raise KeyRingError(
                f"{path} is a symbolic link to another folder", advice="Name the file itself."
            )
        # O_NONBLOCK: opening a pipe would wait for its writer.
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _refuse_shared(os.fstat(descriptor), path)
            return Private(file.read(MAX_BYTES))


def _refuse_shared(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size >= MAX_BYTES:
        raise KeyRingError(f"{path} is no key ring: not a file, or too large")
    if status.st_uid != os.geteuid():
        raise KeyRingError(
            f"{path} belongs to another user", advice=f"Make user {os.geteuid()} its owner."
        )
    if status.st_mode & _OTHERS:
        raise KeyRingError(
            f"{path} is open to other users (mode {stat.S_IMODE(status.st_mode):04o})",
            advice="`chmod 600` it, and rotate its keys if others may have read them.",
        )


def create_private_file(path: Path, content: Private[bytes]) -> None:
    """Write a file that is not there yet.

    Raises:
        KeyRingError: something has that name, or the disk refuses.
    """
    with _file_errors(path), _written_beside(path, content) as draft:
        # A link, unlike a rename, never replaces what has the name already.
        path.hardlink_to(draft)


def replace_private_file(path: Path, content: Private[bytes]) -> None:
    """Write a file in place of the one that is there; a crash leaves one or the other, whole.

    Raises:
        KeyRingError: the path is a symbolic link, or the disk refuses.
    """
    with _file_errors(path), _written_beside(path, content) as draft:
        if path.is_symlink():
            raise KeyRingError(f"{path} is a symbolic link", advice="Name the file itself.")
        draft.replace(path)


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Whoever changes a file of the folder of `path` under this lock does so alone.

    Raises:
        KeyRingError: there is no such folder.
    """
    with _file_errors(path):
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _written_beside(path: Path, content: Private[bytes]) -> Iterator[Path]:
    """`content` on the disk under a passing name; the folder's entries are on the disk after."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    exclusively = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(draft, exclusively, _OWNER_ONLY), "wb") as file:
            file.write(content.reveal())
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    """Speak of the system's refusals as `KeyRingError`."""
    try:
        yield
    except FileExistsError:
        raise KeyRingError(
            f"{path} is there already", advice="Keys are never overwritten: choose another name."
        ) from None
    except FileNotFoundError:
        raise KeyRingError(
            f"{path} is not there",
            advice="Bring back your copy of the key ring: without it no template opens.",
        ) from None
    except OSError as error:
        raise KeyRingError(f"{path}: {error.strerror}") from None
