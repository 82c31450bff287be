"""A flat artefact before a camera: where it stands in the frame, and where its face went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.raster import warp_perspective

if TYPE_CHECKING:
    from fvs.records import F32, F64, U8, Pixels

__all__ = [
    "Box", "Plane", "Range", "View", "crop_around", "draw", "filling", "framed", "held_up", "look",
]  # fmt: skip

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

Range = tuple[float, float]
"""Lowest and highest value of a uniform draw."""

VIEWING_DISTANCE = 2.2
"""From camera to artefact over the width that the frame shows: a phone's field of view."""

FRAME_OVER_FACE: Range = (2.7, 3.5)
"""Width of the frame over the face's, where the artefact's edges are to be seen."""

FRAME_ASPECT: Range = (1.0, 1.34)

OFF_CENTRE = 0.06
"""Largest distance of the face from the frame's centre, of the frame's sides."""

FILLED_SHARE: Range = (0.62, 0.92)
"""Of the artefact's picture that a frame shows of it without its edges, even when tilted."""

FACE_WITH_HAIR = 1.3
"""Smallest frame over the face's box: no camera is held nearer."""

WHITE = 255.0


def draw(rng: np.random.Generator, between: Range) -> float:
    """One uniform draw."""
    return float(rng.uniform(*between))


@dataclass(frozen=True)
class Plane:
    """A flat artefact.

    Attributes:
        pixels_rgb: (H, W, 3) uint8, border or bezel included.
        face_xyxy_px: the face's box in it.
        mm_per_px: physical size of one of its pixels.
        picture_xyxy_px: the part that shows the picture.
        mask: (H, W) uint8, 0 where the artefact is cut away; None where nothing is.
    """

    pixels_rgb: Pixels
    face_xyxy_px: Box
    mm_per_px: float
    picture_xyxy_px: Box
    mask: U8 | None = None

    @property
    def face_width_px(self) -> float:
        """Width of the face's box."""
        return self.face_xyxy_px[2] - self.face_xyxy_px[0]


@dataclass(frozen=True)
class View:
    """How a plane is seen.

    Attributes:
        to_frame: (3, 3) homography of plane to frame pixels.
        frame_wh_px: size of the frame.
    """

    to_frame: F64
    frame_wh_px: tuple[int, int]

    def lay(self, plane: Plane, scene_rgb: Pixels) -> Pixels:
        """The artefact in front of a scene of the frame's size."""
        if plane.mask is None:
            return warp_perspective(plane.pixels_rgb, self.to_frame, scene_rgb)
        shown = warp_perspective(plane.pixels_rgb, self.to_frame, scene_rgb)
        share = self.cover(plane)[..., None]
        return np.rint(share * shown + (1 - share) * scene_rgb).astype(np.uint8)

    def cover(self, plane: Plane) -> F32:
        """(H, W) share of each frame pixel that the artefact covers, 0 to 1."""
        mask = np.full(plane.pixels_rgb.shape[:2], 255, np.uint8)
        stack = np.repeat((mask if plane.mask is None else plane.mask)[..., None], 3, axis=2)
        width, height = self.frame_wh_px
        laid = warp_perspective(stack, self.to_frame, np.zeros((height, width, 3), np.uint8))
        return laid[..., 0].astype(np.float32) / np.float32(WHITE)

    def plane_mm(self, plane: Plane) -> tuple[F32, F32]:
        """(H, W) x and y on the artefact, in mm, of what each frame pixel's centre sees."""
        width, height = self.frame_wh_px
        x = np.arange(width, dtype=np.float32)[None, :]
        y = np.arange(height, dtype=np.float32)[:, None]
        inverse = np.linalg.inv(self.to_frame).astype(np.float32)
        u, v, w = (row[0] * x + row[1] * y + row[2] for row in inverse)
        size = np.float32(plane.mm_per_px)
        return u / w * size, v / w * size

    def mm_per_px(self, plane: Plane) -> float:
        """Artefact millimetres along one frame pixel, at the face."""
        left, _, right, _ = self.follow(plane.face_xyxy_px)
        return plane.face_width_px * plane.mm_per_px / (right - left)

    def follow(self, box: Box) -> Box:
        """The upright box around a box of the plane, in the frame."""
        left, top, right, bottom = box
        corners = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]])
        x, y, w = self.to_frame @ corners
        x, y = x / w, y / w
        # A tilted rectangle's hull is larger than a tilted face's: take the middle of its sides.
        sides = np.sort(x), np.sort(y)
        (x0, x1), (y0, y1) = ((s[:2].mean(), s[2:].mean()) for s in sides)
        return float(x0), float(y0), float(x1), float(y1)


