"""What can happen to a picture before it is compared, by degrees.

Every curve starts where nothing, or next to nothing, has happened. Lengths are in units of the
face, so that pictures of any size are degraded alike; a face is as tall as the detector's box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from fvs.raster import blur, jpeg_round_trip, resize, warp_affine
from fvs.specimen import (
    CameraConditions,
    CaptureConditions,
    PrintConditions,
    degrade,
    head_and_shoulders,
    render_specimen_card,
    specimen_holder,
)
from fvs.specimen.conditions import (
    DIM_ROOM,
    FLATBED_SCAN,
    INKJET_COPY,
    OFFICE_DESK,
    PLAIN,
    WORN_CARD_UNDER_LAMP,
)
from fvs.specimen.degradation import photograph, print_on_paper

if TYPE_CHECKING:
    from fvs.records import Pixels

__all__ = ["CURVES", "Curve", "Face", "Side"]

Side = Literal["probe", "reference"]

FULL_RESOLUTION_PX = 128.0
"""Height of the face from which more pixels tell our embedders, whose crops are 112, nothing."""
PORTRAIT_PX_PER_MM = 11.8
"""A card printer's 300 dpi."""
PRINT_ENLARGEMENT = 3
"""So that the dots of the screen are finer than the pixels of the portrait."""
GREY = 128


@dataclass(frozen=True, eq=False)
class Face:
    """A picture and the box of its face, and what chance is drawn from.

    Attributes:
        pixels_rgb: (H, W, 3) uint8.
        xyxy_px: left, top, right, bottom.
        seed: fixes what is drawn by chance.
    """

    pixels_rgb: Pixels
    xyxy_px: tuple[float, float, float, float]
    seed: int

    @property
    def height_px(self) -> float:
        """Of the face."""
        return self.xyxy_px[3] - self.xyxy_px[1]

    @property
    def centre_px(self) -> tuple[float, float]:
        """Of the face."""
        left, top, right, bottom = self.xyxy_px
        return (left + right) / 2, (top + bottom) / 2


class Degradation(Protocol):
    """Degrades a picture to a severity."""

    def __call__(self, face: Face, severity: float) -> Pixels:
        """The degraded picture."""


@dataclass(frozen=True)
class Curve:
    """One way to degrade pictures, by degrees.

    Attributes:
        name: in results.
        axis: what the severity is, with its unit.
        side: whose picture of a pair is degraded.
        severities: from none on.
        labels: of the severities, where they are situations and no numbers.
        apply: what is done.
    """

    name: str
    axis: str
    side: Side
    severities: tuple[float, ...]
    apply: Degradation
    labels: tuple[str, ...] = ()


def _resolution(face: Face, severity: float) -> Pixels:
    """Shrink so that the face is so tall, and enlarge again."""
    factor = severity / face.height_px
    if factor >= 1:
        return face.pixels_rgb
    height, width = face.pixels_rgb.shape[:2]
    small = resize(face.pixels_rgb, max(1, round(width * factor)), max(1, round(height * factor)))
    return resize(small, width, height)


def _jpeg(face: Face, severity: float) -> Pixels:
    return jpeg_round_trip(face.pixels_rgb, int(severity))


def _defocus(face: Face, severity: float) -> Pixels:
    return blur(face.pixels_rgb, severity * face.height_px)


def _camera(face: Face, severity: float, *, field: str) -> Pixels:
    conditions = replace(CameraConditions(), **{field: severity})
    return photograph(face.pixels_rgb, conditions, np.random.default_rng(face.seed))


def _motion(face: Face, severity: float) -> Pixels:
    return _camera(face, severity * face.height_px, field="motion_px")


def _roll(face: Face, severity: float) -> Pixels:
    """Turn about the face's middle; what lies beyond the picture is black."""
    x, y = face.centre_px
    angle = np.deg2rad(severity)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = np.array([x, y]) - turn @ [x, y]
    height, width = face.pixels_rgb.shape[:2]
    return warp_affine(face.pixels_rgb, np.column_stack([turn, shift]), width, height)


def _crop(face: Face, severity: float) -> Pixels:
    """Cut a square of so many heights of the face about its middle, as far as there is picture."""
    (x, y), half = face.centre_px, severity * face.height_px / 2
    height, width = face.pixels_rgb.shape[:2]
    left, right = max(0, round(x - half)), min(width, round(x + half))
    top, bottom = max(0, round(y - half)), min(height, round(y + half))
    return np.ascontiguousarray(face.pixels_rgb[top:bottom, left:right])


