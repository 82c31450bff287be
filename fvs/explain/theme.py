"""The look of explanation pictures: colours, sizes and the few shapes that all parts use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.lettering import Image, ImageDraw, font
from fvs.raster import resize
from fvs.status import Outcome

if TYPE_CHECKING:
    from fvs.lettering import Weight
    from fvs.records import Pixels

__all__ = [
    "AMBER",
    "BLUE",
    "GREEN",
    "INK",
    "LANDMARK",
    "MUTED",
    "OUTCOME_COLOURS",
    "RED",
    "TRACK",
    "WHITE",
    "Area",
    "Colour",
    "Sheet",
]

Colour = tuple[int, int, int]

GROUND: Colour = (241, 243, 246)
WHITE: Colour = (255, 255, 255)
INK: Colour = (28, 36, 48)
MUTED: Colour = (100, 112, 128)
TRACK: Colour = (225, 229, 235)
EDGE: Colour = (208, 214, 222)
GREEN: Colour = (22, 128, 72)
RED: Colour = (196, 38, 38)
AMBER: Colour = (178, 104, 0)
GREY: Colour = (88, 98, 112)
BLUE: Colour = (38, 106, 210)
LANDMARK: Colour = (255, 212, 0)

OUTCOME_COLOURS = {
    Outcome.MATCH: GREEN,
    Outcome.NO_MATCH: RED,
    Outcome.INCONCLUSIVE: AMBER,
    Outcome.NOT_COMPARED: GREY,
}

PADDING_PX = 16
RADIUS_PX = 10


@dataclass(frozen=True)
class Area:
    """A rectangle of the sheet, pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Corners, as Pillow takes them."""
        return self.left, self.top, self.right, self.bottom


class Sheet:
    """A picture being drawn."""

    def __init__(self, width_px: int, height_px: int) -> None:
        """Start with the ground colour."""
        self._image = Image.new("RGB", (width_px, height_px), GROUND)
        self.draw = ImageDraw.Draw(self._image)

    @property
    def pixels_rgb(self) -> Pixels:
        """A copy of what has been drawn."""
        return np.array(self._image)

    def panel(self, area: Area, title: str) -> Area:
        """A white card with a title; returns the free area inside."""
        self.draw.rounded_rectangle(area.xyxy, RADIUS_PX, fill=WHITE, outline=EDGE)
        left, top = area.left + PADDING_PX, area.top + PADDING_PX - 6
        self.text(left, top, title, 16, MUTED, "semibold")
        return Area(left, top + 30, area.right - PADDING_PX, area.bottom - PADDING_PX)

    def text(  # noqa: PLR0913 - a position, a string and its look
        self,
        x: float,
        y: float,
        words: str,
        size_px: int,
        colour: Colour = INK,
        weight: Weight = "regular",
        *,
        anchor: str = "la",
    ) -> None:
        """One line; `anchor` is Pillow's, left and ascender by default."""
        self.draw.text((x, y), words, colour, font(size_px, weight), anchor)

    def fitted(self, area: Area, words: str, size_px: int, colour: Colour = INK) -> float:
        """Text from the area's top, wrapped at spaces; returns the y below it."""
        y = area.top
        for line in self._wrapped(words, size_px, area.width):
            self.text(area.left, y, line, size_px, colour)
            y += round(size_px * 1.35)
        return y

    def _wrapped(self, words: str, size_px: int, width_px: float) -> list[str]:
        face = font(size_px)
        lines = [""]
        for word in words.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and face.getlength(longer) > width_px:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def bar(self, area: Area, share: float, colour: Colour) -> None:
        """A track filled from the left by `share`, 0 to 1."""
        radius = area.height / 2
        self.draw.rounded_rectangle(area.xyxy, radius, fill=TRACK)
        filled = area.left + max(area.height, area.width * min(max(share, 0.0), 1.0))
        self.draw.rounded_rectangle((area.left, area.top, filled, area.bottom), radius, fill=colour)

    def picture(self, area: Area, pixels_rgb: Pixels) -> tuple[float, float, float]:
        """Lay a picture into the middle of an area; returns its left, top and scale."""
        rows, columns = pixels_rgb.shape[:2]
        scale = min(area.width / columns, area.height / rows)
        width, height = max(1, round(columns * scale)), max(1, round(rows * scale))
        left = round(area.left + (area.width - width) / 2)
        top = round(area.top + (area.height - height) / 2)
        self._image.paste(Image.fromarray(resize(pixels_rgb, width, height)), (left, top))
        return left, top, scale
