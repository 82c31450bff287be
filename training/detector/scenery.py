"""Pictures without faces that look like something: noise, shapes, lettering, shuffled pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from fvs.records import Pixels
    from training.detector.sources import Picture

__all__ = ["clutter", "lettering", "noise", "shuffled"]

TILE_OF_FACE = 0.45
"""Side of a shuffled tile over that of the face: no tile shows one."""

WORDS = ("SPECIMEN", "Identification Number", "Name", "Date of Birth", "0123456789", "Open", "@")


def clutter(side_px: int, picture: Picture, rng: Generator) -> Pixels:
    """A square of scenery: a base of some kind with shapes and words upon it.

    Args:
        side_px: of the result.
        picture: of which some bases are made; its faces do not survive.
        rng: chance.
    """
    draw = rng.random()
    if draw < 0.45:  # noqa: PLR2004 - share of this base
        canvas = shuffled(picture, side_px, rng)
    elif draw < 0.85:  # noqa: PLR2004 - share of this base
        canvas = noise(side_px, rng)
    else:
        canvas = np.empty((side_px, side_px, 3), np.uint8)
        canvas[:] = rng.integers(0, 256, 3)
    if rng.random() < 0.6:  # noqa: PLR2004 - share with shapes
        _draw_shapes(canvas, int(rng.integers(1, 14)), rng)
    if rng.random() < 0.3:  # noqa: PLR2004 - share with words
        _draw_words(canvas, int(rng.integers(1, 12)), rng)
    return canvas


def shuffled(picture: Picture, side_px: int, rng: Generator) -> Pixels:
    """Tiles of a picture too small to show its face, in random places and turns."""
    box = picture.people.xyxy_px[0]
    tile = int(
        np.clip(TILE_OF_FACE * (box[2:] - box[:2]).min(), 8, min(picture.pixels_rgb.shape[:2]))
    )
    across = -(-side_px // max(tile, side_px // 8))
    shown = -(-side_px // across)
    canvas = np.empty((shown * across, shown * across, 3), np.uint8)
    height, width = picture.pixels_rgb.shape[:2]
    for row in range(across):
        for column in range(across):
            top, left = rng.integers(0, height - tile + 1), rng.integers(0, width - tile + 1)
            cut = picture.pixels_rgb[top : top + tile, left : left + tile]
            cut = np.rot90(cut, int(rng.integers(4)))
            patch = cv2.resize(np.ascontiguousarray(cut), (shown, shown))
            canvas[row * shown :, column * shown :][:shown, :shown] = patch
    return np.ascontiguousarray(canvas[:side_px, :side_px])


def lettering(side_px: int, rng: Generator) -> Pixels:
    """Words in ink on paper."""
    canvas = np.empty((side_px, side_px, 3), np.uint8)
    canvas[:] = rng.integers(150, 256, 3)
    _draw_words(canvas, int(rng.integers(3, 16)), rng)
    return canvas


def noise(side_px: int, rng: Generator) -> Pixels:
    """Noise of one to three scales, each a coarse random grid enlarged, with random stretch."""
    total = np.zeros((side_px, side_px, 3), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        rows, columns = np.exp(rng.uniform(np.log(2), np.log(side_px / 2), 2)).astype(int)
        coloured = rng.random() < 0.6  # noqa: PLR2004 - share in colour
        field = rng.standard_normal((rows, columns, 3 if coloured else 1), np.float32)
        how = cv2.INTER_CUBIC if rng.random() < 0.7 else cv2.INTER_NEAREST  # noqa: PLR2004
        large = cv2.resize(field, (side_px, side_px), interpolation=how)
        total += np.float32(rng.uniform(5, 50)) * large.reshape(side_px, side_px, -1)
    base = rng.integers(20, 236, 3).astype(np.float32)
    return np.asarray(np.clip(total + base, 0, 255), np.uint8)


def _draw_shapes(canvas: Pixels, count: int, rng: Generator) -> None:
    """Ellipses, rectangles, lines and polygons, filled or not; some skin-coloured, with holes."""
    side = canvas.shape[0]
    for _ in range(count):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        w, h = (int(v) for v in np.exp(rng.uniform(np.log(4), np.log(side / 2), 2)))
        skin = rng.random() < 0.3  # noqa: PLR2004 - share
        colour = rng.integers((120, 80, 60), (255, 210, 190)) if skin else rng.integers(0, 256, 3)
        paint = tuple(int(v) for v in colour)
        thickness = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))  # noqa: PLR2004
        shape = int(rng.integers(4))
        if shape == 0:
            cv2.ellipse(
                canvas, (x, y), (w, h), float(rng.uniform(0, 180)), 0, 360, paint, thickness
            )
        elif shape == 1:
            cv2.rectangle(canvas, (x, y), (x + w, y + h), paint, thickness)
        elif shape == 2:  # noqa: PLR2004 - the third shape
            cv2.line(canvas, (x, y), (x + w, y - h), paint, abs(thickness) + 1)
        else:
            corners = rng.integers(0, side, (int(rng.integers(3, 7)), 1, 2), np.int32)
            cv2.fillPoly(canvas, [corners], paint)


def _draw_words(canvas: Pixels, count: int, rng: Generator) -> None:
    side = canvas.shape[0]
    ink = tuple(int(v) for v in rng.integers(0, 256, 3))
    size = float(rng.uniform(0.3, 1.6))
    for line in range(count):
        word = WORDS[int(rng.integers(len(WORDS)))]
        at = (int(rng.integers(-side // 4, side)), int((line + 1) * size * 26) % side)
        font = int(rng.integers(8))
        cv2.putText(canvas, word, at, font, size, ink, int(rng.integers(1, 4)), cv2.LINE_AA)
