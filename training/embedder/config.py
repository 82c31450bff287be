"""The TOML file that describes one training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.common.config import Strict, read_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AugmentConfig",
    "Config",
    "OptimiserConfig",
    "SeparationConfig",
    "StudentConfig",
    "load_config",
]


class StudentConfig(Strict, frozen=True, kw_only=True):
    """Shape of the network.

    Attributes:
        patch_px: side of the square of pixels that the stem folds into channels.
        widths: channels per stage; every stage but the first halves the size.
        depths: residual blocks per stage.
        dimension: length of the embedding.
    """

    patch_px: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    dimension: int


class AugmentConfig(Strict, frozen=True, kw_only=True):
    """How far a view departs from its picture.

    Attributes:
        rotation_deg: standard deviation.
        scale_log: standard deviation of the logarithm of the zoom.
        shift_px: standard deviation along each axis.
        colour: half-range of the gains of light, contrast, saturation and each channel.
        grey: probability of a picture without colour.
        shrink: probability of a loss of resolution.
        shrink_to_px: side of the smallest picture that is enlarged again.
        jpeg: probability of compression.
        jpeg_quality: lowest and highest quality.
        noise: probability of sensor noise.
        noise_std: its largest standard deviation, of 255.
        mixup: probability that another face shines through.
        mixup_weight: its largest weight.
        paste: probability that a rectangle of another face is pasted.
        paste_side: shortest and longest side of it, of the crop's side.
    """

    rotation_deg: float
    scale_log: float
    shift_px: float
    colour: float
    grey: float
    shrink: float
    shrink_to_px: int
    jpeg: float
    jpeg_quality: tuple[int, int]
    noise: float
    noise_std: float
    mixup: float
    mixup_weight: float
    paste: float
    paste_side: tuple[float, float]


class OptimiserConfig(Strict, frozen=True, kw_only=True):
    """AdamW on two cosines over the clock: distillation, then separation.

    Attributes:
        seconds: length of the schedule, over all runs that continue one another.
        warm_up_seconds: linear rise of the learning rate.
        learning_rate: at the top.
        weight_decay: decoupled (AdamW).
        bfloat16: run the student in bfloat16 (weights stay float32); twice as fast where the
            processor has AVX512-BF16 or AMX.
        fresh: new views per step.
        replayed: earlier views per step, with the teacher's answer of then, which costs nothing.
        replay_buffer: how many earlier views are remembered.
        checkpoint_seconds: between checkpoints.
    """

    seconds: float
    warm_up_seconds: float
    learning_rate: float
    weight_decay: float
    bfloat16: bool
    fresh: int
    replayed: int
    replay_buffer: int
    checkpoint_seconds: float


class SeparationConfig(Strict, frozen=True, kw_only=True):
    """The second phase: pictures of people alike are pushed apart.

    Attributes:
        starts_at: part of the schedule after which it joins the distillation.
        learning_rate: where the first phase ends and this one begins; at most 1e-4, since
            normalisation is frozen from then on.
        pictures: per step, two views of each, all from people alike.
        margin_cosine: different pictures nearer than this are pushed.
        push: weight of the push.
        pull: weight of the pull between the two views of a picture.
        age_bands: limits in years; pictures without a label stay out.
    """

    starts_at: float
    learning_rate: float
    pictures: int
    margin_cosine: float
    push: float
    pull: float
    age_bands: tuple[float, ...]


class Config(Strict, frozen=True, kw_only=True):
    """A whole run."""

    seed: int
    student: StudentConfig
    augment: AugmentConfig
    optimiser: OptimiserConfig
    separation: SeparationConfig

    @property
    def turn_seconds(self) -> float:
        """When the second phase begins."""
        return self.separation.starts_at * self.optimiser.seconds


def load_config(path: Path) -> Config:
    """As `training.common.config.read_config`."""
    return read_config(path, Config)
