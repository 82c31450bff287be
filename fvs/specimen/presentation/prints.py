"""Prints held up: sheets, glossy photographs, newspaper, bent sheets, and masks cut out of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import blur, resize, sample, warp_perspective
from fvs.specimen.conditions import PrintConditions
from fvs.specimen.degradation import print_on_paper
from fvs.specimen.presentation.camera import draw_camera, shoot
from fvs.specimen.presentation.surroundings import add_fingers, add_sheen, room
from fvs.specimen.presentation.texture import MM_PER_INCH, aperture_gain, dot_screens
from fvs.specimen.presentation.view import crop_around, draw, filling, framed, held_up, look

if TYPE_CHECKING:
    from fvs.records import F32, Pixels
    from fvs.specimen.presentation.view import Box, Plane, Range, View

__all__ = ["Paper", "bend", "cut_out", "hold_paper", "ink_on_scene"]

WHITE = 255.0


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A printed artefact; ranges are drawn from uniformly.

    Attributes:
        fills_frame: held so near that its edges lie outside.
        face_mm: width of the face on the paper.
        picture_over_face: width of the printed picture over the face's.
        border_share: white border over the picture's width.
        lines_per_inch: pitch of the dot screen.
        dot_swing: swing of the dots in the mid-tones before the camera's aperture.
        sensor_over_frame: sensor pixels per frame pixel along a side: what a later bilinear
            reduction leaves out makes coarser aliases of fine dots.
        grain_levels: standard deviation of the paper's grain.
        saturation: of the inks.
        black_level: reflectance of full ink, in 8-bit levels.
        white_rgb: the paper's white.
        sheen: strength of a lamp's reflection; glossy paper only.
        bend_over_face: radius of a cylinder over the face's width; None stays flat.
        tilt_deg: standard deviation of the pose.
        eye_holes: cut along the face, with holes for the wearer's eyes.
    """

    fills_frame: bool = False
    face_mm: Range = (70, 150)
    picture_over_face: Range = (1.5, 2.4)
    border_share: Range = (0.0, 0.12)
    lines_per_inch: Range = (95, 160)
    dot_swing: Range = (0.2, 0.7)
    sensor_over_frame: Range = (1.0, 3.0)
    grain_levels: Range = (1, 7)
    saturation: Range = (0.6, 1.0)
    black_level: Range = (12, 55)
    white_rgb: tuple[float, float, float] = (250, 250, 248)
    sheen: Range = (0, 0)
    bend_over_face: Range | None = None
    tilt_deg: float = 7.0
    eye_holes: bool = False


def hold_paper(
    paper: Paper, picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """Print a picture, hold it up, photograph it.

    Args:
        paper: what kind of print.
        picture_rgb: (H, W, 3) uint8 RGB.
        face: the face's box in it.
        scale: frame pixels per pixel of the picture.
        rng: decides everything left open.

    Returns:
        The photograph and the face's box in it.
    """
    plane = _sheet(paper, picture_rgb, face, rng)
    whole = paper.fills_frame or paper.eye_holes
    view = (filling if whole else held_up)(plane, scale, paper.tilt_deg, rng)
    if paper.eye_holes:
        scene = _wearer(picture_rgb, face, view, plane, rng)
    else:
        scene = room(view.frame_wh_px, picture_rgb, rng)
    shown = view.lay(plane, scene)
    levels = ink_on_scene(shown, plane, view, paper, rng)
    pixels = np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)
    if not whole and rng.random() < 0.5:  # noqa: PLR2004 - a coin
        pixels = add_fingers(pixels, view, plane, rng)
    box = view.follow(plane.face_xyxy_px)
    return shoot(pixels, draw_camera(rng, box[2] - box[0]), rng), box


def _sheet(paper: Paper, picture_rgb: Pixels, face: Box, rng: np.random.Generator) -> Plane:
    """The printed sheet, flat, bent or cut out."""
    whole = paper.fills_frame or paper.eye_holes
    over_face = draw(rng, paper.picture_over_face)
    cropped, inner = (picture_rgb, face) if whole else crop_around(picture_rgb, face, over_face)
    face_mm = draw(rng, paper.face_mm)
    mm_per_px = face_mm / (face[2] - face[0])
    black = draw(rng, paper.black_level)
    inks = PrintConditions(
        grain_sd_levels=draw(rng, paper.grain_levels), saturation=draw(rng, paper.saturation)
    )
    printed = print_on_paper(cropped, inks, 1 / mm_per_px, rng).astype(np.float32)
    white = np.asarray(paper.white_rgb, np.float32)
    reflected = (black + printed * (white - black) / WHITE).astype(np.uint8)
    border = 0 if whole else round(draw(rng, paper.border_share) * cropped.shape[1])
    uneven = tuple(round(border * draw(rng, (0.6, 1.6))) for _ in range(4))
    left, top, right, bottom = uneven
    plane = framed(
        reflected, inner, (left, top, right, bottom), paper.white_rgb, mm_per_px * cropped.shape[1]
    )
    if paper.eye_holes:
        return cut_out(plane, rng)
    if paper.bend_over_face is not None:
        return bend(plane, draw(rng, paper.bend_over_face), rng)
    return plane


