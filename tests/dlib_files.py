"""Files in dlib's format, of networks with random weights: written as dlib's C++ would."""

import io
from dataclasses import dataclass, field

import numpy as np

from fvs.dlib_import.resnet import BLOCKS, DIMENSION, STEM, DlibResnet, Scaled

ONE = (0x10, -4)
"""Mantissa and exponent of 1.0, as dlib writes a double."""

MEAN_RGB = ((0xF59062, -17), (0xEA0083, -17), (0xD09893, -17))


def random_network(seed=0):
    """Weights that keep values about as large as they are, with every bias and gain at work."""
    rng = np.random.default_rng(seed)

    def scaled(shape):
        fan_in = np.prod(shape.shape[1:])
        return Scaled(
            filters=rng.normal(0, np.sqrt(1 / fan_in), shape.shape).astype(np.float32),
            bias=rng.normal(0, 0.1, shape.filters).astype(np.float32),
            gain=rng.uniform(0.5, 1.5, shape.filters).astype(np.float32),
            offset=rng.normal(0, 0.1, shape.filters).astype(np.float32),
        )

    features = BLOCKS[-1].second.filters
    return DlibResnet(
        stem=scaled(STEM),
        blocks=tuple((scaled(block.first), scaled(block.second)) for block in BLOCKS),
        projection=rng.normal(0, 1 / 16, (features, DIMENSION)).astype(np.float32),
    )


def dlib_file(network):
    """The bytes, and the offsets of those that any network of this kind shares."""
    writer = Writer()
    writer.preamble()
    writer.input_layer()
    writer.scaled(STEM, network.stem, innermost=True)
    writer.layer("relu_")
    writer.pool("max_pool_2", 3, 2)
    for block, weights in zip(BLOCKS, network.blocks, strict=True):
        writer.scaled(block.first, weights[0])
        writer.layer("relu_")
        writer.scaled(block.second, weights[1])
        if block.first.stride == 2:
            writer.pool("avg_pool_2", 2, 2)
        writer.layer("add_prev_")
        writer.layer("relu_")
    writer.pool("avg_pool_2", 0, 1)
    writer.projection(network.projection)
    return writer.stream.getvalue(), np.concatenate([np.arange(*ends) for ends in writer.fixed])


@dataclass
class Writer:
    """Writes values one after another, and remembers which bytes could not be others."""

    stream: io.BytesIO = field(default_factory=io.BytesIO)
    fixed: list = field(default_factory=list)

    def put(self, content, *, fixed=True):
        """Bytes."""
        start = self.stream.tell()
        self.stream.write(content)
        if fixed:
            self.fixed.append((start, start + len(content)))

    def integers(self, *values, fixed=True):
        """Integers of any sign."""
        for value in values:
            size = max(1, (abs(value).bit_length() + 7) // 8)
            control = size | (0x80 if value < 0 else 0)
            self.put(bytes([control]) + abs(value).to_bytes(size, "little"), fixed=fixed)

    def text(self, text):
        """A string."""
        self.integers(len(text))
        self.put(text.encode())

    def tensor(self, values, *shape):
        """A tensor of four axes."""
        self.integers(2, *shape, *[1] * (4 - len(shape)))
        self.put(np.asarray(values, "<f4").tobytes(), fixed=False)

    def alias(self, *shape):
        """The shape of a part of a tensor."""
        self.integers(1, *shape, *[1] * (4 - len(shape)))

    def rates(self):
        """The four multipliers of learning rates and weight decays."""
        for _ in range(4):
            self.integers(*ONE, fixed=False)

    def layer_end(self):
        """Three flags and three empty tensors."""
        self.put(b"110", fixed=False)
        self.integers(*[2, 0, 0, 0, 0] * 3)

    def layer(self, name):
        """A layer without settings."""
        self.text(name)
        self.layer_end()

    def preamble(self):
        """The loss, and the versions of all layers from the last to the first."""
        self.integers(1)
        self.text("loss_metric_2")
        self.integers(0xA3D70A, -28, 0x99999A, -24, fixed=False)
        plain, down = [2, 2] + [2] * 5 + [1], [2, 2, 2, 1, 1] + [2] * 5 + [1]
        stages = [[down], [plain, plain, down], [plain, plain, down], [plain] * 3 + [down]]
        blocks = [block for stage in stages for block in stage] + [plain] * 3
        self.integers(2, 2, *[version for block in blocks for version in block], 2, 2, 2, 3)

    def input_layer(self):
        """Pixels of 150 x 150 px less their mean."""
        self.text("input_rgb_image_sized")
        for mean in MEAN_RGB:
            self.integers(*mean)
        self.integers(150, 150)

    def scaled(self, shape, weights, *, innermost=False):
        """A convolution and its scaling."""
        n = shape.filters
        self.text("con_4")
        values = np.concatenate([weights.filters.ravel(), weights.bias])
        self.tensor(values, len(values))
        padding = shape.side // 2 if shape.stride == 1 else 0
        self.integers(n, shape.side, shape.side, shape.stride, shape.stride, padding, padding)
        self.alias(*weights.filters.shape)
        self.alias(1, n)
        self.rates()
        self.layer_end()
        if innermost:
            self.integers(1)
        self.text("affine_")
        self.tensor(np.concatenate([weights.gain, weights.offset]), 2 * n)
        self.alias(1, n)
        self.alias(1, n)
        self.integers(0)
        self.layer_end()

    def pool(self, name, side, stride):
        """A pooling without padding."""
        self.text(name)
        self.integers(side, side, stride, stride, 0, 0)
        self.layer_end()

    def projection(self, values):
        """The last layer, without a bias."""
        self.text("fc_2")
        self.integers(values.shape[1], values.shape[0])
        self.tensor(values, *values.shape)
        self.alias(*values.shape)
        self.alias(0, 0, 0, 0)
        self.integers(1)
        self.rates()
        self.layer_end()
