"""What commands that measure many pictures share: the cache of faces, bars, tables to read."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import platformdirs
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fvs.cli.output import ERROR_CONSOLE
from fvs.errors import DeploymentError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from rich.progress import TaskID

__all__ = [
    "faces_cache_dir",
    "listed_names",
    "made_cache_dir",
    "offline",
    "parse_targets",
    "progress_bar",
    "progress_tasks",
    "read_text",
]

GZIP_MAGIC = b"\x1f\x8b"


def faces_cache_dir() -> Path:
    """Where extracted faces are kept between runs: the platform's cache folder of this user."""
    return Path(platformdirs.user_cache_dir("fvs", appauthor=False)) / "faces"


def progress_bar() -> Progress:
    """A bar per task on standard error, with counts and the time that remains."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=ERROR_CONSOLE)


def progress_tasks(progress: Progress) -> Callable[[str, int, int], None]:
    """Shows a bar for each thing that is measured, from when it begins."""
    tasks: dict[str, TaskID] = {}

    def show_progress(title: str, done: int, total: int) -> None:
        if title not in tasks:
            tasks[title] = progress.add_task(title, total=total)
        progress.update(tasks[title], completed=done)

    return show_progress


def offline() -> ModuleType:
    """`fvs.derivation`, which needs scipy, as no command that answers does.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        from fvs import derivation  # noqa: PLC0415 - see above
    except ImportError as error:
        raise MissingExtraError(
            f"calibrating needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    return derivation


def made_cache_dir() -> Path:
    """The cache of faces, made if need be.

    Raises:
        DeploymentError: it cannot be written.
    """
    folder = faces_cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeploymentError(
            f"cannot keep faces in {folder}: {error.strerror}",
            advice="Make that folder writable, or name another cache in XDG_CACHE_HOME.",
        ) from error
    if not os.access(folder, os.W_OK):
        raise DeploymentError(f"cannot keep faces in {folder}: permission denied")
    return folder


def parse_targets(text: str) -> tuple[float, ...]:
    """False match rates, comma separated.

    Raises:
        UsageError: one of them is no rate.
    """
    try:
        targets = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--targets: {error}", advice="For example 1e-3,1e-4.") from error
    if not all(0.0 < target < 1.0 for target in targets):
        raise UsageError("--targets: a false match rate lies between 0 and 1")
    return targets


def read_text(path: Path) -> str:
    """A file in UTF-8.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def listed_names(path: Path) -> list[str]:
    """The last word of each line of a text that may be gzip, without folders.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == GZIP_MAGIC else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    return [PurePosixPath(line.split()[-1]).name for line in text.splitlines() if line.split()]