def ink_on_scene(
    shown_rgb: Pixels, plane: Plane, view: View, paper: Paper, rng: np.random.Generator
) -> F32:
    """Lay dots and sheen over what the frame shows of the artefact; (H, W, 3), 0 to 255."""
    levels = shown_rgb.astype(np.float32)
    cover = view.cover(plane)
    lines_per_mm = draw(rng, paper.lines_per_inch) / MM_PER_INCH
    per_px = lines_per_mm * view.mm_per_px(plane) / draw(rng, paper.sensor_over_frame)
    swing = draw(rng, paper.dot_swing) * aperture_gain(per_px)
    x_mm, y_mm = view.plane_mm(plane)
    dots = dot_screens(x_mm, y_mm, lines_per_mm, swing, draw(rng, (0, 90)))
    # Ink spreads over white and white over ink: the screen fades at both ends.
    levels += dots * cover[..., None] * levels * (WHITE - levels) * np.float32(2 / WHITE)
    strength = draw(rng, paper.sheen)
    return add_sheen(levels, cover, strength, rng) if strength else levels


def bend(plane: Plane, radius_over_face: float, rng: np.random.Generator) -> Plane:
    """Bend a sheet about an upright axis through its face: sides shorten, rows curve.

    Args:
        plane: a flat sheet.
        radius_over_face: radius of the cylinder over the face's width.
        rng: decides towards or away from the camera.
    """
    height, width = plane.pixels_rgb.shape[:2]
    left, top, right, bottom = plane.face_xyxy_px
    middle = (left + right) / 2, (top + bottom) / 2
    radius = radius_over_face * plane.face_width_px
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32(middle[0])
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(middle[1])
    sine = np.clip(x / np.float32(radius), -0.98, 0.98)
    # A point at arc length s stands at R sin(s/R) and is R (1 - cos(s/R)) farther or nearer.
    depth = (1 - np.sqrt(1 - sine**2)) * np.float32(radius / width)
    nearer = -1.0 if rng.random() < 0.5 else 1.0  # noqa: PLR2004 - a coin
    source_x = np.float32(middle[0]) + np.float32(radius) * np.arcsin(sine) + 0 * y
    source_y = np.float32(middle[1]) + y * (1 + np.float32(nearer / 2.2) * depth)
    bent = sample(plane.pixels_rgb, source_x, source_y)
    whole = np.full_like(plane.pixels_rgb, 255)
    mask = sample(whole, source_x, source_y)[..., 0]
    light = 1 + np.float32(draw(rng, (-0.35, 0.35))) * sine
    shaded = np.clip(bent * light[..., None], 0, WHITE).astype(np.uint8)
    return replace(plane, pixels_rgb=shaded, mask=np.ascontiguousarray(mask))


def cut_out(plane: Plane, rng: np.random.Generator) -> Plane:
    """Cut a print along the face, with holes where the eyes are."""
    left, top, right, bottom = plane.face_xyxy_px
    width, height = right - left, bottom - top
    y, x = np.ogrid[: plane.pixels_rgb.shape[0], : plane.pixels_rgb.shape[1]]
    x, y = (x - (left + right) / 2) / width, (y - (top + bottom) / 2) / height
    reach = draw(rng, (0.5, 0.62))
    face = (x / reach) ** 2 + (y / (reach + 0.04)) ** 2 < 1
    hole = draw(rng, (0.05, 0.1))
    eyes = np.zeros_like(face)
    if rng.random() < 0.7:  # noqa: PLR2004 - the rest is worn without holes
        for side in (-0.2, 0.2):
            eyes |= ((x - side) / (1.5 * hole)) ** 2 + ((y + 0.1) / hole) ** 2 < 1
    return replace(plane, mask=np.where(face & ~eyes, 255, 0).astype(np.uint8))


def _wearer(
    picture_rgb: Pixels, face: Box, view: View, plane: Plane, rng: np.random.Generator
) -> Pixels:
    """The person behind a mask, for whom the mirrored picture stands in."""
    left, top, right, bottom = view.follow(plane.face_xyxy_px)
    scale = (right - left) / (face[2] - face[0]) * draw(rng, (0.95, 1.15))
    mirrored = np.ascontiguousarray(picture_rgb[:, ::-1])
    middle = picture_rgb.shape[1] - (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    jitter = rng.normal(0, 0.04, 2) * (right - left)
    place = float((left + right) / 2 + jitter[0]), float((top + bottom) / 2 + jitter[1])
    behind = look(middle, scale, (0, 0, float(rng.normal(0, 4))), view.frame_wh_px, place)
    width, height = view.frame_wh_px
    ground = blur(resize(mirrored, width, height), 0.03 * width)
    shaded = (mirrored * draw(rng, (0.6, 1.0))).astype(np.uint8)
    return warp_perspective(shaded, behind.to_frame, ground)
