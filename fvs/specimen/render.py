"""A specimen of the Thai national ID card's front, with any portrait, as flat artwork.

Layout only: field positions, labels, date styles, chip, portrait with height scale and ghost
portrait follow the card; emblem, background and number are invented, and SPECIMEN stands across
it. `fvs.specimen.degradation` prints and photographs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.lettering import Image, ImageDraw, font, has_thai
from fvs.raster import grey, resize
from fvs.specimen.artwork import (
    background,
    draw_chip,
    draw_emblem,
    draw_height_scale,
    specimen_mask,
)
from fvs.specimen.layout import GHOST, PORTRAIT, Box, CardStyle, card_lines

if TYPE_CHECKING:
    from fvs.records import F32, Pixels
    from fvs.specimen.holder import Holder

__all__ = ["head_and_shoulders", "render_specimen_card"]

INK_RGB = {"blue": (28, 62, 124), "black": (24, 24, 30), "red": (178, 34, 52)}
FACE_SHARE_OF_PORTRAIT = 0.56
"""Height of the face box over that of the portrait, as card photographs have it."""
FACE_CENTRE_DOWN = 0.49
"""Where the face box's centre stands in the portrait, from the top."""
MIN_SIDE_PX = 8
"""Below, a portrait is no picture."""


def render_specimen_card(
    portrait_rgb: Pixels, holder: Holder, *, style: CardStyle | None = None, seed: int = 0
) -> Pixels:
    """Draw the card.

    Args:
        portrait_rgb: (H, W, 3) uint8; the middle of it that has the card portrait's shape is
            used. `head_and_shoulders` makes one from a picture with a known face.
        holder: what is printed.
        style: how; 300 dpi by default.
        seed: fixes the phases of the background lines, the only thing drawn by chance.

    Returns:
        (H, W, 3) uint8, 1011 x 638 px at 300 dpi.

    Raises:
        UsageError: the portrait is not (H, W, 3) uint8 or is smaller than 8 px.
    """
    _require_picture(portrait_rgb)
    style = style or CardStyle()
    picture = background(style, np.random.default_rng(seed))
    _paste(picture, portrait_rgb, PORTRAIT, style, 1.0)
    ghost = np.repeat(grey(portrait_rgb)[..., None], 3, axis=2)
    _paste(picture, ghost, GHOST, style, style.ghost_opacity)
    canvas = Image.fromarray(picture)
    draw = ImageDraw.Draw(canvas)
    draw_emblem(draw, style)
    draw_chip(draw, style)
    draw_height_scale(draw, style)
    _draw_text(draw, holder, style)
    return _tint(np.asarray(canvas), specimen_mask(style))


def head_and_shoulders(picture_rgb: Pixels, face_xyxy_px: tuple[float, ...]) -> Pixels:
    """Cut a card portrait around a face; where the picture ends its edge is repeated.

    Args:
        picture_rgb: (H, W, 3) uint8.
        face_xyxy_px: the face's box.

    Raises:
        UsageError: the picture is not (H, W, 3) uint8, or the box is empty or no part of it.
    """
    _require_picture(picture_rgb)
    left, top, right, bottom = face_xyxy_px
    height = (bottom - top) / FACE_SHARE_OF_PORTRAIT
    width = height * PORTRAIT.width_mm / PORTRAIT.height_mm
    rows, columns = picture_rgb.shape[:2]
    inside = right > 0 and bottom > 0 and left < columns and top < rows
    if not (inside and right > left and bottom > top):
        raise UsageError(f"face box {face_xyxy_px} is not in a {columns} x {rows} px picture")
    x0 = round((left + right - width) / 2)
    y0 = round((top + bottom) / 2 - height * FACE_CENTRE_DOWN)
    x = np.clip(np.arange(x0, x0 + round(width)), 0, columns - 1)
    y = np.clip(np.arange(y0, y0 + round(height)), 0, rows - 1)
    return picture_rgb[y[:, None], x[None, :]]


def _require_picture(picture_rgb: Pixels) -> None:
    shape, kind = picture_rgb.shape, picture_rgb.dtype
    is_rgb = len(shape) == 3 and shape[2] == 3  # noqa: PLR2004 - rows, columns, RGB
    if not is_rgb or kind != np.uint8 or min(shape[:2]) < MIN_SIDE_PX:
        raise UsageError(
            f"expected (H, W, 3) uint8 pixels of at least {MIN_SIDE_PX} px, got {shape} {kind}"
        )


def _paste(picture: Pixels, portrait: Pixels, box: Box, style: CardStyle, opacity: float) -> None:
    """Blend the portrait's middle into a box of the picture, in place."""
    left, top, right, bottom = box.xyxy_px(style.px_per_mm)
    rows, columns = portrait.shape[:2]
    width = max(1, min(columns, round(rows * box.width_mm / box.height_mm)))
    height = max(1, min(rows, round(columns * box.height_mm / box.width_mm)))
    x0, y0 = (columns - width) // 2, (rows - height) // 2
    middle = np.ascontiguousarray(portrait[y0 : y0 + height, x0 : x0 + width])
    fitted = resize(middle, right - left, bottom - top).astype(np.float32)
    below = picture[top:bottom, left:right]
    below[...] = np.rint(below + opacity * (fitted - below))


def _draw_text(draw: ImageDraw.ImageDraw, holder: Holder, style: CardStyle) -> None:
    thai = has_thai()
    for line in card_lines(holder):
        if thai or line.script == "latin":
            face = font(line.em_mm * style.px_per_mm, "bold" if line.bold else "regular")
            at = (line.left_mm * style.px_per_mm, line.top_mm * style.px_per_mm)
            draw.text(at, line.text, INK_RGB[line.ink], face)


def _tint(picture: Pixels, opacity: F32) -> Pixels:
    """Blend red ink over the picture, `opacity` (H, W) 0 to 1."""
    inked = np.array(picture)
    here = opacity > 0
    below = inked[here].astype(np.float32)
    red = np.asarray(INK_RGB["red"], np.float32)
    inked[here] = below + opacity[here][:, None] * (red - below)
    return inked
