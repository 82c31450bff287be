"""The pool's pictures and the words of its labels."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["EAST_ASIAN_GROUPS", "pictures_in", "pool_tars"]

EAST_ASIAN_GROUPS = ("east-asian (mostly)", "asian")


def pool_tars(shared: Path) -> list[Path]:
    """The tar files of the pool, in order."""
    return sorted((shared / "data").glob("pool_*.tar"))


def pictures_in(tars: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """File name and content of every JPEG file, in order."""
    for path in tars:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None and member.name.endswith(".jpg"):
                    yield member.name, stream.read()
