"""What a detector is tried on: evaluation pictures, close-ups, turned pictures, faceless ones."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.detector.scenery import lettering, noise

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F64, U8, Pixels
    from training.detector.sources import Picture, Sources

__all__ = [
    "FACELESS_SAMPLES",
    "close_ups",
    "evaluation_pictures",
    "faceless",
    "heldout_pictures",
]

FACELESS_SAMPLES = (
    "brick.png", "cell.png", "chelsea.png", "chessboard_GRAY.png", "chessboard_RGB.png",
    "clock_motion.png", "coffee.png", "color.png", "grass.png", "gravel.png",
    "horse.png", "hubble_deep_field.jpg", "ihc.png", "logo.png", "microaneurysms.png", "moon.png",
    "motorcycle_left.png", "motorcycle_right.png", "page.png", "phantom.png", "retina.jpg",
    "rocket.jpg", "text.png",
)  # fmt: skip
"""Of scikit-image: those without people. Left out are an astronaut, a photographer, and coins,
which show heads."""

CUT_PX, CUTS = 256, 12
"""Besides whole, each sample is shown in so many random cuts of at most this side."""

MADE = 150
"""Textures and pages of lettering made by chance, of each kind."""


def evaluation_pictures(tar: Path) -> list[Pixels]:
    """The evaluation pictures, RGB, in the order of the file."""
    pictures = []
    with tarfile.open(tar) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".jpg") else None
            if stream is not None:
                pictures.append(_decoded(np.frombuffer(stream.read(), np.uint8)))
    return pictures


def heldout_pictures(sources: Sources, folder: str, count: int) -> list[Picture]:
    """The same held-out pictures every time, spread over a folder of the pool."""
    rows = sources.rows("heldout", folder)
    chosen = rows[:: max(1, len(rows) // count)][:count]
    return [sources.picture(row) for row in chosen.tolist()]


def close_ups(pictures: list[Picture], share: float) -> tuple[list[Pixels], F64]:
    """Square cuts in which the main face's longer side is `share` of the frame, and its boxes.

    Pictures that end within the cut are left out, for a border would tell where the face ends.
    """
    cuts, boxes = [], []
    for picture in pictures:
        box = picture.people.xyxy_px[0]
        side = (box[2:] - box[:2]).max() / share
        low = np.rint((box[:2] + box[2:] - side) / 2).astype(int)
        high = low + round(side)
        height, width = picture.pixels_rgb.shape[:2]
        if low.min() < 0 or high[0] > width or high[1] > height:
            continue
        cut = picture.pixels_rgb[low[1] : high[1], low[0] : high[0]]
        cuts.append(np.ascontiguousarray(cut))
        boxes.append(box - np.tile(low, 2))
    return cuts, np.array(boxes).reshape(-1, 4)


def faceless(samples: Path) -> dict[str, list[Pixels]]:
    """Pictures without faces by kind.

    Args:
        samples: the folder of scikit-image's sample pictures.
    """
    rng = np.random.default_rng(5)
    whole = [_read(samples / name) for name in FACELESS_SAMPLES]
    return {
        "samples": whole,
        "cuts of samples": [_cut(picture, rng) for picture in whole for _ in range(CUTS)],
        "textures": [noise(CUT_PX, rng) for _ in range(MADE)],
        "lettering": [lettering(CUT_PX, rng) for _ in range(MADE)],
    }


def _read(path: Path) -> Pixels:
    return _decoded(np.frombuffer(path.read_bytes(), np.uint8))


def _decoded(content: U8) -> Pixels:
    bgr = cv2.imdecode(content, cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not a picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _cut(picture: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    side = int(min(height, width, CUT_PX) * rng.uniform(0.4, 1))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return np.ascontiguousarray(picture[top : top + side, left : left + side])
