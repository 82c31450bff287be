"""Where packs and weights are found, and the engine that is made of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from fvs.bulk.engines import available_cores
from fvs.engine import Engine, EngineSettings
from fvs.errors import ModelNotFoundError
from fvs.packs import Pack, list_packs, load_pack, shipped_models_dir
from fvs.raster import limit_opencv_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.network import Runtime

__all__ = [
    "DEFAULT_PACK",
    "MODELS_VARIABLE",
    "open_engine",
    "open_pack",
    "user_models_dir",
    "weight_dirs",
]

MODELS_VARIABLE = "FVS_MODELS"
DEFAULT_PACK = "standard"


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


def open_engine(
    pack: Pack, settings: EngineSettings | None = None, runtime: Runtime | None = None
) -> Engine:
    """An engine of a pack; without settings one that uses every core of this process.

    Raises:
        ModelIntegrityError: a weight file is not what its manifest declares.
        ProviderError: the runtime's provider is not available.
    """
    limit_opencv_threads(1)
    return Engine.from_pack(pack, settings or EngineSettings(workers=available_cores()), runtime)
