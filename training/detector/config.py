"""The TOML file that describes one training run of the detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.common.config import Strict, read_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ComposeConfig", "Config", "NetworkConfig", "OptimiserConfig", "load_config"]


class NetworkConfig(Strict, frozen=True, kw_only=True):
    """Shape of the network.

    Attributes:
        stem_px: side of the first kernel, which steps by 4 px.
        widths: channels at strides 4, 8, 16 and 32.
        heads: channels of the head at stride 8, and of the one shared by 16 and 32.
    """

    stem_px: int
    widths: tuple[int, int, int, int]
    heads: tuple[int, int]


class ComposeConfig(Strict, frozen=True, kw_only=True):
    """What frames are made of.

    Attributes:
        sides_px: sides of the square frames of one batch after another.
        sources: how often a picture of each folder of the pool is taken.
        fitted, placed, scene, card, empty: how often each kind of frame is made: a picture as the
            engine shows it; one with its main face at a size drawn; faces pasted on clutter; a
            card; clutter alone.
        aligned: share of the 128 px frames that show a face as `fvs.refine` does instead.
        clutter: pictures kept of which backgrounds are cut.
    """

    sides_px: tuple[int, ...]
    sources: dict[str, float]
    fitted: float
    placed: float
    scene: float
    card: float
    empty: float
    aligned: float
    clutter: int


class OptimiserConfig(Strict, frozen=True, kw_only=True):
    """AdamW on a cosine over the clock.

    Attributes:
        seconds: length of the schedule, of the clock while the process lives.
        warm_up_seconds: of it.
        learning_rate: at the top.
        weight_decay: of AdamW.
        freeze_at: share of the schedule after which batches are normalised by averages over all
            of them, as in use, and no longer by their own frames. Frames of one batch are of one
            size and partly of one kind; what is learned from their own statistics is biased in
            use (boxes came out 14 % too large).
        batch: frames a step.
        average: decay per step of the averaged weights, which are what is exported.
        bfloat16: compute in it; weights stay float32.
        checkpoint_seconds: between checkpoints.
    """

    seconds: float
    warm_up_seconds: float
    learning_rate: float
    weight_decay: float
    freeze_at: float
    batch: int
    average: float
    bfloat16: bool
    checkpoint_seconds: float


class LossConfig(Strict, frozen=True, kw_only=True):
    """Weights of the parts of the loss, each a mean over the cells that hold a face."""

    score: float
    overlap: float
    box: float
    landmarks: float


class Config(Strict, frozen=True, kw_only=True):
    """One run."""

    seed: int
    network: NetworkConfig
    compose: ComposeConfig
    optimiser: OptimiserConfig
    loss: LossConfig


def load_config(path: Path) -> Config:
    """As `training.common.config.read_config`."""
    return read_config(path, Config)
