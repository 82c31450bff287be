"""Weight files on disk: what is known, what is there, and how a file gets there whole or not."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fvs.errors import DeploymentError, ModelIntegrityError, ModelNotFoundError
from fvs.network import Network, Runtime
from fvs.packs import find_weights, list_manifests, list_packs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.manifest import ModelManifest
    from fvs.packs import PackSpec

__all__ = [
    "SHOWN_HASH_CHARS",
    "Catalogue",
    "Identity",
    "holds",
    "holds_weights",
    "models_table",
    "problem_with",
    "read_catalogue",
    "sha256_of",
    "weights_path",
    "write_verified",
]

CHUNK_BYTES = 1 << 20
"""Read and written at once: large enough for a disk, small enough for any memory."""

BYTES_PER_MB = 1e6

SHOWN_HASH_CHARS = 12
"""Of a hash where people see it: enough to tell files apart."""


class Readable(Protocol):
    """What bytes are copied from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(frozen=True)
class Identity:
    """Which bytes a file must hold."""

    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, manifest: ModelManifest) -> Identity:
        """The bytes of a model's weight file."""
        return cls(manifest.sha256, manifest.size_bytes)

    @classmethod
    def of_archive(cls, manifest: ModelManifest) -> Identity:
        """The bytes of the archive that a model's weight file is published in."""
        provenance = manifest.provenance
        return cls(provenance.archive_sha256, provenance.archive_size_bytes)


@dataclass(frozen=True)
class Catalogue:
    """Every model and pack that is known, wherever its manifest lies.

    Attributes:
        manifests: by model id.
        packs: by name.
        homes: model id -> the folder that holds its manifest's folder.
        weight_dirs: more folders to look for weight files in.
    """

    manifests: dict[str, ModelManifest]
    packs: dict[str, PackSpec]
    homes: dict[str, Path]
    weight_dirs: tuple[Path, ...]

    def models_of(self, name: str) -> tuple[ModelManifest, ...]:
        """The models of a pack, or the one model of that id.

        Raises:
            ModelNotFoundError: there is neither, or a pack names a model that has no manifest.
        """
        ids = self.packs[name].model_ids if name in self.packs else (name,)
        unknown = [model_id for model_id in ids if model_id not in self.manifests]
        if unknown:
            raise ModelNotFoundError(
                f"there is no pack or model {', '.join(map(repr, unknown))}",
                advice="`fvs models list` names them all.",
            )
        return tuple(self.manifests[model_id] for model_id in ids)

    def packs_of(self, model_id: str) -> tuple[str, ...]:
        """Names of the packs that a model is in."""
        return tuple(name for name, spec in self.packs.items() if model_id in spec.model_ids)

    def find(self, manifest: ModelManifest) -> Path | None:
        """The model's weight file, or None."""
        return find_weights(manifest, self.homes[manifest.id], self.weight_dirs)


def read_catalogue(models_dirs: Sequence[Path], weight_dirs: Sequence[Path]) -> Catalogue:
    """Read every manifest and pack; where two folders have the same name the first wins.

    Raises:
        ManifestError: one of them is wrong.
    """
    manifests: dict[str, ModelManifest] = {}
    packs: dict[str, PackSpec] = {}
    homes: dict[str, Path] = {}
    for folder in models_dirs:
        for model_id, manifest in list_manifests(folder).items():
            if manifests.setdefault(model_id, manifest) is manifest:
                homes[model_id] = folder
        for name, spec in list_packs(folder).items():
            packs.setdefault(name, spec)
    return Catalogue(manifests, packs, homes, tuple(weight_dirs))


def weights_path(folder: Path, manifest: ModelManifest) -> Path:
    """Where a model's weight file belongs in a weight folder."""
    return folder / manifest.id / manifest.file


def holds(path: Path, expected: Identity) -> bool:
    """Whether a file is there and has exactly the bytes expected."""
    if not path.is_file() or path.stat().st_size != expected.size_bytes:
        return False
    with path.open("rb") as stream:
        return sha256_of(stream) == expected.sha256


def holds_weights(path: Path | None, manifest: ModelManifest) -> bool:
    """Whether a path is given and has the model's bytes."""
    return path is not None and holds(path, Identity.of(manifest))


def sha256_of(source: Readable) -> str:
    """Hexadecimal hash of all bytes that are still to come."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def write_verified(source: Readable, target: Path, expected: Identity) -> None:
    """Copy bytes into place: afterwards `target` is what was expected, or as it was before.

    No more than the expected size is read, whatever `source` claims to hold.

    Raises:
        ModelIntegrityError: the bytes are not the expected ones.
        OSError: the file system refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        got = _copy_hashed(source, draft, limit_bytes=expected.size_bytes + 1)
        if got != expected:
            raise ModelIntegrityError(
                f"{target.name}: these are other bytes (got {got.size_bytes} bytes with sha256 "
                f"{got.sha256[:SHOWN_HASH_CHARS]}…, expected {expected.size_bytes} with "
                f"{expected.sha256[:SHOWN_HASH_CHARS]}…)"
            )
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _copy_hashed(source: Readable, draft: Path, limit_bytes: int) -> Identity:
    digest = hashlib.sha256()
    size = 0
    with draft.open("xb") as stream:
        while size < limit_bytes:
            chunk = source.read(min(CHUNK_BYTES, limit_bytes - size))
            if not chunk:
                break
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return Identity(digest.hexdigest(), size)


def problem_with(manifest: ModelManifest, weights: Path) -> str:
    """What is wrong with a weight file: hashed, opened and run once; empty when it is good."""
    try:
        Network(manifest, weights, Runtime())
    except DeploymentError as error:
        return str(error)
    return ""


def models_table(catalogue: Catalogue) -> str:
    """A Markdown table of every model, for people who choose one."""
    rows = [
        "| model | task | packs | file | MB | licence | commercial use |",
        "|---|---|---|---|--:|---|---|",
    ]
    for model_id, manifest in catalogue.manifests.items():
        packs = ", ".join(catalogue.packs_of(model_id))
        size = f"{manifest.size_bytes / BYTES_PER_MB:.1f}"
        allowed = "yes" if manifest.licence.commercial_use else "**no**"
        rows.append(
            f"| [{model_id}]({model_id}/model.toml) | {manifest.task} | {packs} "
            f"| `{manifest.file}` | {size} | {manifest.licence.spdx} | {allowed} |"
        )
    return "\n".join(rows) + "\n"
