"""Networks of a few nodes, so that a test can have one that is wrong in exactly one way."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fvs.manifest import EmbedHead, Licence, ModelManifest, PixelInput, Provenance

SIDE_PX = 4
DIMENSION = 5
OPSET = 17
IR_VERSION = 8


def embedder_bytes(
    *,
    input_name="pixels",
    output_name="vector",
    batch="N",
    side_px=SIDE_PX,
    dimension=DIMENSION,
    reshaped_to=None,
):
    """An embedder: mean colour times a fixed random matrix.

    With `reshaped_to` a last step asks for a shape, which may be one that no run can give.
    """
    matrix = np.random.default_rng(0).normal(size=(3, dimension)).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", [input_name], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["colour"]),
        helper.make_node("MatMul", ["colour", "matrix"], ["raw"]),
        helper.make_node("Reshape", ["raw", "shape"], [output_name]),
    ]
    shape = np.array(reshaped_to or [-1, dimension], np.int64)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(
                input_name, TensorProto.FLOAT, [batch, 3, side_px, side_px]
            )
        ],
        [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, [batch, dimension])],
        [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(shape, "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model.SerializeToString()


def manifest_of(content, **changes):
    """The manifest that is right for `embedder_bytes()`, with changes."""
    fields = {
        "id": "embed-tiny-202611",
        "task": "embed",
        "file": "tiny.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "summary": "Mean colour",
        "input": PixelInput(name="pixels", channels="rgb", size_px=SIDE_PX),
        "licence": Licence(spdx="Apache-2.0", commercial_use=True, notice="Made by a test."),
        "provenance": Provenance(source="a test", commit="none", trained_on="nothing"),
        "embed": EmbedHead(dimension=DIMENSION, alignment="arcface", output="vector"),
    }
    return ModelManifest(**(fields | changes))


def write(folder: Path, content: bytes, name: str = "tiny.onnx") -> Path:
    """Put a file into a folder that may not be there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
