"""Where things stand on the card, in millimetres of an ID-1 card (ISO/IEC 7810)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fvs.specimen.holder import (
    Holder,
    format_citizen_number,
    format_date_en,
    format_date_th,
)

__all__ = [
    "CARD_HEIGHT_MM",
    "CARD_WIDTH_MM",
    "CHIP",
    "EMBLEM",
    "GHOST",
    "MM_PER_INCH",
    "PORTRAIT",
    "Box",
    "CardStyle",
    "Line",
    "card_lines",
]

CARD_WIDTH_MM = 85.6
CARD_HEIGHT_MM = 53.98
MM_PER_INCH = 25.4

Ink = Literal["blue", "black", "red"]
Script = Literal["thai", "latin"]


@dataclass(frozen=True)
class Box:
    """A rectangle on the card, millimetres from its upper left corner."""

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float

    def xyxy_px(self, px_per_mm: float) -> tuple[int, int, int, int]:
        """Corners in whole pixels."""
        right = self.left_mm + self.width_mm
        bottom = self.top_mm + self.height_mm
        corners = (self.left_mm, self.top_mm, right, bottom)
        left_px, top_px, right_px, bottom_px = (round(corner * px_per_mm) for corner in corners)
        return left_px, top_px, right_px, bottom_px


@dataclass(frozen=True)
class Line:
    """One line of text; `thai` lines are left out where no font can set them."""

    left_mm: float
    top_mm: float
    em_mm: float
    text: str
    ink: Ink = "blue"
    bold: bool = False
    script: Script = "latin"


@dataclass(frozen=True, kw_only=True)
class CardStyle:
    """How a card is drawn.

    Attributes:
        dots_per_inch: 300 gives 1011 x 638 px.
        background_opacity: of the guilloche lines, 0 none to 1.
        ghost_opacity: of the small second portrait; 0 leaves it out.
        specimen_opacity: of the word SPECIMEN outside the portrait.
        specimen_opacity_on_portrait: the same inside it, weaker so that the face stays usable.
    """

    dots_per_inch: int = 300
    background_opacity: float = 0.35
    ghost_opacity: float = 0.42
    specimen_opacity: float = 0.26
    specimen_opacity_on_portrait: float = 0.10

    @property
    def px_per_mm(self) -> float:
        """Resolution."""
        return self.dots_per_inch / MM_PER_INCH

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return round(CARD_WIDTH_MM * self.px_per_mm), round(CARD_HEIGHT_MM * self.px_per_mm)


EMBLEM = Box(3.0, 2.2, 7.6, 7.6)
CHIP = Box(8.9, 18.4, 12.2, 11.6)
"""Contacts of an ISO/IEC 7816-2 card lie here."""
PORTRAIT = Box(64.4, 24.6, 17.6, 22.6)
GHOST = Box(51.6, 36.4, 8.4, 10.8)


def card_lines(holder: Holder) -> tuple[Line, ...]:
    """All text of the card's front, but for the height scale and SPECIMEN."""
    return (*_header_lines(holder), *_person_lines(holder), *_validity_lines(holder))


def _header_lines(holder: Holder) -> tuple[Line, ...]:
    number = format_citizen_number(holder.citizen_number)
    return (
        Line(12.2, 1.7, 3.9, "บัตรประจำตัวประชาชน", bold=True, script="thai"),
        Line(52.0, 2.4, 3.1, "Thai National ID Card", bold=True),
        Line(12.2, 7.0, 2.6, "เลขประจำตัวประชาชน", script="thai"),
        Line(12.2, 9.9, 2.1, "Identification Number"),
        Line(37.6, 7.2, 4.2, number, ink="black", bold=True),
    )


def _person_lines(holder: Holder) -> tuple[Line, ...]:
    return (
        Line(5.0, 12.9, 2.6, "ชื่อตัวและชื่อสกุล", script="thai"),
        Line(24.6, 12.5, 3.4, holder.name_th, ink="black", bold=True, script="thai"),
        Line(24.0, 17.7, 2.5, "Name"),
        Line(32.5, 17.5, 2.8, holder.given_name_en, ink="black", bold=True),
        Line(24.0, 21.2, 2.5, "Last name"),
        Line(36.0, 21.0, 2.8, holder.family_name_en, ink="black", bold=True),
        Line(24.0, 24.9, 2.6, "เกิดวันที่", script="thai"),
        Line(36.0, 24.7, 2.9, format_date_th(holder.born), ink="black", bold=True, script="thai"),
        Line(24.0, 28.6, 2.5, "Date of Birth"),
        Line(39.5, 28.4, 2.8, format_date_en(holder.born), ink="black", bold=True),
        Line(5.0, 32.2, 2.6, "ที่อยู่", script="thai"),
        Line(10.5, 32.2, 2.6, holder.address_th, ink="black", script="thai"),
    )


def _validity_lines(holder: Holder) -> tuple[Line, ...]:
    lines: list[Line] = []
    columns = (
        (5.0, holder.issued, "วันออกบัตร", "Date of Issue"),
        (28.5, holder.expires, "วันบัตรหมดอายุ", "Date of Expiry"),
    )
    for left, day, label_th, label_en in columns:
        lines += [
            Line(left, 36.6, 2.6, format_date_th(day), ink="black", bold=True, script="thai"),
            Line(left, 39.7, 2.3, label_th, script="thai"),
            Line(left, 42.9, 2.5, format_date_en(day), ink="black", bold=True),
            Line(left, 45.9, 2.2, label_en),
        ]
    return (*lines, Line(64.4, 48.2, 2.1, "0000-00-00000000", ink="black"))
