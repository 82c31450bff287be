"""Camera-like pictures to measure with: a selfie, and a photographed specimen card (extra `demo`).

The person is NASA's portrait of Eileen Collins (public domain), which scikit-image carries. What a
picture costs depends on its pixels, its bytes and the size of its face, so these are like a
phone's: 3:4, sensor noise, JPEG quality 90, the face about a third of the selfie's width, the card
four fifths of its picture's. They are stored upright: a selfie that is stored sideways with an EXIF
orientation, as many are, costs those more who turn it at full size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from fvs.errors import MissingExtraError
from fvs.raster import encode_jpeg, resize
from fvs.specimen import (
    CameraConditions,
    CaptureConditions,
    CardStyle,
    PrintConditions,
    degrade,
    head_and_shoulders,
    render_specimen_card,
    specimen_holder,
)
from fvs.specimen.degradation import photograph

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import Pixels

try:
    from skimage.data import astronaut
except ImportError as error:
    raise MissingExtraError(
        "the generated pictures need scikit-image, which is not installed",
        advice='Give pictures, or install "face-verification-service[demo]".',
    ) from error

__all__ = ["camera_card", "camera_selfie"]

FACE_XYXY_PX = (178.0, 65.0, 269.0, 176.0)
"""Face box in the portrait."""
FACE_SHARE = 0.35
"""Width of the face over that of the selfie: arm's length."""
FACE_CENTRE_DOWN = 0.42
"""Where the face's centre stands in the selfie, from the top."""
ASPECT = 3 / 4
SIDE_STEP_PX = 8
"""Cameras' sides are multiples of a JPEG block."""
JPEG_QUALITY = 90
CAMERA = CameraConditions(light_falloff=0.2, defocus_sigma_px=0.7, noise_sd_levels=4.0)
CARD_PRINTER = PrintConditions(halftone_depth=0.06, grain_sd_levels=2.0, saturation=0.9)
CARD_DOTS_PER_INCH = 600


def camera_selfie(megapixels: float, seed: int = 0) -> bytes:
    """JPEG of an upright selfie of about so many megapixels."""
    short_px, long_px = _sides_px(megapixels)
    portrait = _portrait()
    left, top, right, bottom = FACE_XYXY_PX
    width = (right - left) / FACE_SHARE
    height = width / ASPECT
    x0 = round((left + right - width) / 2)
    y0 = round((top + bottom) / 2 - height * FACE_CENTRE_DOWN)
    x = np.clip(np.arange(x0, x0 + round(width)), 0, portrait.shape[1] - 1)
    y = np.clip(np.arange(y0, y0 + round(height)), 0, portrait.shape[0] - 1)
    scene = resize(portrait[y[:, None], x[None, :]], short_px, long_px)
    return encode_jpeg(photograph(scene, CAMERA, np.random.default_rng(seed)), JPEG_QUALITY)


def camera_card(megapixels: float, seed: int = 0) -> bytes:
    """JPEG of the same person's specimen card on a desk, of about so many megapixels."""
    short_px, long_px = _sides_px(megapixels)
    portrait = head_and_shoulders(_portrait(), FACE_XYXY_PX)
    style = CardStyle(dots_per_inch=CARD_DOTS_PER_INCH)
    card = render_specimen_card(portrait, specimen_holder(seed), style=style, seed=seed)
    conditions = CaptureConditions(
        printed=CARD_PRINTER, camera=CAMERA, frame_wh_px=(long_px, short_px), roll_deg=3.0
    )
    return encode_jpeg(degrade(card, conditions, seed), JPEG_QUALITY)


def _portrait() -> Pixels:
    return cast("Callable[[], Pixels]", astronaut)()  # scikit-image does not type it


def _sides_px(megapixels: float) -> tuple[int, int]:
    short = math.sqrt(megapixels * 1e6 * ASPECT)
    return _whole(short), _whole(short / ASPECT)


def _whole(side_px: float) -> int:
    return SIDE_STEP_PX * round(side_px / SIDE_STEP_PX)
