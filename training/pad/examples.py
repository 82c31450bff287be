"""Training examples: a picture, live or attacked, as the crop that the engine would cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.liveness import pad_crops
from fvs.specimen.presentation import SPECIES, present, seen_live
from fvs.specimen.presentation.surroundings import add_objects
from fvs.specimen.presentation.view import crop_around
from training.pad.geometry import BOX_SCALE, CLASSES, INPUT_PX, LIVE
from training.pad.index import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.records import F32, Pixels
    from training.pad.config import ExampleConfig
    from training.pad.index import Box, Face

__all__ = ["Example", "Examples", "draw_scale", "jittered", "live_target"]

CALLED_LIVE = 0.5
"""Mean live probability from which the teachers call a picture live."""

CLEAR_OF_FACE = (0.75, 0.95)
"""Half axes, of the face's width and height, of the ellipse that objects beside a person spare."""


class Example(NamedTuple):
    """A crop (128, 128, 3) uint8 RGB, class probabilities to learn, and their weight."""

    crop_rgb: Pixels
    target: F32
    weight: float


class Examples:
    """Random examples of a set of pictures."""

    def __init__(
        self,
        config: ExampleConfig,
        faces: Sequence[Face],
        contents: Mapping[str, bytes],
        species: Sequence[str],
    ) -> None:
        self._config = config
        self._contents = contents
        self._by_source = {
            source: [face for face in faces if face.source == source] for source in config.sources
        }
        self._sources = [source for source, rows in self._by_source.items() if rows]
        weights = np.array([config.sources[source] for source in self._sources])
        self._weights = weights / weights.sum()
        self._species = {
            kind: [name for name in species if SPECIES[name].kind == kind]
            for kind in ("print", "replay")
        }

    def make(self, rng: np.random.Generator) -> Example:
        """One example, live or attacked."""
        source = self._sources[rng.choice(len(self._sources), p=self._weights)]
        rows = self._by_source[source]
        face = rows[rng.integers(len(rows))]
        if rng.random() < self._config.live:
            return self.live(face, rng)
        kind = ("print", "replay")[rng.integers(2)]
        names = self._species[kind]
        return self.attack(names[rng.integers(len(names))], face, rng)

    def live(self, face: Face, rng: np.random.Generator) -> Example:
        """The picture as it is, seen by a random camera."""
        config = self._config
        picture, box = decoded(self._contents[face.file]), face.xyxy_px
        if rng.random() < config.tight:
            picture, box = crop_around(picture, box, rng.uniform(1.3, 2.5))
        if rng.random() < config.objects:
            picture = beside(picture, box, rng)
        frame, box = seen_live(picture, box, draw_scale(config, box, rng), rng)
        target, weight = live_target(face, config)
        return Example(self._crop(frame, box, rng), target, weight)

    def attack(self, name: str, face: Face, rng: np.random.Generator) -> Example:
        """An artefact made of the picture, seen by a random camera."""
        picture = decoded(self._contents[face.file])
        scale = draw_scale(self._config, face.xyxy_px, rng)
        frame, box = present(name, picture, face.xyxy_px, scale, rng)
        target = np.zeros(len(CLASSES), np.float32)
        target[CLASSES.index(SPECIES[name].kind)] = 1.0
        return Example(self._crop(frame, box, rng), target, 1.0)

    def _crop(self, frame: Pixels, box: Box, rng: np.random.Generator) -> Pixels:
        boxes = np.array([jittered(box, self._config.box_jitter, rng)], np.float32)
        crop: Pixels = pad_crops([frame], boxes, BOX_SCALE, INPUT_PX)[0]
        return crop


def draw_scale(config: ExampleConfig, box: Box, rng: np.random.Generator) -> float:
    """Magnification that brings the face to a random width, as far as it may be stretched."""
    low, high = np.log(config.face_px)
    wanted = np.exp(rng.uniform(low, high)) / (box[2] - box[0])
    return float(np.clip(wanted, *config.scale))


def jittered(box: Box, sd: float, rng: np.random.Generator) -> Box:
    """A box as another detector might find it."""
    wide, high = box[2] - box[0], box[3] - box[1]
    moves = np.clip(rng.standard_normal(4), -2, 2) * sd * np.array([wide, high, wide, high])
    left, top, right, bottom = (float(v) for v in np.asarray(box) + moves)
    return left, top, right, bottom


def live_target(face: Face, config: ExampleConfig) -> tuple[F32, float]:
    """Class probabilities for a live picture, and its weight.

    Where the teachers call it live, their softmax is mixed in. Where they do not, it may be a
    scan, or they may be wrong: the label alone counts, with less weight.
    """
    label = np.zeros(len(CLASSES), np.float32)
    label[LIVE] = 1.0
    if face.teachers[LIVE] < CALLED_LIVE:
        return label, config.doubted_weight
    share = np.float32(config.teacher_share)
    return (1 - share) * label + share * np.array(face.teachers, np.float32), 1.0


def beside(picture_rgb: Pixels, box: Box, rng: np.random.Generator) -> Pixels:
    """Straight-edged things around a person, so that an edge alone is no sign of an attack."""
    left, top, right, bottom = box
    y, x = np.ogrid[: picture_rgb.shape[0], : picture_rgb.shape[1]]
    across = (x - (left + right) / 2) / (CLEAR_OF_FACE[0] * (right - left))
    down = (y - (top + bottom) / 2) / (CLEAR_OF_FACE[1] * (bottom - top))
    person = (across**2 + down**2 < 1) | ((down > 0) & (np.abs(across) < 1 + down))
    return np.where(person[..., None], picture_rgb, add_objects(picture_rgb, rng))
