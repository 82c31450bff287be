"""The camera of live pictures and attacks alike, so that it does not tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import blur, grey, warp_affine
from fvs.specimen.conditions import CameraConditions
from fvs.specimen.degradation import photograph
from fvs.specimen.presentation.view import draw, filling, framed

if TYPE_CHECKING:
    from fvs.records import Pixels
    from fvs.specimen.presentation.view import Box

__all__ = ["draw_camera", "seen_live", "seen_near", "shoot"]

REFERENCE_FACE_PX = 90.0
"""Face width for which blurs in pixels are meant; they grow with the face."""

WHITE = 255.0
MID_GREY = 127.5
NEAR_TILT_DEG = 7.0
"""As the artefacts'."""

COLOURLESS_SHARE = 0.04
"""Of cameras without colour."""


def draw_camera(rng: np.random.Generator, face_width_px: float) -> CameraConditions:
    """A random phone, webcam or kiosk camera, from good to poor."""
    size = face_width_px / REFERENCE_FACE_PX
    blurred, smeared, glaring, packed = rng.random(4)
    gains = np.exp(rng.normal(0, 0.05, 3))
    return CameraConditions(
        exposure_stops=float(rng.normal(0, 0.3)),
        light_falloff=draw(rng, (0, 0.4)),
        gain_rgb=(float(gains[0]), float(gains[1]), float(gains[2])),
        glare_strength=draw(rng, (0.05, 0.4)) if glaring < 0.08 else 0.0,  # noqa: PLR2004 - share
        glare_radius=draw(rng, (0.05, 0.2)),
        defocus_sigma_px=size * draw(rng, (0.3, 1.1)) if blurred < 0.5 else 0.0,  # noqa: PLR2004
        motion_px=size * draw(rng, (1, 4)) if smeared < 0.1 else 0.0,  # noqa: PLR2004 - share
        noise_sd_levels=8 * rng.random() ** 2,
        jpeg_quality=int(rng.integers(40, 97)) if packed < 0.85 else None,  # noqa: PLR2004 - share
    )


def shoot(scene_rgb: Pixels, camera: CameraConditions, rng: np.random.Generator) -> Pixels:
    """Photograph a scene, with the sharpening and tones of a camera's own processing.

    Args:
        scene_rgb: (H, W, 3) uint8.
        camera: light, lens, sensor and file.
        rng: decides processing, and what `photograph` leaves to chance.
    """
    return photograph(_processed(scene_rgb, rng), camera, rng)


def _processed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Contrast, saturation and an unsharp mask."""
    contrast, saturation = draw(rng, (0.9, 1.12)), draw(rng, (0.8, 1.15))
    sharpness = draw(rng, (0.2, 0.9)) if rng.random() < 0.3 else 0.0  # noqa: PLR2004 - share
    saturation = 0.0 if rng.random() < COLOURLESS_SHARE else saturation
    levels = pixels.astype(np.float32)
    if sharpness:
        levels += np.float32(sharpness) * (levels - blur(pixels, 1.0))
    luma = grey(pixels).astype(np.float32)[..., None]
    levels = luma + np.float32(saturation) * (levels - luma)
    levels = np.float32(MID_GREY) + np.float32(contrast) * (levels - np.float32(MID_GREY))
    return np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)


def seen_live(
    picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """A live picture through the camera of the attacks, at `scale` frame pixels per pixel.

    Returns:
        The frame and the face's box in it.
    """
    height, width = picture_rgb.shape[:2]
    dx, dy = rng.uniform(0, 1, 2)
    matrix = np.array([[scale, 0, -dx], [0, scale, -dy]])
    frame = warp_affine(picture_rgb, matrix, int(scale * width - 2), int(scale * height - 2))
    left, top, right, bottom = face
    moved = scale * left - dx, scale * top - dy, scale * right - dx, scale * bottom - dy
    camera = draw_camera(rng, scale * (right - left))
    return shoot(frame, camera, rng), (
        float(moved[0]),
        float(moved[1]),
        float(moved[2]),
        float(moved[3]),
    )


def seen_near(
    picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """A live face so near that it fills the frame, cut and resampled as artefacts that do so are.

    Nothing but the artefact's own traces is then left to tell the two apart. Arguments and result
    as `seen_live`.
    """
    plane = framed(picture_rgb, face, (0, 0, 0, 0), (0, 0, 0), float(picture_rgb.shape[1]))
    view = filling(plane, scale, NEAR_TILT_DEG, rng)
    width, height = view.frame_wh_px
    frame = view.lay(plane, np.zeros((height, width, 3), np.uint8))
    box = view.follow(face)
    return shoot(frame, draw_camera(rng, box[2] - box[0]), rng), box