def _mask(face: Face, severity: float) -> Pixels:
    """Cover the face's box with grey from the chin up, as a mask or a scarf does."""
    left, _, right, bottom = (round(edge) for edge in face.xyxy_px)
    covered = np.array(face.pixels_rgb)
    from_row = round(face.xyxy_px[3] - severity * face.height_px)
    covered[max(0, from_row) : max(0, bottom), max(0, left) : max(0, right)] = GREY
    return covered


def _print_scan(face: Face, severity: float) -> Pixels:
    """Print the portrait with a dot screen of this depth, and scan it."""
    portrait = head_and_shoulders(face.pixels_rgb, face.xyxy_px)
    if severity == 0:
        return portrait
    height, width = portrait.shape[:2]
    larger = resize(portrait, width * PRINT_ENLARGEMENT, height * PRINT_ENLARGEMENT)
    printed = PrintConditions(
        halftone_depth=severity, grain_sd_levels=8.0 * severity, saturation=1.0 - 0.5 * severity
    )
    rng = np.random.default_rng(face.seed)
    paper = print_on_paper(larger, printed, PORTRAIT_PX_PER_MM, rng)
    return photograph(paper, FLATBED_SCAN.camera, rng)


def _card(
    face: Face, severity: float, *, situations: tuple[CaptureConditions | None, ...]
) -> Pixels:
    """Render a specimen card with this portrait and photograph it."""
    portrait = head_and_shoulders(face.pixels_rgb, face.xyxy_px)
    artwork = render_specimen_card(portrait, specimen_holder(face.seed), seed=face.seed)
    conditions = situations[int(severity)]
    return artwork if conditions is None else degrade(artwork, conditions, face.seed)


SITUATIONS: dict[str, CaptureConditions | None] = {
    "artwork": None,
    "plain": PLAIN,
    "flatbed scan": FLATBED_SCAN,
    "office desk": OFFICE_DESK,
    "inkjet copy": INKJET_COPY,
    "worn, under a lamp": WORN_CARD_UNDER_LAMP,
    "dim room": DIM_ROOM,
}

CURVES = (
    Curve(
        "resolution", "height of the face (px)", "probe",
        (FULL_RESOLUTION_PX, 64.0, 48.0, 32.0, 24.0, 16.0), _resolution,
    ),
    Curve("JPEG", "JPEG quality", "probe", (95.0, 50.0, 30.0, 20.0, 10.0, 5.0), _jpeg),
    Curve(
        "defocus", "blur (sigma over the face's height)", "probe",
        (0.0, 0.01, 0.02, 0.03, 0.05, 0.07), _defocus,
    ),
    Curve(
        "motion", "smear (length over the face's height)", "probe",
        (0.0, 0.05, 0.1, 0.15, 0.2, 0.3), _motion,
    ),
    Curve(
        "darkness", "light taken away (stops)", "probe",
        (0.0, -2.0, -4.0, -5.0, -6.0, -7.0), partial(_camera, field="exposure_stops"),
    ),
    Curve(
        "overexposure", "light added (stops)", "probe",
        (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), partial(_camera, field="exposure_stops"),
    ),
    Curve(
        "side light", "light lost across the picture", "probe",
        (0.0, 0.3, 0.5, 0.7, 0.85, 0.95), partial(_camera, field="light_falloff"),
    ),
    Curve(
        "noise", "noise (standard deviation, levels of 256)", "probe",
        (0.0, 5.0, 10.0, 20.0, 30.0, 50.0), partial(_camera, field="noise_sd_levels"),
    ),
    Curve(
        "roll", "turn in the plane (degrees)", "probe", (0.0, 10.0, 20.0, 30.0, 45.0, 60.0), _roll,
    ),
    Curve(
        "crop", "side of the picture (heights of the face)", "probe",
        (3.0, 2.0, 1.5, 1.2, 1.0, 0.8), _crop,
    ),
    Curve(
        "mask", "covered from the chin up (of the face's height)", "probe",
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5), _mask,
    ),
    Curve(
        "print and scan", "depth of the dot screen", "reference",
        (0.0, 0.1, 0.2, 0.35, 0.5, 0.8), _print_scan,
    ),
    Curve(
        "specimen card", "photographed as", "reference",
        tuple(float(k) for k in range(len(SITUATIONS))),
        partial(_card, situations=tuple(SITUATIONS.values())), tuple(SITUATIONS),
    ),
)  # fmt: skip
