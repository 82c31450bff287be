"""A flat card, printed, worn and photographed: what a verifier is really sent.

Chance (grain, noise, where the light comes from, the desk) is drawn from `seed` alone. Light acts
on linear intensities; the fields are smooth, so they are computed on a coarse grid and scaled up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import (
    blur,
    convolve,
    grey,
    jpeg_round_trip,
    resize,
    resize_field,
    warp_perspective,
)
from fvs.specimen.layout import CARD_WIDTH_MM, MM_PER_INCH

if TYPE_CHECKING:
    from fvs.records import F32, F64, Pixels
    from fvs.specimen.conditions import CameraConditions, CaptureConditions, PrintConditions

__all__ = ["degrade", "desk", "photograph", "plane_to_frame", "print_on_paper"]

WHITE = 255.0
MID_GREY = 127.5
DISPLAY_GAMMA = 2.2
COARSE_CELLS = 96
"""Across the frame, on the coarse grid on which light is computed."""
VIEWING_DISTANCE = 2.2
"""From camera to card over the card's width: a phone at about 19 cm."""
DESK_RGB = (146, 112, 82)
DESK_GRAIN_LEVELS = 8.0
DESK_STREAK_PX = (220, 5)
"""Length and width of the desk's wood grain."""
SHADOW_SHARE = 0.5
SHADOW_SIGMA_PX = 14.0
SHADOW_OFFSET_PX = 10


def degrade(card_rgb: Pixels, conditions: CaptureConditions, seed: int) -> Pixels:
    """Print a card, lay it on a desk and photograph it.

    Args:
        card_rgb: (H, W, 3) uint8, flat artwork that is one card wide.
        conditions: how badly.
        seed: fixes everything that is drawn by chance.

    Returns:
        (frame height, frame width, 3) uint8.
    """
    rng = np.random.default_rng(seed)
    px_per_mm = card_rgb.shape[1] / CARD_WIDTH_MM
    printed = print_on_paper(card_rgb, conditions.printed, px_per_mm, rng)
    frame_wh = conditions.frame_wh_px
    card_wh = (card_rgb.shape[1], card_rgb.shape[0])
    to_frame = plane_to_frame(card_wh, conditions)
    scene = _cast_shadow(desk(frame_wh, rng), card_wh, to_frame)
    return photograph(warp_perspective(printed, to_frame, scene), conditions.camera, rng)


def print_on_paper(
    artwork_rgb: Pixels, printed: PrintConditions, px_per_mm: float, rng: np.random.Generator
) -> Pixels:
    """Apply ink colours, a dot screen and paper grain to flat artwork."""
    levels = artwork_rgb.astype(np.float32)
    luma = (1 - printed.saturation) * grey(artwork_rgb).astype(np.float32)
    levels *= printed.saturation * printed.contrast
    levels += (printed.contrast * luma + (1 - printed.contrast) * MID_GREY)[..., None]
    levels *= np.asarray(printed.gain_rgb, np.float32)
    if printed.halftone_depth > 0:
        lines_per_px = printed.halftone_lines_per_inch / MM_PER_INCH / px_per_mm
        screen = _dot_screen(artwork_rgb.shape[:2], lines_per_px)[..., None]
        # Ink spreads over white and white over ink: the screen fades at both ends.
        levels += printed.halftone_depth * screen * levels * (WHITE - levels) * (2 / WHITE)
    if printed.grain_sd_levels > 0:
        grain = rng.standard_normal(artwork_rgb.shape[:2], dtype=np.float32)
        levels += printed.grain_sd_levels * grain[..., None]
    return _to_pixels(levels)


def _dot_screen(shape: tuple[int, ...], lines_per_px: float) -> F32:
    """(H, W) round dots turned by 45 degrees, -1 to 1."""
    step = 2 * math.pi * lines_per_px / math.sqrt(2)
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None, :]
    # cos(x + y) + cos(x - y) = 2 cos(x) cos(y): the turned screen from two vectors.
    return np.asarray(np.cos(step * x) * np.cos(step * y), np.float32)


def photograph(scene_rgb: Pixels, camera: CameraConditions, rng: np.random.Generator) -> Pixels:
    """Take a picture of a flat scene: blur, light, glare, noise, compression, in this order."""
    picture = blur(scene_rgb, camera.defocus_sigma_px)
    if camera.motion_px > 1:
        picture = convolve(picture, _smear(camera.motion_px, rng.uniform(0, math.pi)))
    levels = picture.astype(np.float32)
    levels *= _light(scene_rgb.shape[:2], camera, rng)
    if camera.glare_strength > 0:
        levels += _glare(scene_rgb.shape[:2], camera, rng)[..., None] * (WHITE - levels)
    if camera.noise_sd_levels > 0:
        levels += camera.noise_sd_levels * rng.standard_normal(levels.shape, dtype=np.float32)
    pixels = _to_pixels(levels)
    return pixels if camera.jpeg_quality is None else jpeg_round_trip(pixels, camera.jpeg_quality)


