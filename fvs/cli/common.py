"""What every command shares: options and pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.advice import advice_for
from fvs.cli.output import OUTPUT_CONSOLE
from fvs.errors import UsageError
from fvs.image import DecodeLimits
from fvs.raster import encode_png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import Pixels

__all__ = [
    "JsonOption",
    "PackOption",
    "print_advice",
    "read_picture",
    "require_writable",
    "require_writable_picture",
    "write_picture",
]

PNG_SUFFIX = ".png"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

PackOption = Annotated[
    str,
    typer.Option(
        "--pack",
        help="A pack's name (see `fvs models list`), or a folder that holds a pack's weight files.",
        metavar="NAME|DIR",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def print_advice(code: str) -> None:
    """Print what a person can do about a code, in both languages."""
    advice = advice_for(code)
    OUTPUT_CONSOLE.print(f"    {advice.english}\n    {advice.thai}")


def read_picture(path: Path) -> bytes:
    """A file's content, or as much of it as shows that it is too large.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(DecodeLimits().max_bytes + 1)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}",
            advice="Check the path, and that you may read the file.",
        ) from error


def require_writable(path: Path) -> None:
    """Find out before any work is done whether a file can be written.

    Raises:
        UsageError: it cannot.
    """
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder")
    if not folder.is_dir():
        raise UsageError(f"cannot write {path}: {folder} is no folder")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"cannot write {path}: permission denied")


def require_writable_picture(path: Path, inputs: Sequence[Path]) -> None:
    """The same of a PNG, which must not replace an input or anything that is no PNG.

    Raises:
        UsageError: it cannot be written, is not named .png, or would replace one of those.
    """
    require_writable(path)
    if path.exists() and any(path.samefile(given) for given in inputs if given.exists()):
        raise UsageError(f"{path} would replace a picture that was given")
    if path.suffix.lower() != PNG_SUFFIX:
        raise UsageError(
            f"{path} would not be what its name says: a PNG is written",
            advice=f"Name {path.with_suffix(PNG_SUFFIX)} instead.",
        )
    if not path.exists():
        return
    with path.open("rb") as file:
        if file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
            raise UsageError(
                f"{path} is there already and is no PNG", advice="Name another file or remove it."
            )


def write_picture(path: Path, pixels_rgb: Pixels) -> None:
    """Write a PNG.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.write_bytes(encode_png(pixels_rgb))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
