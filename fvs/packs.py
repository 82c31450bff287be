"""Packs: which detector, embedder and PAD networks work together, and where their files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fvs.errors import ManifestError, ModelNotFoundError
from fvs.manifest import ModelManifest, Task, load_manifest, read_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CERTIFICATE_FILE_NAME",
    "PACK_FILE_NAME",
    "ModelFiles",
    "Pack",
    "PackSpec",
    "describe_folders",
    "find_weights",
    "list_manifests",
    "list_packs",
    "load_pack",
    "shipped_models_dir",
    "weight_places",
]

PACK_FILE_NAME = "pack.toml"
CERTIFICATE_FILE_NAME = "certificate.json"


class PackSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`pack.toml`: the ids of the models that make up a pack."""

    name: str
    summary: str
    detector: str
    embedder: str
    pad: tuple[str, ...] = ()

    @property
    def model_ids(self) -> tuple[str, ...]:
        """Detector, embedder, then the PAD networks."""
        return (self.detector, self.embedder, *self.pad)


@dataclass(frozen=True)
class ModelFiles:
    """A manifest and the weight file that it describes."""

    manifest: ModelManifest
    weights: Path


@dataclass(frozen=True)
class Pack:
    """A pack whose every file has been found (their hashes are checked when they are opened)."""

    name: str
    detector: ModelFiles
    embedder: ModelFiles
    pad: tuple[ModelFiles, ...]
    certificate_path: Path

    @property
    def files(self) -> tuple[ModelFiles, ...]:
        """Detector, embedder, then the PAD networks."""
        return (self.detector, self.embedder, *self.pad)


def shipped_models_dir() -> Path:
    """The folder of manifests that came with this installation (wheel or checkout)."""
    in_wheel = Path(__file__).parent / "_models"
    return in_wheel if in_wheel.is_dir() else Path(__file__).parent.parent / "models"


def list_manifests(models_dir: Path) -> dict[str, ModelManifest]:
    """Model id -> manifest of every model folder in `models_dir`, by id.

    Raises:
        ManifestError: one of them is wrong.
    """
    folders = sorted(path.parent for path in models_dir.glob("*/model.toml"))
    return {folder.name: load_manifest(folder) for folder in folders}


def list_packs(models_dir: Path) -> dict[str, PackSpec]:
    """Pack name -> spec of every pack in `models_dir`, by name.

    Raises:
        ManifestError: one of them is wrong, or is not named after its folder.
    """
    paths = sorted((models_dir / "packs").glob(f"*/{PACK_FILE_NAME}"))
    packs = {path.parent.name: read_toml(path, PackSpec) for path in paths}
    for folder_name, spec in packs.items():
        if spec.name != folder_name:
            raise ManifestError(f"the pack in folder {folder_name!r} calls itself {spec.name!r}")
    return packs


def find_weights(
    manifest: ModelManifest, models_dir: Path, weight_dirs: Sequence[Path]
) -> Path | None:
    """The model's file: beside its manifest, else in the first of `weight_dirs` that has it."""
    candidates = [models_dir / manifest.id / manifest.file, *weight_places(manifest, weight_dirs)]
    return next((path for path in candidates if path.is_file()), None)


def weight_places(manifest: ModelManifest, weight_dirs: Sequence[Path]) -> list[Path]:
    """Where in weight folders the model's file may lie: in a folder named after it, or flat."""
    names = (Path(manifest.id) / manifest.file, Path(manifest.file))
    return [folder / name for folder in weight_dirs for name in names]


def describe_folders(folders: Sequence[Path]) -> str:
    """Name folders that were searched, and which of them do not exist."""
    return ", ".join(
        str(folder) if folder.is_dir() else f"{folder} (no such folder)" for folder in folders
    )


def load_pack(name: str, models_dir: Path, weight_dirs: Sequence[Path] = ()) -> Pack:
    """Find every file of a pack.

    Args:
        name: a pack in `models_dir`.
        models_dir: folder of manifests, see `shipped_models_dir`.
        weight_dirs: more folders to look for weight files in, in this order.

    Raises:
        ManifestError: the pack or one of its manifests is wrong.
        ModelNotFoundError: no such pack, or files are missing (all of them are named).
    """
    packs = list_packs(models_dir)
    if name not in packs:
        raise ModelNotFoundError(
            f"there is no pack {name!r}", advice=f"Packs: {', '.join(packs) or 'none'}."
        )
    spec = packs[name]
    manifests = _manifests_of(spec, models_dir)
    found = [find_weights(manifest, models_dir, weight_dirs) for manifest in manifests]
    missing = [m for m, path in zip(manifests, found, strict=True) if path is None]
    if missing:
        looked_in = describe_folders(weight_dirs) or "no other folder"
        raise ModelNotFoundError(
            f"pack {name!r} lacks {_files_of(missing)} (looked beside the manifests and in "
            f"{looked_in})",
            advice=_ways_to_get(name, missing),
        )
    files = [ModelFiles(m, path) for m, path in zip(manifests, found, strict=True) if path]
    return Pack(
        name=name,
        detector=files[0],
        embedder=files[1],
        pad=tuple(files[2:]),
        certificate_path=models_dir / "packs" / name / CERTIFICATE_FILE_NAME,
    )


def _ways_to_get(name: str, missing: Sequence[ModelManifest]) -> str:
    """What to do about missing files; those without a url cannot come from upstream."""
    published = [m for m in missing if m.provenance.url]
    made = [m for m in missing if m.provenance.made_by]
    unpublished = [m for m in missing if not (m.provenance.url or m.provenance.made_by)]
    ways = ["If you have the files, name their folder in FVS_MODELS or `fvs models import` it."]
    if published:
        ways.append(f"`fvs models pull {name}` fetches {_files_of(published)}.")
    ways += [f"`{m.provenance.made_by}` makes {m.file}." for m in made]
    if unpublished:
        ways.append(
            f"{_files_of(unpublished)}: published nowhere as such, so import a copy or run "
            f"`fvs models pull {name} --mirror DIR|URL`."
        )
    return " ".join(ways)


def _files_of(manifests: Sequence[ModelManifest]) -> str:
    return ", ".join(manifest.file for manifest in manifests)


def _manifests_of(spec: PackSpec, models_dir: Path) -> list[ModelManifest]:
    """The manifests in the order of `model_ids`, each of the task that its role asks for."""
    manifests = [load_manifest(models_dir / model_id) for model_id in spec.model_ids]
    pads: list[Task] = ["pad"] * len(spec.pad)
    tasks: tuple[Task, ...] = ("detect", "embed", *pads)
    for manifest, task in zip(manifests, tasks, strict=True):
        if manifest.task != task:
            raise ManifestError(
                f"pack {spec.name!r} wants {task} from {manifest.id}, whose task is {manifest.task}"
            )
    return manifests
