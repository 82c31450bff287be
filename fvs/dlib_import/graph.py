"""dlib's network as an ONNX graph: batched, shape-checked, the same bytes every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fvs.dlib_import.resnet import (
    BLOCKS,
    DIMENSION,
    DOWN_POOL,
    INPUT_SIDE_PX,
    STEM,
    STEM_POOL,
)
from fvs.onnx_storage import load_onnx

if TYPE_CHECKING:
    from types import ModuleType

    import onnx

    from fvs.dlib_import.resnet import Block, Convolution, DlibResnet, Scaled

__all__ = ["INPUT_NAME", "OUTPUT_NAME", "to_onnx"]

INPUT_NAME = "pixels"
OUTPUT_NAME = "embedding"

OPSET = 17
IR_VERSION = 8
"""Fixed, so that the file does not depend on the version of onnx that writes it."""

PRODUCER = "fvs"


def to_onnx(network: DlibResnet) -> onnx.ModelProto:
    """Write the network as ONNX, with each scaling folded into the convolution before it.

    Args:
        network: the weights.

    Returns:
        float32 model: `INPUT_NAME` (N, 3, 150, 150) of RGB pixels, normalised by the caller, to
        `OUTPUT_NAME` (N, 128), as dlib gives it: not of unit length.

    Raises:
        MissingExtraError: `onnx` is not installed.
    """
    onnx_ = load_onnx()
    build = _Builder(onnx_)
    data = build.convolve(INPUT_NAME, "stem", STEM, network.stem)
    data = build.node("Relu", [data], "stem_active")
    data = build.node("MaxPool", [data], "stem_pooled", **_square(STEM_POOL.side, STEM_POOL.stride))
    side = STEM_POOL.output_side(STEM.output_side(INPUT_SIDE_PX))
    for index, (block, weights) in enumerate(zip(BLOCKS, network.blocks, strict=True)):
        data, side = build.add_block(data, side, f"block{index}", block, weights)
    data = build.node("GlobalAveragePool", [data], "pooled")
    data = build.node("Flatten", [data], "features")
    build.node("MatMul", [data, build.weight("projection", network.projection)], OUTPUT_NAME)
    return _checked(onnx_, build)


@dataclass
class _Builder:
    """Nodes and weights so far; each node and its one output share a name."""

    onnx_: ModuleType
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, kind: str, inputs: list[str], name: str, **attributes: object) -> str:
        made = self.onnx_.helper.make_node(kind, inputs, [name], name=name, **attributes)
        self.nodes.append(made)
        return name

    def weight(self, name: str, values: np.ndarray[Any, Any]) -> str:
        self.weights.append(self.onnx_.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convolve(self, data: str, name: str, shape: Convolution, weights: Scaled) -> str:
        gain = weights.gain.astype(np.float64)
        filters = weights.filters * gain[:, None, None, None]
        bias = weights.bias * gain + weights.offset
        inputs = [
            data,
            self.weight(f"{name}_filters", filters.astype(np.float32)),
            self.weight(f"{name}_bias", bias.astype(np.float32)),
        ]
        pads = [shape.padding] * 4
        return self.node("Conv", inputs, name, **_square(shape.side, shape.stride), pads=pads)

    def add_block(
        self, data: str, side: int, name: str, block: Block, weights: tuple[Scaled, Scaled]
    ) -> tuple[str, int]:
        """A residual block: its output, and the side of that."""
        branch = self.convolve(data, f"{name}_first", block.first, weights[0])
        branch = self.node("Relu", [branch], f"{name}_active")
        branch = self.convolve(branch, f"{name}_second", block.second, weights[1])
        branch_side = block.second.output_side(block.first.output_side(side))
        skip, skip_side = data, side
        if block.halves:
            pool = _square(DOWN_POOL.side, DOWN_POOL.stride)
            skip = self.node("AveragePool", [data], f"{name}_pooled", **pool)
            skip_side = DOWN_POOL.output_side(side)
        out_side = max(branch_side, skip_side)
        new_channels = block.first.filters - block.first.channels
        branch = self.pad(branch, f"{name}_branch", 0, out_side - branch_side)
        skip = self.pad(skip, f"{name}_skip", new_channels, out_side - skip_side)
        total = self.node("Add", [branch, skip], f"{name}_sum")
        return self.node("Relu", [total], name), out_side

    def pad(self, data: str, name: str, channels: int, rows: int) -> str:
        """Zeros after the last channel, row and column: how dlib adds what differs in shape."""
        if channels == rows == 0:
            return data
        pads = np.array([0, 0, 0, 0, 0, channels, rows, rows], np.int64)
        return self.node("Pad", [data, self.weight(f"{name}_pads", pads)], f"{name}_padded")


def _square(side: int, stride: int) -> dict[str, list[int]]:
    return {"kernel_shape": [side, side], "strides": [stride, stride]}


def _checked(onnx_: ModuleType, build: _Builder) -> onnx.ModelProto:
    """The finished model, after ONNX has inferred and compared every shape."""
    helper, kind = onnx_.helper, onnx_.TensorProto.FLOAT
    pixels = helper.make_tensor_value_info(INPUT_NAME, kind, ["N", 3, *[INPUT_SIDE_PX] * 2])
    embedding = helper.make_tensor_value_info(OUTPUT_NAME, kind, ["N", DIMENSION])
    graph = helper.make_graph(build.nodes, "dlib_resnet", [pixels], [embedding], build.weights)
    model: onnx.ModelProto = helper.make_model(
        graph,
        producer_name=PRODUCER,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    onnx_.checker.check_model(model, full_check=True)
    return model
