"""What is measured on: held-out pictures, live and attacked, each frame scored by each system."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.raster import jpeg_round_trip, resize_bilinear
from fvs.specimen.attack import PaperAttack, ScreenAttack, hold_up_print, replay_on_screen
from fvs.specimen.conditions import SELFIE_AT_WINDOW
from fvs.specimen.presentation import SPECIES, present, seen_live
from fvs.specimen.selfie import take_selfie
from training.pad.examples import draw_scale
from training.pad.geometry import LIVE
from training.pad.index import decoded
from training.pad.prepare import main_boxes, mean_softmax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fvs.network import Network
    from fvs.records import F64, Pixels
    from training.pad.config import ExampleConfig
    from training.pad.index import Box, Face

__all__ = [
    "INDEPENDENT", "Shot", "attacked", "changed", "independent", "live_shots", "score",
    "tunes",
]  # fmt: skip

BATCH = 64

INDEPENDENT = ("demo_screen", "demo_paper", "demo_paper_close")
"""Attacks of `fvs.specimen.attack`, which was written before and is never trained on."""

CLOSE_UP_SHARE = 1.2
"""Width of the sheet over the frame's, so that its edges lie outside."""


class Shot(NamedTuple):
    """One frame and the face's box in it."""

    frame_rgb: Pixels
    box: Box


def tunes(face: Face) -> bool:
    """Whether a held-out picture belongs to the half on which the threshold is chosen."""
    return hashlib.sha256(f"tune {face.file}".encode()).digest()[0] % 2 == 0


def _rng(name: str, face: Face) -> np.random.Generator:
    digest = hashlib.sha256(f"{name} {face.file}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def live_shots(
    faces: Sequence[Face], contents: Mapping[str, bytes], config: ExampleConfig | None
) -> Iterator[Shot]:
    """Live pictures as they are, or with a `config` through the attacks' camera."""
    for face in faces:
        picture = decoded(contents[face.file])
        if config is None:
            yield Shot(picture, face.xyxy_px)
        else:
            rng = _rng("live", face)
            scale = draw_scale(config, face.xyxy_px, rng)
            yield Shot(*seen_live(picture, face.xyxy_px, scale, rng))


def attacked(
    name: str, faces: Sequence[Face], contents: Mapping[str, bytes], config: ExampleConfig
) -> Iterator[Shot]:
    """One attack of one species with each picture."""
    if name not in SPECIES:
        raise ValueError(f"{name!r} is no species")
    for face in faces:
        rng = _rng(name, face)
        scale = draw_scale(config, face.xyxy_px, rng)
        picture = decoded(contents[face.file])
        yield Shot(*present(name, picture, face.xyxy_px, scale, rng))


def independent(
    name: str, faces: Sequence[Face], contents: Mapping[str, bytes], detector: Network
) -> Iterator[Shot]:
    """One attack of `INDEPENDENT` with each picture in which a face is found then."""
    for face in faces:
        seed = int(_rng(name, face).integers(1 << 31))
        picture = decoded(contents[face.file])
        selfie = take_selfie(picture, face.xyxy_px, SELFIE_AT_WINDOW, seed=seed)
        frame = _demo_attack(name, selfie, seed)
        boxes = main_boxes([frame], detector)
        if np.isfinite(boxes).all():
            left, top, right, bottom = boxes[0].tolist()
            yield Shot(frame, (left, top, right, bottom))


def _demo_attack(name: str, selfie: Pixels, seed: int) -> Pixels:
    if name == "demo_screen":
        return replay_on_screen(selfie, ScreenAttack(), seed)
    paper = PaperAttack()
    if name == "demo_paper_close":
        near = {"card_share": CLOSE_UP_SHARE, "yaw_deg": 0.0, "pitch_deg": 0.0, "roll_deg": 0.0}
        paper = replace(paper, capture=replace(paper.capture, **near))  # type: ignore[arg-type]
    return hold_up_print(selfie, paper, seed)


def changed(shots: Sequence[Shot], *, quality: int | None = None, scale: float = 1.0) -> list[Shot]:
    """The same frames, scaled, then compressed."""
    result = []
    for frame, box in shots:
        height, width = frame.shape[:2]
        pixels = resize_bilinear(frame, max(8, round(width * scale)), max(8, round(height * scale)))
        if quality is not None:
            pixels = jpeg_round_trip(pixels, quality)
        left, top, right, bottom = (side * scale for side in box)
        result.append(Shot(pixels, (left, top, right, bottom)))
    return result


def score(shots: Iterable[Shot], systems: Mapping[str, Sequence[Network]]) -> dict[str, F64]:
    """Live probability of each frame by each system, the mean over its networks."""
    parts: dict[str, list[F64]] = {name: [np.zeros(0)] for name in systems}
    for batch in _batches(shots):
        frames = [shot.frame_rgb for shot in batch]
        boxes = np.array([shot.box for shot in batch], np.float32)
        for name, networks in systems.items():
            parts[name].append(mean_softmax(frames, boxes, networks)[:, LIVE])
    return {name: np.concatenate(values) for name, values in parts.items()}


def _batches(shots: Iterable[Shot]) -> Iterator[list[Shot]]:
    batch: list[Shot] = []
    for shot in shots:
        batch.append(shot)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
