"""Step 6: scores for `[detect]` in the manifest, from held-out pool pictures and their cards.

`python -m training.detector.thresholds --faces RUNS/faces --model MODEL_FOLDER`
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.detect import FaceSearch, detect_faces
from fvs.engine import FACE_SEARCHES
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.raster import quarter_turn
from fvs.refine import refine_faces
from fvs.specimen import degrade
from fvs.specimen.conditions import FLATBED_SCAN, OFFICE_DESK, WORN_CARD_UNDER_LAMP
from fvs.status import Role
from training.detector.cards import card_of
from training.detector.prepare import as_images
from training.detector.sources import Sources
from training.detector.trials import heldout_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32, Pixels

__all__ = ["best_scores", "main", "refined_scores"]

PICTURES = 150
"""Of each folder of the pool."""

CARDS = 120

FOLDERS = ("lfw", "web", "aaf", "utk")

FIRST_LOOK = FaceSearch(steps=FaceSearch().steps[:1])
FIRST_LOOK_AT_CARD = FaceSearch(steps=FACE_SEARCHES[Role.CARD].steps[:1])

QUANTILES = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)

CHUNK = 32


def best_scores(pictures: Sequence[Pixels], network: Network, search: FaceSearch) -> F32:
    """(N,) score of each picture's surest detection, 0 where there is none."""
    best = np.zeros(len(pictures), np.float32)
    for start in range(0, len(pictures), CHUNK):
        faces = detect_faces(as_images(pictures[start : start + CHUNK]), network, search)
        np.maximum.at(best, start + faces.image_index, faces.detection_score)
    return best


def refined_scores(pictures: Sequence[Pixels], network: Network) -> F32:
    """Scores of all faces after refinement."""
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(pictures), CHUNK):
        images = as_images(pictures[start : start + CHUNK])
        faces = refine_faces(images, detect_faces(images, network), network)
        _, first = np.unique(faces.image_index, return_index=True)
        parts.append(faces.detection_score[first])
    return np.concatenate(parts)


def main() -> None:
    """Print quantiles of upright, turned and refined scores, of pictures and cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--model", type=Path, required=True, help="folder of the detector")
    parser.add_argument("--weights", type=Path, help="folder of its weights, where elsewhere")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    manifest = load_manifest(args.model)
    weights = (args.weights or args.model) / manifest.file
    network = Network(manifest, weights, Runtime(intra_op_threads=1))
    sources = Sources.open(args.faces)
    people = [p for folder in FOLDERS for p in heldout_pictures(sources, folder, PICTURES)]
    pictures = [picture.pixels_rgb for picture in people]
    rng = np.random.default_rng(3)
    conditions = (OFFICE_DESK, WORN_CARD_UNDER_LAMP, FLATBED_SCAN)
    cards = [
        degrade(card_of(people[int(row)], rng)[0], conditions[index % len(conditions)], seed=index)
        for index, row in enumerate(rng.choice(len(people), CARDS, replace=False))
    ]
    for name, some, search in (
        ("pictures", pictures, FIRST_LOOK), ("cards", cards, FIRST_LOOK_AT_CARD),
    ):  # fmt: skip
        for turns in range(4):
            turned = [quarter_turn(picture, turns) for picture in some]
            _show(f"{name}, {turns} quarters", best_scores(turned, network, search))
    _show("pictures, refined", refined_scores(pictures, network))


def _show(name: str, scores: F32) -> None:
    low = ", ".join(f"{q:g}: {np.quantile(scores, q):.3f}" for q in QUANTILES)
    high = ", ".join(f"{np.quantile(scores, 1 - q):.3f}" for q in (0.05, 0.01, 0))
    sys.stdout.write(f"{name} ({len(scores)}): {low}; highest 5 %, 1 %, all: {high}\n")


if __name__ == "__main__":
    main()
