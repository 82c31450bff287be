"""Text in pictures: Sarabun, which has Thai and Latin, or Pillow's own Latin-only face.

Nothing is downloaded and no system font is looked for, so that a picture is the same on every
machine: Sarabun comes with the `demo` extra (`fontpkg-sarabun`, OFL-1.1). Where Pillow was built
with raqm, as its wheels are, HarfBuzz stacks the Thai vowels and tone marks.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

from fvs.errors import MissingExtraError

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError as error:
    raise MissingExtraError(
        "drawing needs Pillow, which is not installed",
        advice='Install it with `pip install "face-verification-service[demo]"`.',
    ) from error

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

__all__ = ["Image", "ImageDraw", "Weight", "font", "has_thai"]

Weight = Literal["regular", "semibold", "bold"]

THAI_FAMILY = "Sarabun"
FONTS_KEPT = 64
"""Sizes and weights kept open; a card and an explanation together use about 30."""


@functools.lru_cache(maxsize=FONTS_KEPT)
def font(size_px: float, weight: Weight = "regular") -> FreeTypeFont | BitmapFont:
    """A face of this em size, Thai-capable if there is one (see `has_thai`)."""
    path = _thai_font_path(weight)
    if path is None:
        return ImageFont.load_default(size_px)
    return ImageFont.truetype(str(path), size_px)


def has_thai() -> bool:
    """Whether `font` can set Thai; if not, draw Latin labels only."""
    return _thai_font_path("regular") is not None


def _thai_font_path(weight: Weight) -> Path | None:
    try:
        import fontpkg  # noqa: PLC0415 - optional: without it text is Latin only
    except ImportError:
        return None
    try:
        path: Path = fontpkg.path(THAI_FAMILY, weight)
    except fontpkg.FontpkgError:
        return None
    return path
