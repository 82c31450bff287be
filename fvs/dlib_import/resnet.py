"""dlib's face recognition network: what it is made of, and how its file lays that out.

The network is `anet_type` of dlib's example `dnn_face_recognition_ex.cpp`: a ResNet of 29
convolutions (He et al., "Deep residual learning for image recognition", 2016) with half the
filters, whose batch normalisation is frozen to one gain and offset per filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from fvs.dlib_import.stream import DlibReader
from fvs.errors import ModelIntegrityError

if TYPE_CHECKING:
    from fvs.records import F32

__all__ = [
    "BLOCKS",
    "DIMENSION",
    "DOWN_POOL",
    "INPUT_SIDE_PX",
    "MEAN_RGB",
    "STD_RGB",
    "STEM",
    "STEM_POOL",
    "Block",
    "Convolution",
    "DlibResnet",
    "Pool",
    "Scaled",
    "read_resnet",
]

INPUT_SIDE_PX = 150
DIMENSION = 128

MEAN_RGB = (122.782, 117.001, 104.298)
"""Subtracted from pixels 0..255, as the file states."""

STD_RGB = (256.0, 256.0, 256.0)
"""Divisor of what is left; a constant of dlib's `input_rgb_image_sized`, not in the file."""

WRAPPER, LAYER, INPUT_LAYER = 1, 2, 3
"""Versions by which the file announces tags, skips and the loss; layers; the innermost layer."""

LAYER_FLAGS = 3
LAYER_BUFFERS = 3
RATE_MULTIPLIERS = 4
LOSS_SETTINGS = 2
CONVOLUTION_MODE = 0
NO_BIAS_MODE = 1


@dataclass(frozen=True)
class Convolution:
    """Shape of a convolution; dlib pads only those of stride 1."""

    filters: int
    channels: int
    side: int = 3
    stride: int = 1

    @property
    def padding(self) -> int:
        """Zeros on each side of the input."""
        return self.side // 2 if self.stride == 1 else 0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the filters."""
        return (self.filters, self.channels, self.side, self.side)

    def output_side(self, side: int) -> int:
        """Side of the output for an input of `side`."""
        return (side + 2 * self.padding - self.side) // self.stride + 1


@dataclass(frozen=True)
class Pool:
    """Shape of a pooling without padding; side 0 takes in everything."""

    side: int
    stride: int

    def output_side(self, side: int) -> int:
        """Side of the output for an input of `side`."""
        return (side - self.side) // self.stride + 1


@dataclass(frozen=True)
class Block:
    """A residual block: two convolutions beside a skip, which is pooled where the first strides."""

    first: Convolution
    second: Convolution

    @classmethod
    def of(cls, filters: int, channels: int, stride: int) -> Block:
        """Two 3 x 3 convolutions, the first of which may stride and widen."""
        return cls(Convolution(filters, channels, stride=stride), Convolution(filters, filters))

    @property
    def halves(self) -> bool:
        """Whether the output has half the input's side."""
        return self.first.stride > 1


STEM = Convolution(32, 3, side=7, stride=2)
STEM_POOL = Pool(3, 2)
DOWN_POOL = Pool(2, 2)
LAST_POOL = Pool(0, 1)

BLOCKS = (
    *[Block.of(32, 32, 1)] * 3,
    Block.of(64, 32, 2),
    *[Block.of(64, 64, 1)] * 3,
    Block.of(128, 64, 2),
    *[Block.of(128, 128, 1)] * 2,
    Block.of(256, 128, 2),
    *[Block.of(256, 256, 1)] * 2,
    Block.of(256, 256, 2),
)


@dataclass(frozen=True)
class Scaled:
    """A convolution and the scaling after it.

    Attributes:
        filters: (F, C, side, side) float32.
        bias: (F,) float32.
        gain: (F,) float32; each filter's output is multiplied by it,
        offset: (F,) float32; and then this is added.
    """

    filters: F32
    bias: F32
    gain: F32
    offset: F32


@dataclass(frozen=True)
class DlibResnet:
    """The network's weights.

    Attributes:
        stem: of `STEM`.
        blocks: of each of `BLOCKS`, in the order of the data's flow.
        projection: (256, DIMENSION) float32, from the pooled features to the embedding.
    """

    stem: Scaled
    blocks: tuple[tuple[Scaled, Scaled], ...]
    projection: F32


