"""Finds dlib's network on this machine and puts it, as ONNX, into a model folder."""

from __future__ import annotations

import io
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.dlib_import.graph import to_onnx
from fvs.dlib_import.resnet import read_resnet
from fvs.errors import MissingExtraError, UsageError
from fvs.model_import import ImportReport
from fvs.model_store import Identity, weights_path, write_verified
from fvs.onnx_storage import store_as_float16

if TYPE_CHECKING:
    from fvs.manifest import ModelManifest
    from fvs.model_import import FindGood

__all__ = ["MODEL_ID", "convert", "import_dlib", "locate_weights"]

MODEL_ID = "embed-dlibresnet-201702"

DISTRIBUTION = "face_recognition_models"
FILE_NAME = "dlib_face_recognition_resnet_model_v1.dat"


def locate_weights() -> Path:
    """The file that the package face_recognition_models carries.

    The package is not imported, since it needs `pkg_resources`, which newer setuptools lack.

    Raises:
        MissingExtraError: the package is not installed, or its file is gone.
    """
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    paths = [Path(str(file.locate())) for file in files if file.name == FILE_NAME]
    if not paths or not paths[0].is_file():
        raise MissingExtraError(
            f"{FILE_NAME} is not installed",
            advice='Run: pip install "face-verification-service[dlib]" (about 100 MB), or name a '
            "copy of the file with --file.",
        )
    return paths[0]


def convert(source: Path) -> bytes:
    """The ONNX file, with its weights stored as float16: the same bytes on every machine.

    Args:
        source: dlib's file.

    Raises:
        UsageError: the file is not there.
        ModelIntegrityError: it is not dlib's face recognition network.
        MissingExtraError: `onnx` is not installed.
    """
    if not source.is_file():
        raise UsageError(f"{source} is not there")
    with source.open("rb") as stream:
        network = read_resnet(stream, source.name)
    content: bytes = store_as_float16(to_onnx(network)).SerializeToString(deterministic=True)
    return content


def import_dlib(
    source: Path | None, manifest: ModelManifest, destination: Path, find_good: FindGood
) -> ImportReport:
    """Write dlib's network to `destination/<model id>/<file>`, unless it is there already.

    Args:
        source: dlib's file; None for the one that is installed.
        manifest: of `MODEL_ID`.
        destination: a weight folder; made where it is missing.
        find_good: the model's good file where there is one, which makes the import needless.

    Raises:
        MissingExtraError: the file or the package `onnx` is not installed.
        UsageError: `source` is not there.
        ModelIntegrityError: `source` is another file, or its weights are others.
        OSError: the file system refuses.
    """
    there = find_good(manifest)
    if there is not None:
        return ImportReport(present={manifest.id: there})
    target = weights_path(destination, manifest)
    content = convert(locate_weights() if source is None else source)
    write_verified(io.BytesIO(content), target, Identity.of(manifest))
    return ImportReport(installed={manifest.id: target})