def look(
    focus_xy_px: tuple[float, float],
    scale: float,
    tilt_deg: tuple[float, float, float],
    frame_wh_px: tuple[int, int],
    centre_xy_px: tuple[float, float],
) -> View:
    """A pinhole camera's view of a plane.

    Args:
        focus_xy_px: point of the plane that is seen at `centre_xy_px`.
        scale: frame pixels per plane pixel there.
        tilt_deg: yaw, pitch and roll of the plane.
        frame_wh_px: size of the frame.
        centre_xy_px: a point of the frame.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in tilt_deg)
    pose = _turn(roll, 0, 1) @ _turn(pitch, 1, 2) @ _turn(yaw, 0, 2)
    width = frame_wh_px[0]
    focal = width * VIEWING_DISTANCE
    camera = np.array([[focal, 0, centre_xy_px[0]], [0, focal, centre_xy_px[1]], [0, 0, 1]])
    placed = np.column_stack([pose[:, :2], [0, 0, VIEWING_DISTANCE]])
    unit = width / scale
    x, y = focus_xy_px
    to_unit = np.array([[1 / unit, 0, -x / unit], [0, 1 / unit, -y / unit], [0, 0, 1]])
    return View(camera @ placed @ to_unit, frame_wh_px)


def _turn(angle: float, first: int, second: int) -> F64:
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = math.cos(angle)
    turn[first, second], turn[second, first] = -math.sin(angle), math.sin(angle)
    return turn


def held_up(plane: Plane, scale: float, tilt: float, rng: np.random.Generator) -> View:
    """The face in the middle of a frame that reaches beyond the artefact's edges.

    Args:
        plane: the artefact.
        scale: frame pixels per plane pixel.
        tilt: standard deviation of yaw, pitch and roll in degrees.
        rng: decides frame and pose.
    """
    width = round(plane.face_width_px * scale * draw(rng, FRAME_OVER_FACE))
    frame = width, round(width * draw(rng, FRAME_ASPECT))
    centre = [side * (0.5 + draw(rng, (-OFF_CENTRE, OFF_CENTRE))) for side in frame]
    left, top, right, bottom = plane.face_xyxy_px
    focus = (left + right) / 2, (top + bottom) / 2
    return look(focus, scale, _tilt(tilt, rng), frame, (centre[0], centre[1]))


def filling(plane: Plane, scale: float, tilt: float, rng: np.random.Generator) -> View:
    """So near that the picture's edges lie outside of the frame.

    Args:
        plane: the artefact.
        scale: frame pixels per plane pixel.
        tilt: standard deviation of yaw, pitch and roll in degrees; an eighth of it is used, since
            more would let the edges in.
        rng: decides the pose.
    """
    share = draw(rng, FILLED_SHARE)
    left, top, right, bottom = plane.picture_xyxy_px
    face = plane.face_xyxy_px
    x, width = _inside((left, right), (face[0], face[2]), share)
    y, height = _inside((top, bottom), (face[1], face[3]), share)
    frame = max(round(width * scale), 1), max(round(height * scale), 1)
    return look((x, y), scale, _tilt(tilt / 8, rng), frame, (frame[0] / 2, frame[1] / 2))


def _inside(picture: Range, face: Range, share: float) -> tuple[float, float]:
    """Centre and length of a stretch of the picture that is as near to the face as it can be."""
    low, high = picture
    longest = FILLED_SHARE[1] * (high - low)
    margin = (high - low - longest) / 2
    length = min(longest, max(share * (high - low), FACE_WITH_HAIR * (face[1] - face[0])))
    middle = (face[0] + face[1]) / 2
    lowest, highest = low + margin + length / 2, high - margin - length / 2
    return min(max(middle, lowest), highest), length


def _tilt(sd_deg: float, rng: np.random.Generator) -> tuple[float, float, float]:
    yaw, pitch, roll = np.clip(rng.standard_normal(3), -2, 2) * sd_deg
    return float(yaw), float(pitch), float(roll) / 2


def crop_around(picture_rgb: Pixels, face: Box, over_face: float) -> tuple[Pixels, Box]:
    """The part of a picture that is `over_face` times as wide as the face, as far as it reaches."""
    height, width = picture_rgb.shape[:2]
    half = over_face * (face[2] - face[0]) / 2
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    left, top = max(0, round(x - half)), max(0, round(y - half * 1.1))
    right, bottom = min(width, round(x + half)), min(height, round(y + half * 1.3))
    moved = face[0] - left, face[1] - top, face[2] - left, face[3] - top
    return np.ascontiguousarray(picture_rgb[top:bottom, left:right]), moved


def framed(
    picture_rgb: Pixels,
    face: Box,
    borders_px: tuple[int, int, int, int],
    rgb: tuple[float, float, float],
    width_mm: float,
) -> Plane:
    """A picture inside a border of one colour: a sheet or a device.

    Args:
        picture_rgb: (H, W, 3) uint8.
        face: the face's box in it.
        borders_px: left, top, right, bottom.
        rgb: the border's colour.
        width_mm: of the picture without its border.
    """
    left, top, right, bottom = borders_px
    height, width = picture_rgb.shape[:2]
    pixels = np.empty((height + top + bottom, width + left + right, 3), np.uint8)
    pixels[:] = np.asarray(rgb, np.float32).astype(np.uint8)
    pixels[top : top + height, left : left + width] = picture_rgb
    moved = face[0] + left, face[1] + top, face[2] + left, face[3] + top
    shown = float(left), float(top), float(left + width), float(top + height)
    return Plane(pixels, moved, width_mm / width, shown)