def read_resnet(stream: BinaryIO, name: str) -> DlibResnet:
    """Read the network, all of it and nothing else.

    Args:
        stream: at the file's first byte.
        name: what errors call the file.

    Raises:
        ModelIntegrityError: the file ends early, goes on, or is anything else.
    """
    reader = DlibReader(stream, name)
    _expect_preamble(reader)
    _expect_input(reader, name)
    stem_filters = _read_convolution(reader, STEM)
    _expect_layer_end(reader)
    reader.expect(1)  # pictures made of one by the input layer
    stem = _read_scaling(reader, stem_filters)
    _expect_plain_layer(reader, "relu_")
    _expect_pool(reader, "max_pool_2", STEM_POOL)
    blocks = tuple(_read_block(reader, block) for block in BLOCKS)
    _expect_pool(reader, "avg_pool_2", LAST_POOL)
    projection = _read_projection(reader, BLOCKS[-1].second.filters)
    reader.expect_end()
    return DlibResnet(stem, blocks, projection)


def _expect_preamble(reader: DlibReader) -> None:
    """The loss, then the version of every layer from the last to the first."""
    reader.expect(WRAPPER)
    reader.expect_text("loss_metric_2")
    for _ in range(LOSS_SETTINGS):
        reader.number()
    reader.expect(LAYER, LAYER)  # projection, pooling
    for block in reversed(BLOCKS):
        reader.expect(LAYER, LAYER)  # rectifier, sum
        if block.halves:
            reader.expect(LAYER, WRAPPER, WRAPPER)  # pooling, skip, tag
        reader.expect(*[LAYER] * 5, WRAPPER)  # scaling to convolution, tag
    reader.expect(LAYER, LAYER, LAYER, INPUT_LAYER)


def _expect_input(reader: DlibReader, name: str) -> None:
    reader.expect_text("input_rgb_image_sized")
    mean = tuple(reader.number() for _ in MEAN_RGB)
    if not np.array_equal(np.array(mean, np.float32), np.array(MEAN_RGB, np.float32)):
        raise ModelIntegrityError(f"{name}: subtracts {mean} from pixels instead of {MEAN_RGB}")
    reader.expect(INPUT_SIDE_PX, INPUT_SIDE_PX)


def _read_block(reader: DlibReader, block: Block) -> tuple[Scaled, Scaled]:
    first = _read_scaled(reader, block.first)
    _expect_plain_layer(reader, "relu_")
    second = _read_scaled(reader, block.second)
    if block.halves:
        _expect_pool(reader, "avg_pool_2", DOWN_POOL)
    _expect_plain_layer(reader, "add_prev_")
    _expect_plain_layer(reader, "relu_")
    return first, second


def _read_scaled(reader: DlibReader, shape: Convolution) -> Scaled:
    filters = _read_convolution(reader, shape)
    _expect_layer_end(reader)
    return _read_scaling(reader, filters)


def _read_convolution(reader: DlibReader, shape: Convolution) -> tuple[F32, F32]:
    """Filters and bias."""
    reader.expect_text("con_4")
    count = int(np.prod(shape.shape))
    values = reader.tensor(count + shape.filters)
    reader.expect(shape.filters, *[shape.side] * 2, *[shape.stride] * 2, *[shape.padding] * 2)
    reader.expect_alias(*shape.shape)
    reader.expect_alias(1, shape.filters)
    for _ in range(RATE_MULTIPLIERS):
        reader.number()
    return values[:count].reshape(shape.shape), values[count:]


def _read_scaling(reader: DlibReader, convolution: tuple[F32, F32]) -> Scaled:
    filters, bias = convolution
    reader.expect_text("affine_")
    values = reader.tensor(2 * len(bias))
    reader.expect_alias(1, len(bias))
    reader.expect_alias(1, len(bias))
    reader.expect(CONVOLUTION_MODE)
    _expect_layer_end(reader)
    return Scaled(filters, bias, gain=values[: len(bias)], offset=values[len(bias) :])


def _read_projection(reader: DlibReader, features: int) -> F32:
    reader.expect_text("fc_2")
    reader.expect(DIMENSION, features)
    values = reader.tensor(features, DIMENSION)
    reader.expect_alias(features, DIMENSION)
    reader.expect_alias(0, 0, 0, 0)
    reader.expect(NO_BIAS_MODE)
    for _ in range(RATE_MULTIPLIERS):
        reader.number()
    _expect_layer_end(reader)
    return values


def _expect_pool(reader: DlibReader, name: str, pool: Pool) -> None:
    reader.expect_text(name)
    reader.expect(*[pool.side] * 2, *[pool.stride] * 2, 0, 0)
    _expect_layer_end(reader)


def _expect_plain_layer(reader: DlibReader, name: str) -> None:
    reader.expect_text(name)
    _expect_layer_end(reader)


def _expect_layer_end(reader: DlibReader) -> None:
    """What every layer closes with: its state, and buffers that were emptied before saving."""
    for _ in range(LAYER_FLAGS):
        reader.flag()
    for _ in range(LAYER_BUFFERS):
        reader.expect_empty_tensor()
