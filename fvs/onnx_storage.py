"""Halves an ONNX file: large weights are stored as float16 and computed with as float32.

Each weight keeps its name as the output of a Cast node. onnxruntime folds such casts into
constants when it opens the file, so a network runs as fast as before, in float32 throughout; what
is lost is the rounding of each weight to 11 significant bits.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

    import onnx

    from fvs.records import F32

__all__ = ["load_onnx", "store_as_float16"]

SMALLEST_STORED_VALUES = 256
"""Smaller tensors (biases, shapes) stay: a Cast node takes about as much room as they do."""

HALF_NAME_SUFFIX = "_float16"

LARGEST_FLOAT16 = float(np.finfo(np.float16).max)


def load_onnx() -> ModuleType:
    """The package `onnx`, which verifying faces does not need.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module("onnx")
    except ImportError as error:
        raise MissingExtraError(
            "the package `onnx` is needed to write networks",
            advice='pip install "face-verification-service[dlib]"',
        ) from error


def store_as_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` whose large float32 weights are stored as float16.

    A tensor stays as it is where it is small, where float16 cannot hold one of its values, or
    where it is also an input of the graph and so might be replaced by a caller.

    Args:
        model: any model with its weights inside; it is not changed.

    Returns:
        A model with the same inputs, outputs and names of weights.

    Raises:
        MissingExtraError: `onnx` is not installed.
    """
    onnx_ = load_onnx()
    halved: onnx.ModelProto = onnx_.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    inputs = {value.name for value in graph.input}
    casts = []
    for tensor in graph.initializer:
        values = _halvable(onnx_, tensor)
        if values is None or tensor.name in inputs:
            continue
        name = tensor.name
        tensor.CopyFrom(
            onnx_.numpy_helper.from_array(values.astype(np.float16), name + HALF_NAME_SUFFIX)
        )
        casts.append(_cast_to_float32(onnx_, tensor.name, name))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return halved


def _halvable(onnx_: ModuleType, tensor: onnx.TensorProto) -> F32 | None:
    """The tensor's values where they are to be stored as float16."""
    if tensor.data_type != onnx_.TensorProto.FLOAT:
        return None
    values: F32 = onnx_.numpy_helper.to_array(tensor)
    fits = values.size >= SMALLEST_STORED_VALUES and np.abs(values).max() <= LARGEST_FLOAT16
    return values if fits else None


def _cast_to_float32(onnx_: ModuleType, source: str, target: str) -> onnx.NodeProto:
    node: onnx.NodeProto = onnx_.helper.make_node(
        "Cast", [source], [target], name=f"{target}_to_float32", to=onnx_.TensorProto.FLOAT
    )
    return node
