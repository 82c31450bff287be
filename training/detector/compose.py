"""Frames with known faces, composed of pictures, clutter and cards.

Two rules decide what counts as a face. One rolled by more than 75 degrees is none, so that the
score tells which way up a picture is; from 45 to 75 degrees the network may say what it wants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from fvs.geometry import ARCFACE_TEMPLATE_112, TEMPLATE_SIDE_PX, similarity_transforms
from training.detector.scenery import clutter
from training.detector.sources import FACE, MIRRORED, UNSURE, People, Picture
from training.detector.wear import Noise, occlude, worn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from fvs.records import F64, Pixels
    from training.detector.config import ComposeConfig
    from training.detector.sources import Sources

__all__ = ["Composer", "Frame", "moved", "rolls_deg"]

UPRIGHT_DEG, LYING_DEG = 45.0, 75.0

LEAST_SEEN, LEAST_SIDE_PX = 0.55, 10.0
"""A face of which less is in the frame, or that is smaller, is neither to be found nor missed."""

BORDERS = (0.0625, 0.2, 0.03)
"""Of the looks of the engine (`fvs.detect`)."""

ALIGNED_PX, ALIGNED_SHARE = 128, 0.75
"""Side of the canvas of `fvs.refine`, and the share of it that the face takes."""

CLUTTER_PX = 400

OCCLUDED = 0.15
"""Share of the faces that something is held before."""


class Frame(NamedTuple):
    """(S, S, 3) uint8 RGB and the faces in it."""

    pixels_rgb: Pixels
    people: People


class Composer:
    """Makes frames without end."""

    def __init__(
        self, config: ComposeConfig, faces: Sources, cards: Sources, use: str, rng: Generator
    ) -> None:
        self._faces, self._cards, self._rng = faces, cards, rng
        self._folders = [(faces.rows(use, name), share) for name, share in config.sources.items()]
        self._card_rows = cards.rows(use)
        self._aligned_share = config.aligned
        self._noise = Noise(rng)
        makers: list[tuple[Callable[[int], Frame], float]] = [
            (self._fitted, config.fitted), (self._placed, config.placed),
            (self._scene, config.scene), (self._card, config.card), (self._empty, config.empty),
        ]  # fmt: skip
        self._makers = [maker for maker, _ in makers]
        self._shares = np.array([share for _, share in makers])
        self._clutter = [clutter(CLUTTER_PX, self._picture(), rng) for _ in range(config.clutter)]

    def frame(self, side_px: int) -> Frame:
        """One frame of any kind."""
        rng = self._rng
        maker = self._makers[rng.choice(len(self._makers), p=self._shares / self._shares.sum())]
        if side_px <= ALIGNED_PX and rng.random() < self._aligned_share:
            maker = self._aligned
        pixels, people = maker(side_px)
        for points in people.landmarks_px[people.kind == FACE]:
            if rng.random() < OCCLUDED:
                occlude(pixels, points, rng)
        return Frame(worn(pixels, self._noise, rng), people)

    def _picture(self) -> Picture:
        shares = np.array([share for _, share in self._folders])
        rows, _ = self._folders[self._rng.choice(len(shares), p=shares / shares.sum())]
        return self._faces.picture(int(self._rng.choice(rows)))

    def _fitted(self, side: int) -> Frame:
        """A whole picture in the middle, as the engine shows it, hardly turned."""
        rng = self._rng
        picture = self._picture()
        height, width = picture.pixels_rgb.shape[:2]
        border = rng.choice(BORDERS) if rng.random() < 0.7 else rng.uniform(0, 0.3)  # noqa: PLR2004
        scale = side * (1 - 2 * border) / max(height, width) * np.exp(rng.normal(0, 0.05))
        middle = np.array([width - 1, height - 1]) / 2
        target = (side - 1) / 2 + rng.normal(0, 0.02, 2) * side
        matrix = self._similarity(scale, rng.normal(0, 6), middle, target)
        canvas = np.zeros((side, side, 3), np.uint8)
        return self._laid(canvas, picture, matrix, replicate=False)

    def _placed(self, side: int) -> Frame:
        """A picture with its main face at a size, place and turn drawn; the rest is whatever."""
        rng = self._rng
        picture = self._picture()
        share = np.exp(rng.uniform(np.log(0.1), np.log(1.15)))
        box = picture.people.xyxy_px[0]
        scale = share * side / (box[2:] - box[:2]).max()
        free = max(0.12, (1 - share) / 2)
        target = (side - 1) / 2 + rng.uniform(-free, free, 2) * side
        matrix = self._similarity(scale, self._roll(), (box[:2] + box[2:]) / 2, target)
        draw = rng.random()
        canvas = np.zeros((side, side, 3), np.uint8)
        if draw < 0.3:  # noqa: PLR2004 - share on clutter
            canvas = self._cut_clutter(side)
        elif draw < 0.5:  # noqa: PLR2004 - share on one colour
            canvas[:] = rng.integers(0, 256, 3)
        return self._laid(canvas, picture, matrix, replicate=draw > 0.85)  # noqa: PLR2004

    def _aligned(self, side: int) -> Frame:
        """The main face as `fvs.refine` shows it: upright in the middle, but for chance."""
        rng = self._rng
        picture = self._picture()
        template = (ARCFACE_TEMPLATE_112 / TEMPLATE_SIDE_PX - 0.5) * ALIGNED_SHARE * side
        upright = similarity_transforms(picture.people.landmarks_px[:1], template)[0]
        roll = rng.normal(0, 7) if rng.random() < 0.8 else rng.uniform(-40, 40)  # noqa: PLR2004
        target = (side - 1) / 2 + rng.normal(0, 0.04, 2) * side
        jitter = self._similarity(np.exp(rng.normal(0, 0.1)), roll, np.zeros(2), target)
        matrix = np.column_stack(
            [jitter[:, :2] @ upright[:, :2], jitter[:, :2] @ upright[:, 2] + jitter[:, 2]]
        )
        canvas = np.zeros((side, side, 3), np.uint8)
        return self._laid(canvas, picture, matrix, replicate=False)

    def _scene(self, side: int) -> Frame:
        """Up to five people cut out, side by side on clutter."""
        rng = self._rng
        canvas = self._cut_clutter(side)
        parts: list[People] = []
        taken: list[F64] = []
        for _ in range(int(rng.integers(1, 6))):
            picture = self._picture()
            box = picture.people.xyxy_px[0]
            share = np.exp(rng.uniform(np.log(0.06), np.log(0.55)))
            scale = share * side / (box[2:] - box[:2]).max()
            target = rng.uniform(0.02, 0.98, 2) * side
            room = scale * (box[2:] - box[:2]) * rng.uniform(0.62, 1.1)
            place = np.concatenate([target - room, target + room])
            if any(
                (np.maximum(place[:2], t[:2]) < np.minimum(place[2:], t[2:])).all() for t in taken
            ):
                continue
            matrix = self._similarity(scale, self._roll(), (box[:2] + box[2:]) / 2, target)
            taken.append(place)
            parts.append(self._cut_out(canvas, picture, matrix, place))
        return Frame(canvas, People.together(parts))

    def _cut_out(self, canvas: Pixels, picture: Picture, matrix: F64, place: F64) -> People:
        """Paste what of the picture falls into a place, with a hard or soft edge, in place."""
        side = canvas.shape[0]
        left, top = np.clip(np.floor(place[:2]), 0, side - 1).astype(int)
        right, bottom = np.clip(np.ceil(place[2:]), 1, side).astype(int)
        width, height = right - left, bottom - top
        shifted = matrix - np.array([[0, 0, left], [0, 0, top]])
        cut = _warp(picture.pixels_rgb, shifted, (width, height))
        plate = np.full(picture.pixels_rgb.shape[:2], 255, np.uint8)
        alpha = _warp(plate, shifted, (width, height))
        if self._rng.random() < 0.6:  # noqa: PLR2004 - share with an oval edge
            alpha = np.minimum(alpha, self._oval(alpha.shape, place - np.tile([left, top], 2)))
        opacity = alpha.astype(np.float32) / 255
        below = np.ascontiguousarray(canvas[top:bottom, left:right])
        canvas[top:bottom, left:right] = cv2.blendLinear(cut, below, opacity, 1 - opacity)
        return moved(picture.people.take(slice(1)), matrix, side)

    def _oval(self, shape: tuple[int, ...], place: F64) -> Pixels:
        """Opacity of an ellipse that fills a place, with an edge more or less soft."""
        oval = np.zeros(shape, np.uint8)
        middle = tuple(int(v) for v in (place[:2] + place[2:]) / 2)
        axes = tuple(int(v) for v in (place[2:] - place[:2]) / 2)
        cv2.ellipse(oval, middle, axes, 0, 0, 360, 255, -1)
        softness_px = 0.5 + 0.04 * axes[0] * self._rng.random()
        return np.asarray(cv2.GaussianBlur(oval, (0, 0), softness_px), np.uint8)

    def _card(self, side: int) -> Frame:
        """A card on clutter or filling the frame."""
        rng = self._rng
        picture = self._cards.picture(int(rng.choice(self._card_rows)))
        height, width = picture.pixels_rgb.shape[:2]
        scale = side * np.exp(rng.uniform(np.log(0.55), np.log(2.2))) / width
        middle = np.array([width, height]) / 2
        if scale * width > side:
            box = picture.people.xyxy_px[0]
            middle = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.15, 2) * side / scale
        target = side / 2 + rng.normal(0, 0.06, 2) * side
        matrix = self._similarity(scale, self._roll(), middle, target, mirror=False)
        return self._laid(self._cut_clutter(side), picture, matrix, replicate=False)

    def _empty(self, side: int) -> Frame:
        """Clutter, or a person lying or upside down, which counts as clutter."""
        rng = self._rng
        if rng.random() < 0.6:  # noqa: PLR2004 - share of clutter
            return Frame(self._cut_clutter(side), People.nobody())
        picture = self._picture()
        turned = np.ascontiguousarray(np.rot90(picture.pixels_rgb, int(rng.integers(1, 4))))
        height, width = turned.shape[:2]
        scale = side / max(height, width) * rng.uniform(0.5, 1.3)
        target = np.full(2, (side - 1) / 2)
        roll = rng.normal(0, 5)
        matrix = self._similarity(scale, roll, np.array([width - 1, height - 1]) / 2, target)
        canvas = np.zeros((side, side, 3), np.uint8)
        if rng.random() < 0.3:  # noqa: PLR2004 - share on clutter
            canvas = self._cut_clutter(side)
        nobody = Picture(turned, People.nobody())
        return self._laid(canvas, nobody, matrix, replicate=False)

    def _cut_clutter(self, side: int) -> Pixels:
        """A random part of the stock at a random zoom; now and then the stock is renewed."""
        rng = self._rng
        row = int(rng.integers(len(self._clutter)))
        if rng.random() < 0.03:  # noqa: PLR2004 - share renewed
            self._clutter[row] = clutter(CLUTTER_PX, self._picture(), rng)
        size = int(rng.integers(CLUTTER_PX // 4, CLUTTER_PX + 1))
        top, left = rng.integers(0, CLUTTER_PX - size + 1, 2)
        cut = self._clutter[row][top : top + size, left : left + size]
        return np.asarray(cv2.resize(cut, (side, side)), np.uint8)

    def _roll(self) -> float:
        """Degrees: mostly a held head, often any within 45, seldom any at all."""
        draw = self._rng.random()
        if draw < 0.5:  # noqa: PLR2004 - share
            return float(self._rng.normal(0, 10))
        return float(self._rng.uniform(-48, 48) if draw < 0.88 else self._rng.uniform(-180, 180))  # noqa: PLR2004

    def _similarity(
        self,
        scale: float,
        roll_deg: float,
        middle: F64,
        target: F64,
        mirror: bool = True,  # noqa: FBT001, FBT002
    ) -> F64:
        """(2, 3) map that brings `middle` to `target`: stretched a little, mirrored by chance."""
        rng = self._rng
        angle = np.deg2rad(roll_deg)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        stretch = np.exp(rng.normal(0, 0.04))
        shear = np.array([[stretch, rng.normal(0, 0.03)], [0, 1 / stretch]])
        linear = scale * turn @ shear
        if mirror and rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
            linear = linear @ np.diag([-1.0, 1.0])
        return np.column_stack([linear, target - linear @ middle])

    def _laid(self, canvas: Pixels, picture: Picture, matrix: F64, *, replicate: bool) -> Frame:
        """The picture laid onto a canvas, which is seen where the picture does not reach."""
        side = canvas.shape[0]
        border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_TRANSPARENT
        pixels = _warp(picture.pixels_rgb, matrix, (side, side), canvas, border)
        return Frame(pixels, moved(picture.people, matrix, side))


def moved(people: People, matrix: F64, side_px: int) -> People:
    """Faces after an affine map, with the kind that they have in the frame.

    A box keeps its size but for the map's scale, and stays upright; landmarks of mirrored faces
    change places.
    """
    linear, shift = matrix[:, :2], matrix[:, 2]
    area = float(np.linalg.det(linear))
    centre = (people.xyxy_px[:, :2] + people.xyxy_px[:, 2:]) / 2 @ linear.T + shift
    half = (people.xyxy_px[:, 2:] - people.xyxy_px[:, :2]) / 2 * np.sqrt(abs(area))
    points = people.landmarks_px @ linear.T + shift
    if area < 0:
        points = points[:, MIRRORED]
    after = People(np.concatenate([centre - half, centre + half], axis=1), points, people.kind)
    roll = np.abs(rolls_deg(points))
    kind = np.minimum(after.kind, np.where(roll > UPRIGHT_DEG, UNSURE, FACE))
    after = after._replace(kind=np.minimum(kind, _seen_kind(after, side_px)))
    touches = (after.xyxy_px[:, :2] < side_px).all(axis=1) & (after.xyxy_px[:, 2:] > 0).all(axis=1)
    return after.take(touches & (roll <= LYING_DEG))


def rolls_deg(landmarks_px: F64) -> F64:
    """(M,) turn of each face in the plane, clockwise as seen."""
    across = landmarks_px[:, 1] - landmarks_px[:, 0] + landmarks_px[:, 4] - landmarks_px[:, 3]
    down = (landmarks_px[:, 3:] - landmarks_px[:, :2]).mean(axis=1)
    right = across + np.stack([down[:, 1], -down[:, 0]], axis=1)
    return np.asarray(np.degrees(np.arctan2(right[:, 1], right[:, 0])))


def _seen_kind(people: People, side_px: int) -> F64:
    """FACE where enough of a face is in the frame, else UNSURE."""
    sides = people.xyxy_px[:, 2:] - people.xyxy_px[:, :2]
    inside = np.clip(people.xyxy_px, -0.5, side_px - 0.5)
    seen = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / np.prod(sides, axis=1)
    enough = (seen >= LEAST_SEEN) & (sides.max(axis=1) >= LEAST_SIDE_PX)
    return np.where(enough, FACE, UNSURE)


def _warp(
    pixels: Pixels,
    matrix: F64,
    size: tuple[int, int],
    canvas: Pixels | None = None,
    border: int = cv2.BORDER_CONSTANT,
) -> Pixels:
    """Affine warp that averages where it shrinks much."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.6:  # noqa: PLR2004 - bilinear sampling begins to skip pixels
        height, width = pixels.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        factor = np.array([width / small[0], height / small[1]])
        pixels = np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)
        linear = matrix[:, :2] * factor
        shift = matrix[:, 2] + matrix[:, :2] @ (factor / 2 - 0.5)
        # Pixel centres: picture + 0.5 = (small + 0.5) * factor.
        matrix = np.column_stack([linear, shift])
    if canvas is None:
        return np.asarray(cv2.warpAffine(pixels, matrix, size, borderMode=border), np.uint8)
    laid = cv2.warpAffine(pixels, matrix, size, dst=canvas, borderMode=border)
    return np.asarray(laid, np.uint8)
