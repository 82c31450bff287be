"""The card's drawn parts: background lines, emblem, chip, height scale and the SPECIMEN word.

No state emblem is drawn: where the real card has one, a plain rosette stands.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.lettering import Image, ImageDraw, font
from fvs.specimen.layout import CHIP, EMBLEM, PORTRAIT, CardStyle

if TYPE_CHECKING:
    from fvs.records import F32, Pixels

__all__ = ["background", "draw_chip", "draw_emblem", "draw_height_scale", "specimen_mask"]

PAPER_TOP_RGB = (214, 232, 246)
PAPER_BOTTOM_RGB = (246, 236, 222)
LINE_RGBS = ((96, 148, 196), (206, 150, 120))
LINE_PITCH_MM = 0.9
LINE_SHARPNESS = 6.0
"""Higher is finer: a line is where a wave stands above 1 - 1 / sharpness."""

GOLD_RGB = (214, 184, 108)
GOLD_DARK_RGB = (138, 108, 48)
CHIP_RADIUS_MM = 1.2
EMBLEM_RGB = (176, 96, 60)
EMBLEM_PETALS = 12

SCALE_RGB = (70, 70, 80)
SCALE_CM = range(150, 200, 10)
SCALE_TICK_FRACTION = 0.16
"""Length of a height mark over the portrait's width: outside the face."""
SCALE_EM_MM = 1.5

SPECIMEN_TEXT = "SPECIMEN"
SPECIMEN_EM_MM = 17.0


def background(style: CardStyle, rng: np.random.Generator) -> Pixels:
    """Pale paper with two families of waving lines; `rng` sets their phases."""
    width, height = style.size_px
    x, y = _grid_mm(style)
    paper = _blend(PAPER_TOP_RGB, PAPER_BOTTOM_RGB, np.linspace(0, 1, height, dtype=np.float32))
    picture = np.repeat(paper[:, None, :], width, axis=1)
    for rgb in LINE_RGBS:
        phase = rng.uniform(0, 2 * math.pi, 3).astype(np.float32)
        opacity = style.background_opacity * _waving_lines(x, y, phase)[..., None]
        picture += opacity * (np.asarray(rgb, np.float32) - picture)
    return picture.astype(np.uint8)


def _grid_mm(style: CardStyle) -> tuple[F32, F32]:
    width, height = style.size_px
    x = np.arange(width, dtype=np.float32)[None, :] / style.px_per_mm
    y = np.arange(height, dtype=np.float32)[:, None] / style.px_per_mm
    return x, y


def _waving_lines(x_mm: F32, y_mm: F32, phase: F32) -> F32:
    """(H, W) coverage 0 to 1: lines whose level sways along both axes."""
    sway = 2.2 * np.sin(x_mm / 6.0 + phase[0]) + 1.6 * np.sin(x_mm / 2.9 + y_mm / 9.0 + phase[1])
    level = np.sin((y_mm + sway) * (2 * math.pi / LINE_PITCH_MM) + phase[2])
    return np.asarray(np.clip(1 - LINE_SHARPNESS * (1 - level), 0, 1), np.float32)


def _blend(first: tuple[int, ...], second: tuple[int, ...], share: F32) -> F32:
    return np.asarray(first, np.float32) * (1 - share[:, None]) + (
        np.asarray(second, np.float32) * share[:, None]
    )


def draw_chip(draw: ImageDraw.ImageDraw, style: CardStyle) -> None:
    """Gold contacts where ISO/IEC 7816-2 has them."""
    left, top, right, bottom = CHIP.xyxy_px(style.px_per_mm)
    line_px = max(1, round(0.18 * style.px_per_mm))
    radius = CHIP_RADIUS_MM * style.px_per_mm
    draw.rounded_rectangle(
        (left, top, right, bottom), radius, fill=GOLD_RGB, outline=GOLD_DARK_RGB, width=line_px
    )
    third, middle = (right - left) / 3, (left + right) / 2
    for row in (1, 2, 3):
        y = top + row * (bottom - top) / 4
        draw.line((left, y, left + third, y), fill=GOLD_DARK_RGB, width=line_px)
        draw.line((right - third, y, right, y), fill=GOLD_DARK_RGB, width=line_px)
    for x in (left + third, right - third):
        draw.line((x, top, x, bottom), fill=GOLD_DARK_RGB, width=line_px)
    draw.line((middle, top, middle, top + (bottom - top) / 4), fill=GOLD_DARK_RGB, width=line_px)


def draw_emblem(draw: ImageDraw.ImageDraw, style: CardStyle) -> None:
    """A rosette of overlapping rings."""
    left, top, right, bottom = EMBLEM.xyxy_px(style.px_per_mm)
    middle = ((left + right) / 2, (top + bottom) / 2)
    petal = (right - left) / 4
    line_px = max(1, round(0.14 * style.px_per_mm))
    for turn in np.linspace(0, 2 * math.pi, EMBLEM_PETALS, endpoint=False):
        centre = (middle[0] + petal * math.cos(turn), middle[1] + petal * math.sin(turn))
        draw.circle(centre, petal, outline=EMBLEM_RGB, width=line_px)
    draw.circle(middle, petal / 2, fill=EMBLEM_RGB)


def draw_height_scale(draw: ImageDraw.ImageDraw, style: CardStyle) -> None:
    """Marks every 10 cm at both sides of the portrait, numbered on the left."""
    left, top, right, bottom = PORTRAIT.xyxy_px(style.px_per_mm)
    tick = (right - left) * SCALE_TICK_FRACTION
    figures = font(SCALE_EM_MM * style.px_per_mm)
    line_px = max(1, round(0.1 * style.px_per_mm))
    for step, height_cm in enumerate(reversed(SCALE_CM)):
        y = top + (step + 0.6) * (bottom - top) / len(SCALE_CM)
        draw.line((left, y, left + tick, y), fill=SCALE_RGB, width=line_px)
        draw.line((right - tick, y, right, y), fill=SCALE_RGB, width=line_px)
        draw.text((left + line_px, y), str(height_cm), SCALE_RGB, figures, anchor="ls")


@functools.lru_cache(maxsize=4)
def specimen_mask(style: CardStyle) -> F32:
    """(H, W) opacity of the word SPECIMEN, corner to corner and weaker on the portrait.

    Read-only, because it is kept for the next card of the same style.
    """
    width, height = style.size_px
    diagonal_deg = math.degrees(math.atan2(height, width))
    word = Image.new("L", (math.ceil(math.hypot(width, height)), height))
    ImageDraw.Draw(word).text(
        (word.width / 2, height / 2),
        SPECIMEN_TEXT,
        fill=255,
        font=font(SPECIMEN_EM_MM * style.px_per_mm, "bold"),
        anchor="mm",
    )
    turned = word.rotate(diagonal_deg, resample=Image.Resampling.BILINEAR, expand=True)
    x, y = (turned.width - width) // 2, (turned.height - height) // 2
    mask = np.asarray(turned.crop((x, y, x + width, y + height)), np.float32) / np.float32(255)
    left, top, right, bottom = PORTRAIT.xyxy_px(style.px_per_mm)
    on_portrait = mask[top:bottom, left:right] * style.specimen_opacity_on_portrait
    mask *= style.specimen_opacity
    mask[top:bottom, left:right] = on_portrait
    mask.flags.writeable = False
    return mask
