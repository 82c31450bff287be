"""What is measured on: held-out pictures, live and attacked, each frame scored by each system."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.liveness import pad_crops
from fvs.raster import jpeg_round_trip, resize_bilinear
from fvs.specimen.attack import PaperAttack, ScreenAttack, hold_up_print, replay_on_screen
from fvs.specimen.presentation import SPECIES, present, seen_live, seen_near
from training.pad.examples import draw_scale
from training.pad.geometry import BOX_SCALE, INPUT_PX, LIVE
from training.pad.index import decoded
from training.pad.prepare import main_boxes, mean_softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fvs.network import Network
    from fvs.records import F64, U8, Pixels
    from training.pad.config import ExampleConfig
    from training.pad.index import Box, Face

__all__ = [
    "INDEPENDENT",
    "Crops",
    "Shot",
    "attacked",
    "changed",
    "gathered",
    "independent",
    "kept",
    "live_probability",
    "live_shots",
    "near_shots",
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


def near_shots(
    faces: Sequence[Face], contents: Mapping[str, bytes], config: ExampleConfig
) -> Iterator[Shot]:
    """Live pictures cut and resampled as the artefacts that fill the frame: their control."""
    for face in faces:
        rng = _rng("near", face)
        scale = draw_scale(config, face.xyxy_px, rng)
        yield Shot(*seen_near(decoded(contents[face.file]), face.xyxy_px, scale, rng))


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
        frame = _demo_attack(name, picture, seed)
        boxes = main_boxes([frame], detector)
        if np.isfinite(boxes).all():
            left, top, right, bottom = boxes[0].tolist()
            yield Shot(frame, (left, top, right, bottom))


def _demo_attack(name: str, picture: Pixels, seed: int) -> Pixels:
    if name == "demo_screen":
        return replay_on_screen(picture, ScreenAttack(), seed)
    paper = PaperAttack()
    if name == "demo_paper_close":
        near = {"card_share": CLOSE_UP_SHARE, "yaw_deg": 0.0, "pitch_deg": 0.0, "roll_deg": 0.0}
        paper = replace(paper, capture=replace(paper.capture, **near))  # type: ignore[arg-type]
    return hold_up_print(picture, paper, seed)


def changed(shots: Iterable[Shot], *, quality: int | None = None, scale: float = 1.0) -> list[Shot]:
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


class Crops(NamedTuple):
    """What our network sees of N shots, and the teachers' live probabilities of them."""

    crops_rgb: U8
    teachers: F64


def gathered(shots: Iterable[Shot], teachers: Sequence[Network]) -> Crops:
    """Cut every shot for our network and ask the teachers; NaN where there are none."""
    crops = [np.zeros((0, INPUT_PX, INPUT_PX, 3), np.uint8)]
    answers: list[F64] = [np.zeros(0)]
    for batch in _batches(shots):
        frames = [shot.frame_rgb for shot in batch]
        boxes = np.array([shot.box for shot in batch], np.float32)
        crops.append(pad_crops(frames, boxes, BOX_SCALE, INPUT_PX))
        unknown = np.full(len(batch), np.nan)
        answers.append(mean_softmax(frames, boxes, teachers)[:, LIVE] if teachers else unknown)
    return Crops(np.concatenate(crops), np.concatenate(answers))


def kept(path: Path, make: Callable[[], Crops]) -> Crops:
    """What `make` gives, from the file at `path` where an earlier run has left it there."""
    if not path.exists():
        draft = path.with_suffix(".partial.npz")
        np.savez(draft, **make()._asdict())
        draft.replace(path)
    with np.load(path) as arrays:
        return Crops(arrays["crops_rgb"], arrays["teachers"])


def live_probability(crops_rgb: U8, network: Network) -> F64:
    """(N,) our network's probability of live for its crops."""
    parts: list[F64] = [np.zeros(0)]
    for start in range(0, len(crops_rgb), BATCH):
        head = network.manifest.pad
        if head is None:
            raise ValueError(f"{network.manifest.id} is no PAD network")
        logits = network.run(crops_rgb[start : start + BATCH])[head.output].astype(np.float64)
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        parts.append(power[:, head.classes.index("live")] / power.sum(axis=1))
    return np.concatenate(parts)


def _batches(shots: Iterable[Shot]) -> Iterator[list[Shot]]:
    batch: list[Shot] = []
    for shot in shots:
        batch.append(shot)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
