"""What every command shares: exit codes, output, where packs and weights are found."""

from __future__ import annotations

import os
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs
import typer
from rich.console import Console

from fvs.engine import Engine, EngineSettings
from fvs.errors import ModelNotFoundError, UsageError
from fvs.image import DecodeLimits
from fvs.packs import Pack, list_packs, load_pack, shipped_models_dir
from fvs.raster import encode_png, limit_opencv_threads

if TYPE_CHECKING:
    from fvs.errors import FvsError
    from fvs.records import Pixels

__all__ = [
    "ERROR_CONSOLE",
    "OUTPUT_CONSOLE",
    "ExitCode",
    "JsonOption",
    "PackOption",
    "open_engine",
    "open_pack",
    "print_error",
    "print_json",
    "read_picture",
    "user_models_dir",
    "weight_dirs",
    "write_picture",
]

OUTPUT_CONSOLE = Console()
ERROR_CONSOLE = Console(stderr=True)

MODELS_VARIABLE = "FVS_MODELS"
DEFAULT_PACK = "reference"

PackOption = Annotated[
    str,
    typer.Option(
        "--pack",
        help="A pack's name (see `fvs models list`), or a folder that holds a pack's weight files.",
        metavar="NAME|DIR",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


class ExitCode(IntEnum):
    """What the process returns."""

    MATCH = 0
    NO_MATCH = 1
    NO_DECISION = 2
    WRONG_USE = 3


def user_models_dir() -> Path:
    """Where `fvs models pull` and `import` put weight files: the first folder of FVS_MODELS.

    Without FVS_MODELS it is the platform's data folder of this user.
    """
    named = _named_dirs()
    return (
        named[0] if named else Path(platformdirs.user_data_dir("fvs", appauthor=False)) / "models"
    )


def weight_dirs() -> list[Path]:
    """Folders to look for weight files in, first wins."""
    return [*_named_dirs(), user_models_dir()]


def _named_dirs() -> list[Path]:
    value = os.environ.get(MODELS_VARIABLE, "")
    return [Path(part) for part in value.split(os.pathsep) if part]


def open_pack(name_or_dir: str) -> Pack:
    """Load a pack by name, or the first pack whose files all lie in the folder given.

    Raises:
        ModelNotFoundError: no such pack, or files are missing.
        ManifestError: a manifest is wrong.
    """
    folder = Path(name_or_dir)
    if folder.is_dir():
        return _pack_in(folder, shipped_models_dir())
    # A pack that `fvs models import --adopt` made lies in a weight folder, manifests and all.
    homes = (shipped_models_dir(), *weight_dirs())
    models_dir = next((home for home in homes if name_or_dir in list_packs(home)), homes[0])
    return load_pack(name_or_dir, models_dir, weight_dirs())


def _pack_in(folder: Path, models_dir: Path) -> Pack:
    for name in list_packs(models_dir):
        try:
            return load_pack(name, models_dir, [folder])
        except ModelNotFoundError:
            continue
    raise ModelNotFoundError(
        f"{folder} holds no complete pack", advice="`fvs models list` names each pack's files."
    )


def open_engine(pack: Pack) -> Engine:
    """An engine that uses every core of this process."""
    limit_opencv_threads(1)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Engine.from_pack(pack, EngineSettings(workers=workers or 1))


def read_picture(path: Path) -> bytes:
    """A file's content, or as much of it as shows that it is too large.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(DecodeLimits().max_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def write_picture(path: Path, pixels_rgb: Pixels) -> None:
    """Write a PNG.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.write_bytes(encode_png(pixels_rgb))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def print_json(document: object) -> None:
    """Write one JSON document to standard output."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    OUTPUT_CONSOLE.print(text.decode(), soft_wrap=True, highlight=False, markup=False)


def print_error(error: FvsError) -> None:
    """Write an error and what to do about it to standard error."""
    ERROR_CONSOLE.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
    if error.advice:
        ERROR_CONSOLE.print(f"  {error.advice}", highlight=False, markup=False, soft_wrap=True)
