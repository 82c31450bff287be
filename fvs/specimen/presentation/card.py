"""The portrait of an ID card held to the camera, or cropped from a picture of the card.

A light stand-in for `fvs.specimen.render`, which sets a whole card with text: near the portrait a
camera sees its edges, guilloche lines across it, rows of print beside it, and a laminate's glare.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import resize
from fvs.specimen.presentation.camera import draw_camera, shoot
from fvs.specimen.presentation.prints import Paper, ink_on_scene
from fvs.specimen.presentation.surroundings import room
from fvs.specimen.presentation.view import Plane, crop_around, draw, filling, held_up

if TYPE_CHECKING:
    from fvs.records import F32, Pixels
    from fvs.specimen.presentation.view import Box, Range

__all__ = ["IdCard", "card_plane", "hold_card"]

WHITE = 255.0

PORTRAIT_WIDTH_MM = 25.0
CARD_OVER_PORTRAIT = (2.6, 1.75)
"""Width and height of what is drawn of the card over the portrait's; the rest is never seen."""

DYE = Paper(
    face_mm=(12, 16),
    lines_per_inch=(250, 320),
    dot_swing=(0.05, 0.3),
    sensor_over_frame=(1.0, 2.0),
    sheen=(0.0, 0.6),
)
"""A dye-sublimation or laser-engraved portrait under a laminate."""


@dataclass(frozen=True, kw_only=True)
class IdCard:
    """A card's portrait as the artefact.

    Attributes:
        fills_frame: only the portrait is seen, as when it is cropped from a picture of the card.
        portrait_over_face: width of the portrait over the face's.
        contrast: of the portrait.
        saturation: of the portrait; some cards are engraved in grey.
        line_depth: swing of the guilloche in 8-bit levels.
        hologram: strength of the rainbow patch.
    """

    fills_frame: bool = False
    portrait_over_face: Range = (1.45, 2.0)
    contrast: Range = (0.65, 0.95)
    saturation: Range = (0.0, 0.9)
    line_depth: Range = (4, 22)
    hologram: Range = (0.0, 0.35)


def hold_card(
    card: IdCard, picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """Photograph a card's portrait from near; arguments and result as `prints.hold_paper`."""
    plane = card_plane(card, picture_rgb, face, rng)
    view = (filling if card.fills_frame else held_up)(plane, scale, 5.0, rng)
    shown = view.lay(plane, room(view.frame_wh_px, picture_rgb, rng))
    levels = ink_on_scene(shown, plane, view, DYE, rng)
    strength = draw(rng, card.hologram)
    levels = _hologram(levels, strength, rng) if rng.random() < 0.4 else levels  # noqa: PLR2004
    pixels = np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)
    box = view.follow(plane.face_xyxy_px)
    return shoot(pixels, draw_camera(rng, box[2] - box[0]), rng), box


def card_plane(card: IdCard, picture_rgb: Pixels, face: Box, rng: np.random.Generator) -> Plane:
    """The part of a card around its portrait."""
    portrait, inner = crop_around(picture_rgb, face, draw(rng, card.portrait_over_face))
    height, width = portrait.shape[:2]
    levels = portrait.astype(np.float32)
    saturation = draw(rng, card.saturation) if rng.random() < 0.7 else 0.0  # noqa: PLR2004 - share
    levels = levels * saturation + levels.mean(axis=2, keepdims=True) * (1 - saturation)
    contrast = draw(rng, card.contrast)
    levels = (levels - WHITE / 2) * contrast + draw(rng, (128, 160))
    ground = _ground(
        round(CARD_OVER_PORTRAIT[0] * width), round(CARD_OVER_PORTRAIT[1] * height), rng
    )
    left = round(draw(rng, (0.05, CARD_OVER_PORTRAIT[0] - 1.05)) * width)
    top = round(draw(rng, (0.2, CARD_OVER_PORTRAIT[1] - 1.1)) * height)
    ground[top : top + height, left : left + width] = levels
    ground += _guilloche((ground.shape[0], ground.shape[1]), width, draw(rng, card.line_depth), rng)
    moved = inner[0] + left, inner[1] + top, inner[2] + left, inner[3] + top
    shown = float(left), float(top), float(left + width), float(top + height)
    pixels = np.clip(ground, 0, WHITE).astype(np.uint8)
    return Plane(pixels, moved, PORTRAIT_WIDTH_MM / width, shown)


def _ground(width: int, height: int, rng: np.random.Generator) -> F32:
    """(H, W, 3) pale colours with rows of dark print."""
    corners = np.clip(rng.normal(215, 18, (2, 2, 3)), 120, 255).astype(np.uint8)
    ground = resize(corners, width, height).astype(np.float32)
    y, row = draw(rng, (0.02, 0.1)) * height, draw(rng, (0.03, 0.07)) * height
    while y < height:
        x = draw(rng, (0, 0.2)) * width
        while x < width:
            end = x + draw(rng, (0.01, 0.05)) * width
            ground[int(y) : int(y + row * 0.6), int(x) : int(end)] *= draw(rng, (0.15, 0.5))
            x = end + draw(rng, (0.004, 0.06)) * width
        y += row * draw(rng, (1.2, 2.5))
    return ground


def _guilloche(
    shape: tuple[int, int], portrait_px: int, depth: float, rng: np.random.Generator
) -> F32:
    """(H, W, 3) fine wavy lines, over the portrait as well."""
    y = np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(portrait_px)
    x = np.arange(shape[1], dtype=np.float32)[None, :] / np.float32(portrait_px)
    lines = np.zeros(shape, np.float32)
    for _ in range(2):
        waves, tilt = draw(rng, (1, 4)), draw(rng, (-1, 1))
        bent = (
            y
            + np.float32(tilt) * x
            + np.float32(0.08) * np.sin(2 * math.pi * np.float32(waves) * x)
        )
        lines += np.cos(2 * math.pi * np.float32(draw(rng, (12, 30))) * bent)
    tint = rng.uniform(0.2, 1, 3).astype(np.float32)
    return -np.float32(depth / 2) * np.maximum(lines, 0)[..., None] * tint


def _hologram(levels: F32, strength: float, rng: np.random.Generator) -> F32:
    """A diffractive patch: a soft disc of rainbow colours."""
    height, width = levels.shape[:2]
    y = np.linspace(0, height / width, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    middle_x, middle_y = draw(rng, (0.2, 0.8)), draw(rng, (0.2, 0.8)) * height / width
    disc = np.exp(-((x - middle_x) ** 2 + (y - middle_y) ** 2) / (2 * draw(rng, (0.08, 0.25)) ** 2))
    hue = 2 * math.pi * (np.float32(draw(rng, (1, 4))) * x + np.float32(draw(rng, (1, 4))) * y)
    thirds = np.array([0, 2 * math.pi / 3, 4 * math.pi / 3], np.float32)
    rainbow = 0.5 + 0.5 * np.cos(hue[..., None] + thirds)
    return np.asarray(levels + strength * disc[..., None] * (WHITE * rainbow - levels), np.float32)
