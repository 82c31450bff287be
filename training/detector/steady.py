"""Step 2: steadier landmarks: the reference's answers to several views of a face, averaged.

`python -m training.detector.steady --shared ../shared --faces RUNS/faces`

Refined or not, the reference puts the landmarks of a picture and of its mirror image 7.6 % of the
inter-eye distance apart (median of 180 held-out pictures). A mean over views has no such whims.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.detect_heads import decode, suppress_overlaps
from fvs.geometry import ARCFACE_TEMPLATE_112, TEMPLATE_SIDE_PX, similarity_transforms
from training.detector.prepare import open_reference
from training.detector.sources import MIRRORED, Sources

if TYPE_CHECKING:
    from numpy.random import Generator

    from fvs.network import Network
    from fvs.records import F64, Pixels

__all__ = ["VIEWS", "main", "steady_landmarks"]

LOGGER = logging.getLogger(__name__)

SIDE_PX, FACE_SHARE = 128, 0.75
"""The view of `fvs.refine`, which is varied here."""

VIEWS = 8
"""Half of them mirrored."""

ROLL_DEG, ZOOM_LOG, SHIFT_PX = 6.0, 0.08, 3.0
"""Standard deviations of the views."""

FAR_SHARE = 0.25
"""A view's answer whose mean distance from the rest's is more of the inter-eye distance is left
out: it is another face's."""

LEAST_VIEWS = 4


def main() -> None:
    """Rewrite the landmarks in `faces.npz`; those of too few views stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--faces", type=Path, required=True, help="what prepare wrote")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    detector = open_reference(args.shared / "models")
    rng = np.random.default_rng(1)
    sources = Sources.open(args.faces)
    with np.load(args.faces / "faces.npz") as archive:
        arrays = dict(archive)
    moved = np.zeros(len(arrays["ok"]))
    for row in np.flatnonzero(arrays["ok"]):
        pixels = sources.picture(int(arrays["picture"][row])).pixels_rgb
        before = arrays["landmarks_px"][row].astype(np.float64)
        after = steady_landmarks(pixels, before, detector, rng)
        eyes = np.linalg.norm(before[1] - before[0])
        moved[row] = np.linalg.norm(after - before, axis=1).mean() / eyes
        arrays["landmarks_px"][row] = after
    np.savez(args.faces / "faces.npz", **arrays)
    LOGGER.info("moved by %.3f of the inter-eye distance (median)", np.median(moved[moved > 0]))


def steady_landmarks(
    picture_rgb: Pixels, landmarks_px: F64, detector: Network, rng: Generator
) -> F64:
    """(5, 2) mean of what the detector says to views that differ in turn, size and place.

    Args:
        picture_rgb: (H, W, 3) uint8.
        landmarks_px: (5, 2) first estimate, which is returned where too few views agree.
        detector: of the YuNet family.
        rng: chance.
    """
    head = detector.manifest.detect
    maps = [_view(landmarks_px, index % 2 == 1, rng) for index in range(VIEWS)]
    if head is None or not np.isfinite(maps).all():
        return landmarks_px
    size = (SIDE_PX, SIDE_PX)
    canvases = np.stack([cv2.warpAffine(picture_rgb, matrix, size) for matrix in maps])
    found = suppress_overlaps(
        decode(detector.run(canvases.astype(np.uint8)), head, SIDE_PX), head.nms_iou
    )
    _, first = np.unique(found.image_index, return_index=True)
    answers = []
    for row in first:
        index = int(found.image_index[row])
        points = found.landmarks_px[row].astype(np.float64)
        points = points[MIRRORED] if index % 2 == 1 else points
        linear, shift = maps[index][:, :2], maps[index][:, 2]
        answers.append(np.linalg.solve(linear, (points - shift).T).T)
    return _agreed(np.array(answers).reshape(-1, 5, 2), landmarks_px)


def _agreed(answers: F64, otherwise: F64) -> F64:
    """Mean of the answers that are near their median."""
    if len(answers) < LEAST_VIEWS:
        return otherwise
    middle = np.median(answers, axis=0)
    eyes = np.linalg.norm(middle[1] - middle[0])
    near = np.linalg.norm(answers - middle, axis=2).mean(axis=1) <= FAR_SHARE * eyes
    if near.sum() < LEAST_VIEWS:
        return otherwise
    return np.asarray(answers[near].mean(axis=0))


def _view(landmarks_px: F64, mirrored: bool, rng: Generator) -> F64:  # noqa: FBT001 - one of a pair
    """(2, 3) map of the picture to a view of the face, upright but for chance."""
    template = (ARCFACE_TEMPLATE_112 / TEMPLATE_SIDE_PX - 0.5) * FACE_SHARE * SIDE_PX
    upright = similarity_transforms(landmarks_px[None], template)[0]
    angle = np.deg2rad(rng.normal(0, ROLL_DEG))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn *= np.exp(rng.normal(0, ZOOM_LOG))
    if mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    shift = (SIDE_PX - 1) / 2 + rng.normal(0, SHIFT_PX, 2)
    return np.column_stack([turn @ upright[:, :2], turn @ upright[:, 2] + shift])


if __name__ == "__main__":
    main()
