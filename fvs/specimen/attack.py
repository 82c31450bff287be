"""Presentation attacks made from a picture: replayed on a screen, or printed and held up.

Simulations of two artefact species for demonstrations and first tests. They show what a PAD
method does with these pictures, and say nothing of its APCER, which only real artefacts measure
(ISO/IEC 30107-3). By default the edges of screen and sheet are seen; a `card_share` above 1 takes
them out of the frame, which is much harder for networks that look for them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import warp_perspective
from fvs.specimen.conditions import CameraConditions, CaptureConditions, PrintConditions
from fvs.specimen.degradation import (
    desk,
    photograph,
    plane_to_frame,
    print_on_paper,
)

if TYPE_CHECKING:
    from fvs.records import F32, F64, Pixels

__all__ = ["PaperAttack", "ScreenAttack", "hold_up_print", "replay_on_screen"]

WHITE = 255.0
ROOM_RGB = (92, 96, 104)
BEZEL_RGB = (14, 14, 16)


@dataclass(frozen=True, kw_only=True)
class ScreenAttack:
    """A picture shown on a screen before the camera.

    Attributes:
        capture: pose of the screen, size of the frame, light and camera.
        screen_px: width of the screen in its own pixels; with the frame's size and the screen's
            share of it this sets the pitch that beats with the sensor's.
        subpixel_depth: swing of the red, green and blue stripes that the lens still resolves, 0
            to 1.
        black_level: light of a black pixel, 8-bit levels.
        gain_rgb: the screen's white against the room's.
        bezel_share: width of the frame around the screen over the screen's.
    """

    capture: CaptureConditions = field(
        default_factory=lambda: CaptureConditions(
            camera=CameraConditions(
                glare_strength=0.25,
                glare_radius=0.12,
                defocus_sigma_px=0.6,
                noise_sd_levels=2.5,
                jpeg_quality=80,
            ),
            frame_wh_px=(960, 1280),
            card_share=0.86,
            yaw_deg=4.0,
            pitch_deg=-5.0,
            roll_deg=1.5,
        )
    )
    screen_px: int = 750
    subpixel_depth: float = 0.1
    black_level: float = 18.0
    gain_rgb: tuple[float, float, float] = (0.92, 1.0, 1.12)
    bezel_share: float = 0.03


@dataclass(frozen=True, kw_only=True)
class PaperAttack:
    """A print on paper, white border and all, held before the camera.

    Attributes:
        capture: print, pose of the sheet, size of the frame, light and camera.
        sheet_width_mm: for the pitch of the dot screen; 148 mm is A5 upright.
        border_share: white border over the print's width.
    """

    capture: CaptureConditions = field(
        default_factory=lambda: CaptureConditions(
            printed=PrintConditions(
                halftone_lines_per_inch=85.0,
                halftone_depth=0.3,
                grain_sd_levels=5.0,
                saturation=0.8,
                contrast=0.85,
            ),
            camera=CameraConditions(
                light_falloff=0.3, defocus_sigma_px=0.8, noise_sd_levels=3.0, jpeg_quality=80
            ),
            frame_wh_px=(960, 1280),
            card_share=0.8,
            yaw_deg=6.0,
            pitch_deg=-4.0,
            roll_deg=-2.0,
        )
    )
    sheet_width_mm: float = 148.0
    border_share: float = 0.05


def replay_on_screen(picture_rgb: Pixels, attack: ScreenAttack, seed: int) -> Pixels:
    """Photograph a picture from a screen: stripes that beat with the sensor, bezel, glow.

    Args:
        picture_rgb: (H, W, 3) uint8.
        attack: how.
        seed: fixes everything that is drawn by chance.
    """
    rng = np.random.default_rng(seed)
    capture = attack.capture
    glow = picture_rgb.astype(np.float32) * ((WHITE - attack.black_level) / WHITE)
    glow = (glow + attack.black_level) * np.asarray(attack.gain_rgb, np.float32)
    lit = np.clip(glow, 0, WHITE).astype(np.uint8)
    shown = _framed(lit, attack.bezel_share, BEZEL_RGB)
    to_frame = plane_to_frame(shown.shape[1::-1], capture)
    width, height = capture.frame_wh_px
    room = np.full((height, width, 3), ROOM_RGB, np.uint8)
    scene = warp_perspective(shown, to_frame, room)
    border = round(attack.bezel_share * lit.shape[1])
    stripes = _sampled_stripes(to_frame, capture, (lit.shape[1], lit.shape[0]), border, attack)
    striped = np.clip(scene * stripes, 0, WHITE).astype(np.uint8)
    return photograph(striped, capture.camera, rng)


def hold_up_print(picture_rgb: Pixels, attack: PaperAttack, seed: int) -> Pixels:
    """Print a picture with a white border on paper, and photograph the sheet.

    Args:
        picture_rgb: (H, W, 3) uint8.
        attack: how.
        seed: fixes everything that is drawn by chance.
    """
    rng = np.random.default_rng(seed)
    capture = attack.capture
    sheet = _framed(picture_rgb, attack.border_share, (255, 255, 255))
    px_per_mm = sheet.shape[1] / attack.sheet_width_mm
    printed = print_on_paper(sheet, capture.printed, px_per_mm, rng)
    to_frame = plane_to_frame(sheet.shape[1::-1], capture)
    scene = warp_perspective(printed, to_frame, desk(capture.frame_wh_px, rng))
    return photograph(scene, capture.camera, rng)


def _framed(picture: Pixels, share: float, rgb: tuple[int, int, int]) -> Pixels:
    border = round(share * picture.shape[1])
    height, width = picture.shape[:2]
    framed = np.full((height + 2 * border, width + 2 * border, 3), rgb, np.uint8)
    framed[border : border + height, border : border + width] = picture
    return framed


def _sampled_stripes(
    to_frame: F64,
    capture: CaptureConditions,
    lit_wh: tuple[int, int],
    border_px: int,
    attack: ScreenAttack,
) -> F32:
    """(H, W, 3) factor about 1: the subpixel stripes as point samples of the sensor see them.

    The stripes are finer than the sensor's pixels can resolve, so sampling folds them down into
    the coarse coloured bands known as moire. Outside the lit part the factor is 1.
    """
    width, height = capture.frame_wh_px
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    from_frame = np.linalg.inv(to_frame).astype(np.float32)
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in from_frame)
    u, v = u / w - border_px, v / w - border_px
    lit = (u >= 0) & (u < lit_wh[0]) & (v >= 0) & (v < lit_wh[1])
    per_px = 2 * math.pi * attack.screen_px / lit_wh[0]
    depth = attack.subpixel_depth * lit
    rows = 1 + 0.5 * depth * np.cos(per_px * v)
    thirds = np.arange(3) * (2 * math.pi / 3)
    columns = [rows * (1 + depth * np.cos(per_px * u - third)) for third in thirds]
    return np.stack(columns, axis=-1).astype(np.float32)
