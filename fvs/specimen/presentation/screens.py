"""Replays: a picture shown on a phone, tablet, laptop or monitor, and photographed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.specimen.presentation.camera import draw_camera, shoot
from fvs.specimen.presentation.surroundings import add_fingers, add_reflection, add_sheen, room
from fvs.specimen.presentation.texture import (
    MM_PER_INCH,
    aperture_gain,
    banding,
    pentile_grid,
    stripe_grid,
)
from fvs.specimen.presentation.view import crop_around, draw, filling, framed, held_up

if TYPE_CHECKING:
    from fvs.records import F32, Pixels
    from fvs.specimen.presentation.view import Box, Plane, Range, View

__all__ = ["Screen", "grid_on_scene", "show_on_screen"]

WHITE = 255.0


@dataclass(frozen=True, kw_only=True)
class Screen:
    """A display as the artefact; ranges are drawn from uniformly.

    Attributes:
        fills_frame: held so near that neither bezel nor letterbox is seen.
        face_mm: width of the face on the screen.
        picture_over_face: width of the picture shown over the face's.
        letterbox_share: black above and below the picture over its height.
        bezel_share: width of the bezel over the picture's width.
        bezel_levels: grey of the bezel.
        pixels_per_inch: of the panel.
        pentile: red and blue on every other pixel only, as on most phones' OLED panels.
        grid_swing: swing of the subpixels before the camera's aperture.
        sensor_over_frame: as for `prints.Paper`.
        black_level: light of a black pixel, 8-bit levels.
        gamma: of the panel against the picture's own.
        white_blue: how much bluer than the room the panel's white is.
        saturation: of the panel's primaries against the picture's.
        reflection: strength of the room's reflection in its front.
        band_swing: swing of refresh bands.
        angle_shade: light lost towards one side, as panels seen askew do.
        tilt_deg: standard deviation of the pose.
        held: in a hand, whose fingers may be seen.
    """

    fills_frame: bool = False
    face_mm: Range = (35, 60)
    picture_over_face: Range = (1.4, 2.2)
    letterbox_share: Range = (0.0, 0.35)
    bezel_share: Range = (0.02, 0.08)
    bezel_levels: Range = (5, 40)
    pixels_per_inch: Range = (300, 460)
    pentile: bool = False
    grid_swing: Range = (0.15, 0.7)
    sensor_over_frame: Range = (1.0, 3.0)
    black_level: Range = (0, 25)
    gamma: Range = (0.85, 1.2)
    white_blue: Range = (0.95, 1.25)
    saturation: Range = (0.85, 1.35)
    reflection: Range = (0.0, 0.25)
    band_swing: Range = (0.0, 0.08)
    angle_shade: Range = (0.0, 0.2)
    tilt_deg: float = 6.0
    held: bool = True


def show_on_screen(
    screen: Screen, picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """Photograph a picture from a screen; arguments and result as `prints.hold_paper`."""
    plane = _device(screen, picture_rgb, face, rng)
    view = (filling if screen.fills_frame else held_up)(plane, scale, screen.tilt_deg, rng)
    shown = view.lay(plane, room(view.frame_wh_px, picture_rgb, rng))
    levels = grid_on_scene(shown, plane, view, screen, rng)
    pixels = np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)
    if screen.held and not screen.fills_frame and rng.random() < 0.4:  # noqa: PLR2004 - share
        pixels = add_fingers(pixels, view, plane, rng)
    box = view.follow(plane.face_xyxy_px)
    return shoot(pixels, draw_camera(rng, box[2] - box[0]), rng), box


def _device(screen: Screen, picture_rgb: Pixels, face: Box, rng: np.random.Generator) -> Plane:
    """The lit picture, letterboxed, in its bezel."""
    cropped, inner = crop_around(picture_rgb, face, draw(rng, screen.picture_over_face))
    if screen.fills_frame:
        cropped, inner = picture_rgb, face
    lit = _lit(cropped, screen, rng)
    mm_per_px = draw(rng, screen.face_mm) / (face[2] - face[0])
    height, width = lit.shape[:2]
    if screen.fills_frame:
        return framed(lit, inner, (0, 0, 0, 0), (0, 0, 0), mm_per_px * width)
    bar = round(draw(rng, screen.letterbox_share) * height)
    black = draw(rng, screen.black_level)
    boxed = framed(lit, inner, (0, bar, 0, bar), (black, black, black), mm_per_px * width)
    side = max(1, round(draw(rng, screen.bezel_share) * width))
    ends = round(side * draw(rng, (0.8, 2.5)))
    grey = draw(rng, screen.bezel_levels)
    whole_mm = boxed.mm_per_px * width
    return framed(
        boxed.pixels_rgb, boxed.face_xyxy_px, (side, ends, side, ends), (grey, grey, grey), whole_mm
    )


def _lit(picture_rgb: Pixels, screen: Screen, rng: np.random.Generator) -> Pixels:
    """What the panel emits: its tone curve, primaries, white and black."""
    levels = picture_rgb.astype(np.float32)
    luma = levels.mean(axis=2, keepdims=True)
    levels = np.clip(luma + np.float32(draw(rng, screen.saturation)) * (levels - luma), 0, WHITE)
    levels = np.float32(WHITE) * (levels / np.float32(WHITE)) ** np.float32(draw(rng, screen.gamma))
    blue = draw(rng, screen.white_blue)
    black = draw(rng, screen.black_level)
    gains = np.array([blue**-0.5, 1.0, blue**0.5], np.float32)
    glow = np.float32(black) + levels * np.float32((WHITE - black) / WHITE)
    return np.asarray(np.clip(glow * gains, 0, WHITE), np.uint8)


def grid_on_scene(
    shown_rgb: Pixels, plane: Plane, view: View, screen: Screen, rng: np.random.Generator
) -> F32:
    """Lay grid, bands, shade and reflections over the device; (H, W, 3), 0 to 255 and more."""
    cover = view.cover(plane)
    pitch_mm = MM_PER_INCH / draw(rng, screen.pixels_per_inch)
    per_px = view.mm_per_px(plane) / pitch_mm / draw(rng, screen.sensor_over_frame)
    swing = draw(rng, screen.grid_swing) * aperture_gain(per_px)
    x_mm, y_mm = view.plane_mm(plane)
    grid = (pentile_grid if screen.pentile else stripe_grid)(x_mm, y_mm, pitch_mm, swing)
    height, width = cover.shape
    periods, phase = draw(rng, (0.7, 12)), draw(rng, (0, 6.28))
    bands = banding(height, periods, draw(rng, screen.band_swing), phase)
    slope = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :, None]
    shade = 1 + np.float32(draw(rng, screen.angle_shade)) * slope * rng.choice([-1, 1])
    factor = 1 + cover[..., None] * (grid * bands * shade.astype(np.float32) - 1)
    levels = shown_rgb * factor
    levels = add_reflection(levels, cover, draw(rng, screen.reflection), rng)
    if rng.random() < 0.2:  # noqa: PLR2004 - share
        levels = add_sheen(levels, cover, draw(rng, (0.1, 0.5)), rng)
    return np.asarray(levels, np.float32)
