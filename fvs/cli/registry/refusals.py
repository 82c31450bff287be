"""The file that says which pictures of an import were refused, and what to do about each.

It holds the names of files, which are numbers of people where a folder was imported: it is written
for its owner alone, and nothing of it is printed.
"""

from __future__ import annotations

import csv
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import msgspec

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fvs.cli.registry.items import Refusal

__all__ = ["refusals_file"]

_COLUMNS = ("place", "code", "advice", "advice_thai")
_JSON_SUFFIX = ".json"
_OWNER_ONLY = 0o600


@contextmanager
def refusals_file(path: Path) -> Iterator[Callable[[Refusal], None]]:
    """Write refusals as they come: a JSON array where the file is named .json, else CSV.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        os.fchmod(descriptor, _OWNER_ONLY)  # an older file keeps its mode otherwise
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", advice="Name another file with --report."
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        if path.suffix.lower() == _JSON_SUFFIX:
            with _json_array(file) as write:
                yield lambda refusal: write(dict(zip(_COLUMNS, _cells(refusal), strict=True)))
        else:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            yield lambda refusal: writer.writerow(_cells(refusal))


def _cells(refusal: Refusal) -> tuple[str, str, str, str]:
    # File names may hold bytes that are no text.
    place = refusal.place.encode("utf-8", "backslashreplace").decode()
    return place, refusal.code, refusal.advice.english, refusal.advice.thai


@contextmanager
def _json_array(file: TextIO) -> Iterator[Callable[[dict[str, str]], None]]:
    separator = "\n"

    def write(row: dict[str, str]) -> None:
        nonlocal separator
        file.write(separator + msgspec.json.encode(row).decode())
        separator = ",\n"

    file.write("[")
    try:
        yield write
    finally:
        file.write("\n]\n")
