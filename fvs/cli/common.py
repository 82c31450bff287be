"""What every command shares: options, pictures, and where packs and weights are found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import platformdirs
import typer

from fvs.advice import advice_for
from fvs.cli.output import OUTPUT_CONSOLE
from fvs.engine import Engine, EngineSettings
from fvs.errors import ModelNotFoundError, UsageError
from fvs.image import DecodeLimits
from fvs.packs import Pack, list_packs, load_pack, shipped_models_dir
from fvs.raster import encode_png, limit_opencv_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import Pixels

__all__ = [
    "DEFAULT_PACK",
    "MODELS_VARIABLE",
    "JsonOption",
    "PackOption",
    "open_engine",
    "open_pack",
    "print_advice",
    "read_picture",
    "require_writable",
    "require_writable_picture",
    "user_models_dir",
    "weight_dirs",
    "write_picture",
]

MODELS_VARIABLE = "FVS_MODELS"
DEFAULT_PACK = "standard"
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


def user_models_dir() -> Path:
    """Where `fvs models pull` and `import` put weight files: this user's own."""
    return Path(platformdirs.user_data_dir("fvs", appauthor=False)) / "models"


def weight_dirs() -> list[Path]:
    """Folders to look for weight files in, first wins: those of FVS_MODELS, then this user's own.

    Each is named once, however it is spelt.
    """
    value = os.environ.get(MODELS_VARIABLE, "")
    named = [Path(part) for part in value.split(os.pathsep) if part]
    by_place: dict[Path, Path] = {}
    for folder in (*named, user_models_dir()):
        by_place.setdefault(folder.resolve(), folder)
    return list(by_place.values())


def open_pack(name_or_dir: str) -> Pack:
    """Load a pack by name; if no pack has that name, the first that is whole in that folder.

    Raises:
        ModelNotFoundError: no such pack, or files are missing.
        ManifestError: a manifest is wrong.
    """
    # A pack that `fvs models import --adopt` made lies in a weight folder, manifests and all.
    homes = [shipped_models_dir(), *weight_dirs()]
    home = next((home for home in homes if name_or_dir in list_packs(home)), None)
    folder = Path(name_or_dir)
    if home is None and folder.is_dir():
        return _pack_in(folder, [shipped_models_dir(), folder])
    return load_pack(name_or_dir, home or shipped_models_dir(), weight_dirs())


def _pack_in(folder: Path, homes: Sequence[Path]) -> Pack:
    for home in homes:
        for name in list_packs(home):
            try:
                pack = load_pack(name, home, [folder])
            except ModelNotFoundError:
                continue
            # What ships needs no folder: a folder means the pack that its files make whole.
            if any(files.weights.is_relative_to(folder) for files in pack.files):
                return pack
    raise ModelNotFoundError(
        f"{folder} holds no complete pack", advice="`fvs models list` names each pack's files."
    )


def open_engine(pack: Pack) -> Engine:
    """An engine that uses every core of this process."""
    limit_opencv_threads(1)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Engine.from_pack(pack, EngineSettings(workers=workers or 1))


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