def _light(shape: tuple[int, ...], camera: CameraConditions, rng: np.random.Generator) -> F32:
    """(H, W, 3) factor of pixel levels: light falls off along a random direction."""
    y, x = _coarse_grid(shape)
    direction = rng.uniform(0, 2 * math.pi)
    along = x * math.cos(direction) + y * math.sin(direction)
    along = (along - along.min()) / np.ptp(along)
    light = 2.0**camera.exposure_stops * (1 - camera.light_falloff * along)
    gains = np.asarray(camera.gain_rgb, np.float32)
    factor = (light[..., None] * gains) ** (1 / DISPLAY_GAMMA)
    return resize_field(factor.astype(np.float32), shape[1], shape[0])


def _glare(shape: tuple[int, ...], camera: CameraConditions, rng: np.random.Generator) -> F32:
    """(H, W) share of white laid over the picture: one spot at a random place."""
    y, x = _coarse_grid(shape)
    centre = rng.uniform(0.2, 0.8, 2) * (1, shape[0] / shape[1])
    squared = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
    spot = camera.glare_strength * np.exp(-squared / (2 * camera.glare_radius**2))
    return resize_field(spot.astype(np.float32), shape[1], shape[0])


def _coarse_grid(shape: tuple[int, ...]) -> tuple[F64, F64]:
    """Places of the cells in units of the frame's width, as (rows, 1) and (1, columns)."""
    height = shape[0] / shape[1]
    rows = math.ceil(COARSE_CELLS * height)
    return np.linspace(0, height, rows)[:, None], np.linspace(0, 1, COARSE_CELLS)[None, :]


def _smear(length_px: float, angle: float) -> F32:
    """Kernel of a straight line of unit sum."""
    half = math.ceil(length_px / 2)
    along = np.linspace(-length_px / 2, length_px / 2, 8 * half + 1)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    rows = np.rint(half + along * math.sin(angle)).astype(int)
    columns = np.rint(half + along * math.cos(angle)).astype(int)
    np.add.at(kernel, (rows, columns), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def desk(frame_wh_px: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """(H, W, 3) uint8 brown surface with a wood grain."""
    width, height = frame_wh_px
    length, thickness = DESK_STREAK_PX
    cells = (height // thickness + 2, width // length + 2)
    coarse = DESK_GRAIN_LEVELS * rng.standard_normal(cells, dtype=np.float32)
    levels = np.asarray(DESK_RGB, np.float32) + coarse[..., None]
    return resize(_to_pixels(levels), width, height)


def _cast_shadow(scene: Pixels, card_wh: tuple[int, int], to_frame: F64) -> Pixels:
    """Darken the desk below and right of the card, softly."""
    height, width = scene.shape[0] // 4, scene.shape[1] // 4
    shrink = np.diag([0.25, 0.25, 1.0])
    offset = np.eye(3)
    offset[:2, 2] = SHADOW_OFFSET_PX
    card = np.full((card_wh[1], card_wh[0], 3), 255, np.uint8)
    ground = np.zeros((height, width, 3), np.uint8)
    shape = warp_perspective(card, shrink @ offset @ to_frame, ground)
    shadow = blur(shape, SHADOW_SIGMA_PX / 4)
    shade = (1 - SHADOW_SHARE * shadow.astype(np.float32) / WHITE) * WHITE
    full = resize(shade.astype(np.uint8), scene.shape[1], scene.shape[0])
    return (scene.astype(np.uint16) * full >> 8).astype(np.uint8)


def plane_to_frame(plane_wh_px: tuple[int, int], conditions: CaptureConditions) -> F64:
    """(3, 3) homography of a flat thing held before a pinhole camera, centred in the frame."""
    width, height = plane_wh_px
    yaw, pitch, roll = np.deg2rad((conditions.yaw_deg, conditions.pitch_deg, -conditions.roll_deg))
    turn_y = _rotation(yaw, 0, 2)
    turn_x = _rotation(pitch, 1, 2)
    turn_z = _rotation(roll, 0, 1)
    pose = turn_z @ turn_x @ turn_y
    frame_width, frame_height = conditions.frame_wh_px
    focal = conditions.card_share * frame_width * VIEWING_DISTANCE
    camera = np.array([[focal, 0, frame_width / 2], [0, focal, frame_height / 2], [0, 0, 1]])
    # The plane has z = 0, so only two columns of the pose count; its width is the unit length.
    placed = np.column_stack([pose[:, :2], [0, 0, VIEWING_DISTANCE]])
    to_unit = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, width]]) / width
    return np.asarray(camera @ placed @ to_unit, np.float64)


def _rotation(angle: float, first: int, second: int) -> F64:
    """(3, 3) turn in the plane of two axes."""
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = math.cos(angle)
    turn[first, second], turn[second, first] = -math.sin(angle), math.sin(angle)
    return turn


def _to_pixels(levels: F32) -> Pixels:
    """Round and clip, reusing the array: callers hand over one that they made."""
    np.rint(levels, out=levels)
    np.clip(levels, 0, WHITE, out=levels)
    return levels.astype(np.uint8)
