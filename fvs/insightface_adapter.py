"""Takes over InsightFace models that no manifest of ours knows yet.

The `insightface` package is asked only what it knows better: which kind of network a file holds,
how it wants its pixels, and how to read its own packages. It is imported when first needed, it
never downloads anything here, and none of it runs when faces are verified.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fvs.errors import ManifestError, MissingExtraError, ModelIntegrityError, UsageError
from fvs.manifest import (
    MANIFEST_FILE_NAME,
    DetectHead,
    EmbedHead,
    Licence,
    ModelManifest,
    PixelInput,
    Provenance,
    to_toml,
)
from fvs.model_store import Identity, problem_with, sha256_of, weights_path, write_verified
from fvs.packs import PACK_FILE_NAME, PackSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import ModuleType

__all__ = ["adopt_folder", "manifest_from_model_zoo", "read_model_package"]

ARCFACE_SIDE_PX = 112
"""Side of the crop that the ArcFace template of five landmarks is drawn in."""

ID_HASH_CHARS = 8
"""Of the file's hash, in the id of a model that has no other name."""

UNKNOWN_LICENCE = Licence(
    spdx="LicenseRef-unknown",
    commercial_use=False,
    notice="Terms unknown: ask whoever gave you the file. InsightFace's own weights are for "
    "non-commercial research only.",
)


def manifest_from_model_zoo(weights: Path) -> ModelManifest | None:
    """Draft the manifest of an InsightFace `.onnx` file from what its graph shows.

    It is a draft: insightface takes every detector's pixels as (RGB - 127.5) / 128 and nearly
    every embedder's as (RGB - 127.5) / 127.5, and a graph cannot say otherwise.

    Returns:
        A draft, or None where the network is neither an SCRFD detector with landmarks nor an
        ArcFace embedder (landmark, age and face-swap networks).

    Raises:
        MissingExtraError: insightface is not installed.
        ModelIntegrityError: the file cannot be opened.
    """
    return _draft(_open_model(weights), weights)


def read_model_package(folder: Path) -> dict[Path, ModelManifest]:
    """Weight file -> manifest of the detector and embedder of an InsightFace package (V2).

    Raises:
        MissingExtraError: insightface is not installed.
        ManifestError: `manifest.json` is missing, malformed, or points outside the folder.
        ModelIntegrityError: a file is missing, has another hash or cannot be opened, or its
            vector has another length than `manifest.json` says.
    """
    package_manifest = _insightface("model_zoo.package_manifest")
    try:
        package = package_manifest.load_model_package(folder)
    except (OSError, TypeError, ValueError) as error:
        raise ManifestError(f"{folder}: {error}") from error
    found = {}
    for task in package.tasks.values():
        if task.task not in (package_manifest.DETECTION_TASK, package_manifest.RECOGNITION_TASK):
            continue
        manifest = _draft(_open_model(task.path, model_descriptor=task), task.path)
        if manifest is None:
            raise ModelIntegrityError(f"{task.path} is no {task.task} network of a known kind")
        _check_dimension(manifest, task.metadata)
        found[task.path] = manifest
    return found


def adopt_folder(folder: Path, destination: Path, known: Iterable[ModelManifest] = ()) -> PackSpec:
    """Make a pack, named after the folder, of an InsightFace model folder.

    Writes weight files, manifests and `packs/<name>/pack.toml` below `destination`; a file that
    one of the `known` manifests describes keeps that manifest.

    Raises:
        MissingExtraError: insightface is not installed.
        UsageError: the folder does not hold exactly one detector and one embedder.
        ManifestError: it has a `manifest.json` that is wrong.
        ModelIntegrityError: a file is not what it seems.
    """
    own = {manifest.sha256: manifest for manifest in known}
    found = {path: own.get(m.sha256, m) for path, m in _manifests_in(folder).items()}
    by_task: dict[str, list[ModelManifest]] = {"detect": [], "embed": []}
    for path, manifest in found.items():
        by_task[manifest.task].append(manifest)
        problem = problem_with(manifest, path)
        if problem:
            raise ModelIntegrityError(problem)
    counts = {task: len(manifests) for task, manifests in by_task.items()}
    if counts != {"detect": 1, "embed": 1}:
        raise UsageError(
            f"{folder} holds {counts['detect']} detectors and {counts['embed']} embedders; "
            "a pack takes one of each"
        )
    for path, manifest in found.items():
        _install(path, manifest, destination)
    return _write_pack(folder.resolve().name, by_task, destination)


def _insightface(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"insightface.{module}")
    except ImportError as error:
        raise MissingExtraError(
            f"insightface cannot be imported: {error}",
            advice="Run: pip install 'face-verification-service[insightface]' and "
            "pip install --no-deps insightface (it asks for opencv-python, which would overwrite "
            "the headless one).",
        ) from error


