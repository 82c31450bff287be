"""What stands around an artefact: a room, things in it, the hand that holds it, reflections."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import blur, resize, resize_field, smooth_field, warp_perspective
from fvs.specimen.degradation import desk
from fvs.specimen.presentation.view import View, draw, look

if TYPE_CHECKING:
    from fvs.records import F32, Pixels
    from fvs.specimen.presentation.view import Box, Plane

__all__ = ["add_fingers", "add_objects", "add_reflection", "add_sheen", "flat_patch", "room"]

WHITE = np.float32(255.0)

MOST_OBJECTS = 3

BLURRED_PX = 20
"""Side to which a room is reduced and enlarged again to be out of focus."""

FINGER_WIDTH = 0.16
"""Over the face's width on an artefact that shows it about life-size."""


def room(frame_wh_px: tuple[int, int], picture_rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """A background: a wall with soft blotches, a desk, or the picture itself out of focus."""
    width, height = frame_wh_px
    kind = rng.random()
    if kind < 0.1:  # noqa: PLR2004 - share
        return desk(frame_wh_px, rng)
    if kind < 0.4:  # noqa: PLR2004 - share
        coarse = resize(np.ascontiguousarray(picture_rgb[:, ::-1]), BLURRED_PX, BLURRED_PX)
        spread = resize(blur(coarse, 1.0), width, height)
        return add_objects(spread, rng)
    cells = rng.normal(0, draw(rng, (3, 40)), (int(rng.integers(2, 6)), int(rng.integers(2, 6)), 1))
    tints = rng.normal(0, 8, (*cells.shape[:2], 3))
    levels = rng.uniform(20, 235) + rng.normal(0, 12, 3) + cells + tints
    wall = resize_field(levels.astype(np.float32), width, height)
    return add_objects(np.clip(wall, 0, WHITE).astype(np.uint8), rng)


def add_objects(scene_rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """Up to three posters, doors or shelves: straight edges that are no artefact's."""
    height, width = scene_rgb.shape[:2]
    for _ in range(int(rng.integers(0, MOST_OBJECTS + 1))):
        patch = flat_patch(rng)
        wide = width * draw(rng, (0.1, 0.6)) / patch.shape[1]
        place = width * draw(rng, (-0.1, 1.1)), height * draw(rng, (-0.1, 1.1))
        middle = patch.shape[1] / 2, patch.shape[0] / 2
        view = look(middle, wide, (0, 0, draw(rng, (-8, 8))), (width, height), place)
        scene_rgb = warp_perspective(patch, view.to_frame, scene_rgb)
    return scene_rgb


def flat_patch(rng: np.random.Generator) -> Pixels:
    """A rectangle of one colour with a gradient: a door, a poster, a shelf."""
    wh = rng.integers(16, 64, 2)
    corners = rng.uniform(0, 255, 3) + rng.normal(0, 12, (2, 2, 3))
    patch = resize_field(corners.astype(np.float32), int(wh[0]), int(wh[1]))
    return np.clip(patch, 0, WHITE).astype(np.uint8)


def add_fingers(scene_rgb: Pixels, view: View, plane: Plane, rng: np.random.Generator) -> Pixels:
    """One to three fingertips over the artefact's left, right or lower edge."""
    face = plane.face_xyxy_px
    skin = _skin(plane.pixels_rgb, face) * draw(rng, (0.75, 1.15))
    height, width = plane.pixels_rgb.shape[:2]
    side = rng.integers(0, 3)
    y, x = np.ogrid[: scene_rgb.shape[0], : scene_rgb.shape[1]]
    size = FINGER_WIDTH * (view.follow(face)[2] - view.follow(face)[0]) * draw(rng, (0.7, 1.4))
    along = draw(rng, (0.25, 0.8))
    shade = np.zeros(scene_rgb.shape[:2], np.float32)
    for index in range(int(rng.integers(1, 4))):
        step = along + index * 0.09
        edge = {0: (0, step * height), 1: (width, step * height), 2: (step * width, height)}[
            int(side)
        ]
        tip = view.to_frame @ np.array([*edge, 1.0])
        tip_x, tip_y = tip[:2] / tip[2]
        long, short = (1.6 * size, 0.5 * size) if side < 2 else (0.5 * size, 1.6 * size)  # noqa: PLR2004 - left, right
        shade = np.maximum(shade, ((x - tip_x) / long) ** 2 + ((y - tip_y) / short) ** 2 < 1)
    share = smooth_field(np.asarray(shade, np.float32), max(0.6, size / 20))[..., None]
    mixed = scene_rgb + share * (skin.astype(np.float32) - scene_rgb)
    return np.clip(mixed, 0, WHITE).astype(np.uint8)


def _skin(pixels: Pixels, face: Box) -> F32:
    """(3,) median colour of the middle of the face."""
    left, top, right, bottom = face
    third, down = (right - left) / 3, (bottom - top) / 3
    rows = slice(max(0, round(top + down)), max(1, round(bottom - down)))
    columns = slice(max(0, round(left + third)), max(1, round(right - third)))
    inner = pixels[rows, columns].reshape(-1, 3)
    return np.asarray(np.median(inner if len(inner) else pixels.reshape(-1, 3), axis=0), np.float32)


def add_sheen(levels: F32, cover: F32, strength: float, rng: np.random.Generator) -> F32:
    """A glossy surface's reflection of a lamp: one soft band across the artefact.

    Args:
        levels: (H, W, 3) picture, 0 to 255.
        cover: (H, W) share of each pixel that the artefact covers.
        strength: share of white at the band's middle.
        rng: decides where it lies.
    """
    height, width = levels.shape[:2]
    angle = draw(rng, (0, math.pi))
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    across = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    from_middle = (across - np.float32(draw(rng, (-0.4, 0.4)))) / np.float32(draw(rng, (0.04, 0.3)))
    band = np.float32(strength) * np.exp(-(from_middle**2)) * cover
    return np.asarray(levels + band[..., None] * (WHITE - levels), np.float32)


def add_reflection(levels: F32, cover: F32, strength: float, rng: np.random.Generator) -> F32:
    """A glass front's reflection of the room: a bright window or lamp, and blotches.

    Light is added, which lifts the dark parts most visibly.
    """
    height, width = levels.shape[:2]
    blotches = rng.uniform(0, 90, (4, 4, 3)) * rng.uniform(0, 1, (4, 4, 1))
    mirrored = resize_field(blotches.astype(np.float32), width, height)
    if rng.random() < 0.6:  # noqa: PLR2004 - share
        window = np.zeros((height, width), np.float32)
        top, left = draw(rng, (-0.1, 0.8)) * height, draw(rng, (-0.1, 0.8)) * width
        rows = slice(max(0, int(top)), int(top + draw(rng, (0.1, 0.5)) * height))
        columns = slice(max(0, int(left)), int(left + draw(rng, (0.08, 0.4)) * width))
        window[rows, columns] = 220
        mirrored += smooth_field(window, 0.4 + draw(rng, (0, 0.03)) * width)[..., None]
    return levels + np.float32(strength) * mirrored * cover[..., None]
