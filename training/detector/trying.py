"""Detectors tried: the engine's stages on pictures in memory, and what is reported of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fvs.choose import choose_faces
from fvs.detect import FaceSearch, detect_faces
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.records import Faces
from fvs.refine import refine_faces
from fvs.status import Role
from training.detector.prepare import as_images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.records import F64, Pixels

__all__ = [
    "FIRST_LOOK",
    "OURS",
    "PLAN",
    "SAME_FACE_IOU",
    "Found",
    "Report",
    "find",
    "open_model",
    "quantiles",
]

OURS = "detect-fvs-202611"

SAME_FACE_IOU = 0.5

CHUNK = 32

PLAN = FaceSearch()
FIRST_LOOK = FaceSearch(steps=PLAN.steps[:1])


@dataclass(frozen=True)
class Found:
    """All faces of some pictures, the chosen one of each, and the same refined."""

    everyone: Faces
    chosen: Faces
    refined: Faces


@dataclass
class Report:
    """Numbers by name, and the lines of Markdown that show them."""

    numbers: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a Markdown table."""
        rule = ["---", *("---:" for _ in head[1:])]
        self.lines += ["", *("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)), ""]


def open_model(model_id: str, folder: Path) -> Network:
    """A shipped manifest with its weights from a folder, on one thread."""
    manifest = load_manifest(shipped_models_dir() / model_id)
    return Network(manifest, folder / manifest.file, Runtime(intra_op_threads=1))


def find(pictures: Sequence[Pixels], network: Network, search: FaceSearch = PLAN) -> Found:
    """The engine's stages from pixels to refined landmarks."""
    parts: list[list[Faces]] = [[], [], []]
    for start in range(0, len(pictures), CHUNK):
        images = as_images(pictures[start : start + CHUNK])
        everyone = detect_faces(images, network, search)
        chosen = choose_faces(everyone, images, Role.SELFIE)
        refined = refine_faces(images, chosen, network)
        for part, faces in zip(parts, (everyone, chosen, refined), strict=True):
            part.append(replace(faces, image_index=faces.image_index + start))
    return Found(*(Faces.concatenate(part) for part in parts))


def quantiles(errors: F64) -> dict[str, float]:
    """Number, median, 95th percentile and mean."""
    return {
        "n": len(errors),
        "median": float(np.median(errors)),
        "p95": float(np.quantile(errors, 0.95)),
        "mean": float(errors.mean()),
    }
