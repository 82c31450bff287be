"""The TOML file that describes one training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.common.config import Strict, read_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Config", "ExampleConfig", "NetworkConfig", "OptimiserConfig", "load_config"]


class NetworkConfig(Strict, frozen=True, kw_only=True):
    """Shape of the network.

    Attributes:
        patch_px: side of the square of pixels that the stem folds into channels.
        widths: channels per stage; every stage but the first halves the size.
        depths: residual blocks per stage.
    """

    patch_px: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]


class ExampleConfig(Strict, frozen=True, kw_only=True):
    """What is drawn.

    Attributes:
        live: share of live examples; the rest is half print, half replay.
        held_out_species: never trained on.
        sources: how often each source of pictures is drawn, relative to the others.
        face_px: narrowest and widest face in a frame (uniform in the logarithm).
        scale: smallest and largest magnification of a picture, which bounds `face_px`.
        box_jitter: standard deviation of each side of the face's box, of its size.
        tight: share of live pictures that are cropped near the face.
        objects: share of live pictures with straight-edged things beside the person.
        teacher_share: weight of the teachers in the target of a live picture that they call live.
        doubted_weight: weight of a live picture that they do not call live.
    """

    live: float
    held_out_species: tuple[str, ...]
    sources: dict[str, float]
    face_px: tuple[float, float]
    scale: tuple[float, float]
    box_jitter: float
    tight: float
    objects: float
    teacher_share: float
    doubted_weight: float


class OptimiserConfig(Strict, frozen=True, kw_only=True):
    """AdamW on a cosine over the clock.

    Attributes:
        seconds: length of the schedule, over all runs that continue one another.
        warm_up_seconds: linear rise of the learning rate.
        learning_rate: at the top.
        weight_decay: decoupled (AdamW).
        bfloat16: run the network in bfloat16 (weights stay float32).
        batch: examples per step.
        buffer: examples remembered; each step draws from them by chance, mirrored half the time.
        checkpoint_seconds: between checkpoints.
    """

    seconds: float
    warm_up_seconds: float
    learning_rate: float
    weight_decay: float
    bfloat16: bool
    batch: int
    buffer: int
    checkpoint_seconds: float


class Config(Strict, frozen=True, kw_only=True):
    """A whole run."""

    seed: int
    network: NetworkConfig
    examples: ExampleConfig
    optimiser: OptimiserConfig


def load_config(path: Path) -> Config:
    """As `training.common.config.read_config`."""
    return read_config(path, Config)
