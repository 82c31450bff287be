"""What was seen: the pictures with their faces, and the aligned crops that were compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.explain.theme import BLUE, GREEN, LANDMARK, MUTED, RED, TRACK, WHITE, Area
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.engine import Samples
    from fvs.explain.theme import Sheet
    from fvs.records import Pixels

__all__ = ["draw_crops", "draw_sample"]

BOX_WIDTH_PX = 3
LANDMARK_RADIUS_PX = 3
STRIP_HEIGHT_PX = 32
CROP_GAP_PX = 18


def draw_sample(sheet: Sheet, area: Area, title: str, samples: Samples, row: int) -> None:
    """One picture with its chosen face, or a grey box with the code of what failed."""
    inside = sheet.panel(area, title)
    pixels = samples.images.pixels_rgb[row]
    status = Status(int(samples.quality.status[row]))
    if pixels is None:
        _draw_absent(sheet, inside, status.code)
        return
    _draw_caption(sheet, area, pixels, samples, row)
    left, top, scale = sheet.picture(inside, pixels)
    if np.isfinite(samples.faces.xyxy_px[row]).all():
        origin = np.array([left, top])
        box = samples.faces.xyxy_px[row].reshape(2, 2) * scale + origin
        corners = np.clip(box, (inside.left, inside.top), (inside.right, inside.bottom))
        colour = GREEN if status == Status.OK else RED
        sheet.draw.rectangle(corners.ravel().tolist(), outline=colour, width=BOX_WIDTH_PX)
        for x, y in samples.faces.landmarks_px[row] * scale + origin:
            sheet.draw.circle((x, y), LANDMARK_RADIUS_PX, fill=LANDMARK, outline=BLUE)
    if status != Status.OK:
        _draw_strip(sheet, inside, status.code)


def _draw_caption(sheet: Sheet, area: Area, pixels: Pixels, samples: Samples, row: int) -> None:
    width, height = samples.images.native_wh[row]
    words = f"{samples.images.file_format[row]} {width} x {height} px"
    inter_eye = samples.faces.inter_eye_px[row] / samples.images.scale[row]
    if np.isfinite(inter_eye):
        words += f" · eyes {inter_eye:.0f} px apart"
    elif pixels.size:
        words += " · no face chosen"
    sheet.text(area.right - 16, area.top + 12, words, 14, MUTED, anchor="ra")


def _draw_absent(sheet: Sheet, area: Area, code: str) -> None:
    sheet.draw.rectangle(area.xyxy, fill=TRACK)
    middle = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    sheet.text(*middle, code.replace("_", " "), 28, RED, "bold", anchor="mm")
    sheet.text(middle[0], middle[1] + 34, "no picture to show", 16, MUTED, anchor="mm")


def _draw_strip(sheet: Sheet, area: Area, code: str) -> None:
    top = area.bottom - STRIP_HEIGHT_PX
    sheet.draw.rectangle((area.left, top, area.right, area.bottom), fill=RED)
    middle = (area.left + area.right) / 2, top + STRIP_HEIGHT_PX / 2
    sheet.text(*middle, code.replace("_", " "), 18, WHITE, "bold", anchor="mm")


def draw_crops(sheet: Sheet, area: Area, probe: Samples, reference: Samples, row: int) -> None:
    """The two aligned crops side by side: all that the embedder sees."""
    inside = sheet.panel(area, "Aligned, as compared")
    side = (inside.width - CROP_GAP_PX) / 2
    for column, (name, samples) in enumerate((("selfie", probe), ("card", reference))):
        left = inside.left + column * (side + CROP_GAP_PX)
        place = Area(left, inside.top, left + side, inside.top + side)
        if samples.crops.ok[row]:
            sheet.picture(place, samples.crops.pixels_rgb[row])
        else:
            sheet.draw.rectangle(place.xyxy, fill=TRACK)
            sheet.text(left + side / 2, place.top + side / 2, "none", 16, MUTED, anchor="mm")
        sheet.text(left + side / 2, place.bottom + 4, name, 14, MUTED, anchor="ma")