def _open_model(weights: Path, **options: object) -> Any:  # noqa: ANN401 - insightface is untyped
    """What insightface makes of a file, or None where it knows no such network."""
    if not weights.is_file():
        raise ModelIntegrityError(f"{weights} is not there")
    get_model = _insightface("model_zoo").get_model
    try:
        return get_model(
            str(weights),
            providers=["CPUExecutionProvider"],
            static_shape_sessions=False,
            **options,
        )
    except Exception as error:  # assertions, onnxruntime's and protobuf's own: no common base
        raise ModelIntegrityError(f"insightface cannot open {weights}: {error}") from error


def _draft(model: Any, weights: Path) -> ModelManifest | None:  # noqa: ANN401 - as `_open_model`
    kind = type(model).__name__
    if kind == "SCRFD" and model.use_kps:
        strides = tuple(model._feat_stride_fpn)  # noqa: SLF001 - it has no public name
        head = DetectHead(
            family="scrfd",
            strides_px=strides,
            outputs=tuple(model.output_names),
            anchors_per_cell=model._num_anchors,  # noqa: SLF001 - it has no public name
            score_threshold=float(model.det_thresh),
            nms_iou=float(model.nms_thresh),
        )
        side = model.static_input_size
        pixels = _pixels(model, None if side is None else side[0], multiple_of_px=max(strides))
        return _manifest("detect", weights, pixels, detect=head)
    if kind == "ArcFaceONNX" and model.input_size == (ARCFACE_SIDE_PX, ARCFACE_SIDE_PX):
        blank = np.zeros((ARCFACE_SIDE_PX, ARCFACE_SIDE_PX, 3), np.uint8)
        dimension = int(model.get_feat([blank]).shape[-1])
        embedder = EmbedHead(dimension=dimension, alignment="arcface", output=model.output_names[0])
        return _manifest("embed", weights, _pixels(model, ARCFACE_SIDE_PX), embed=embedder)
    return None


def _pixels(model: Any, size_px: int | None, multiple_of_px: int = 32) -> PixelInput:  # noqa: ANN401 - as `_open_model`
    mean, std = float(model.input_mean), float(model.input_std)
    return PixelInput(
        name=model.input_name,
        channels="rgb",
        mean=(mean, mean, mean),
        std=(std, std, std),
        size_px=size_px,
        multiple_of_px=multiple_of_px,
    )


def _manifest(
    task: Literal["detect", "embed"],
    weights: Path,
    pixels: PixelInput,
    *,
    detect: DetectHead | None = None,
    embed: EmbedHead | None = None,
) -> ModelManifest:
    with weights.open("rb") as stream:
        sha256 = sha256_of(stream)
    stem = re.sub(r"[^a-z0-9]+", "", weights.stem.lower())
    return ModelManifest(
        id=f"{task}-{stem}-{sha256[:ID_HASH_CHARS]}",
        task=task,
        file=re.sub(r"[^A-Za-z0-9._-]", "_", weights.name).lstrip("._-"),
        sha256=sha256,
        size_bytes=weights.stat().st_size,
        summary=f"{weights.name}, as insightface reads it",
        input=pixels,
        licence=UNKNOWN_LICENCE,
        provenance=Provenance(
            source="an InsightFace model folder", commit="unknown", trained_on="unknown"
        ),
        detect=detect,
        embed=embed,
    )


def _check_dimension(manifest: ModelManifest, metadata: Mapping[str, object]) -> None:
    """Refuse a wrong one, which insightface itself does not notice."""
    if manifest.embed is None:
        return
    declared = metadata["embedding_dimension"]
    if manifest.embed.dimension != declared:
        raise ModelIntegrityError(
            f"{manifest.file}: its vectors have {manifest.embed.dimension} elements, "
            f"manifest.json says {declared}"
        )


def _manifests_in(folder: Path) -> dict[Path, ModelManifest]:
    package_manifest = _insightface("model_zoo.package_manifest")
    if package_manifest.has_model_package_manifest(folder):
        return read_model_package(folder)
    drafts = {path: manifest_from_model_zoo(path) for path in sorted(folder.glob("*.onnx"))}
    return {path: draft for path, draft in drafts.items() if draft is not None}


def _install(path: Path, manifest: ModelManifest, destination: Path) -> None:
    target = weights_path(destination, manifest)
    with path.open("rb") as stream:
        write_verified(stream, target, Identity.of(manifest))
    (target.parent / MANIFEST_FILE_NAME).write_text(to_toml(manifest), encoding="utf-8")


def _write_pack(
    name: str, by_task: Mapping[str, list[ModelManifest]], destination: Path
) -> PackSpec:
    spec = PackSpec(
        name=name,
        summary="Adopted from an InsightFace model folder: its error rates are unknown, no PAD",
        detector=by_task["detect"][0].id,
        embedder=by_task["embed"][0].id,
    )
    folder = destination / "packs" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PACK_FILE_NAME).write_text(to_toml(spec), encoding="utf-8")
    return spec
