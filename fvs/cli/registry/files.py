"""Files that are written for operators: about one person, so for their owner's eyes only."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from fvs.cli.common import require_writable
from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["private_file", "require_new_file"]

_OWNER_ONLY = 0o600


def require_new_file(path: Path) -> None:
    """Find out before any work is done whether a new file can be written.

    Raises:
        UsageError: it cannot, or something has that name.
    """
    if path.exists():
        raise UsageError(f"{path} is there already", advice="Name another file or remove it.")
    require_writable(path)


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file of mode 0600, to write to.

    Raises:
        UsageError: it cannot be written, or something has that name.
    """
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(opened, "wb") as file:
            yield file
    except OSError as error:
        if error.filename not in (None, str(path)):
            raise
        raise UsageError(
            f"cannot write {path}: {error.strerror}", advice="Name a new file in a folder of yours."
        ) from error
