"""Composes dlib's network and our own into one ONNX graph.

One crop and its mirror image feed both (alignment `dlib_wide`): dlib's chip is a window of it, and
the ArcFace crop another, scaled to 112 px. The mean answer of each network becomes a unit vector,
dlib's after centring and whitening; the cosine of two weighted concatenations is the weighted mean
of both cosines. The length of what comes out is the geometric mean of the lengths of both networks'
answers, which tell how well the face can be recognised (`fvs.recognisability`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper, version_converter

from fvs.dlib_import.resnet import INPUT_SIDE_PX, MEAN_RGB, STD_RGB
from training.embedder.geometry import INPUT_PX
from training.embedder.teacher import STUDENT_PIXELS

if TYPE_CHECKING:
    from fvs.records import F32, F64

__all__ = [
    "CANVAS_PX",
    "INPUT_NAME",
    "OUTPUT_NAME",
    "RAW_OUTPUTS",
    "Whitening",
    "compose_duet",
    "compose_raw",
    "whitening_of",
]

CANVAS_PX = 184
INPUT_NAME = "pixels"
OUTPUT_NAME = "embedding"
RAW_OUTPUTS = ("dlib_raw", "own_raw")

DLIB_WINDOW_XYXY_PX = (17, 34, 167, 184)
OWN_WINDOW_XYXY_PX = (7, 1, 175, 169)

OPSET = 18
IR_VERSION = 10
UNIT_EPSILON = 1e-12

LEAST_VARIANCE = 1e-2
"""Of the mean variance. dlib's network uses 77 of its 128 dimensions: the others hold rounding
errors, which whitening would make as large as the rest."""


@dataclass(frozen=True)
class Whitening:
    """`(vector - centre) @ matrix`, of dlib's 128 dimensions."""

    centre: F32
    matrix: F64


def whitening_of(vectors: F32, power: float) -> Whitening:
    """Centre vectors and shrink the directions in which different people differ most.

    With the covariance C = V diag(w) V^T of pictures of different people, the matrix is
    V diag(w^(-power / 2)) V^T: 0 only centres, 1 whitens. What varies most among people is what
    divides them into groups (origin, sex, age), and says least about who each of them is.

    Args:
        vectors: (N, D), one picture a person.
        power: 0 to 1.
    """
    centre = vectors.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((vectors - centre).astype(np.float64).T))
    relative = variances / variances.mean()
    used = relative > LEAST_VARIANCE
    scales = np.zeros_like(relative)
    scales[used] = relative[used] ** (-power / 2)
    return Whitening(centre, (axes * scales) @ axes.T)


def compose_raw(dlib: onnx.ModelProto, own: onnx.ModelProto) -> onnx.ModelProto:
    """Both networks on one crop and its mirror image, each with its mean answer as an output.

    Args:
        dlib: (N, 3, 150, 150) normalised to (N, 128).
        own: (N, 3, 112, 112) normalised to (N, 128).

    Returns:
        `INPUT_NAME` (N, 3, 184, 184) RGB 0..255 to `RAW_OUTPUTS`, (N, 128) each.
    """
    front = _front()
    joined = front
    for model, name in ((dlib, "dlib"), (own, "own")):
        part = compose.add_prefix(_at_opset(model), f"{name}/")
        io_map = [(f"{name}_input", part.graph.input[0].name)]
        others = [one.name for one in joined.graph.output if one.name != f"{name}_input"]
        joined = compose.merge_models(
            joined, part, io_map=io_map, outputs=[*others, part.graph.output[0].name]
        )
    answers = [output.name for output in joined.graph.output]
    nodes = []
    for answer, raw in zip(answers, RAW_OUTPUTS, strict=True):
        nodes.append(_node("Reshape", [answer, "ways_faces_values"], f"{raw}_both_ways"))
        nodes.append(_node("ReduceMean", [f"{raw}_both_ways", "ways_axis"], raw, keepdims=0))
    constants = [
        numpy_helper.from_array(np.array([2, -1, 128], np.int64), "ways_faces_values"),
        numpy_helper.from_array(np.array([0], np.int64), "ways_axis"),
    ]
    return _with_tail(joined, nodes, constants, dict.fromkeys(RAW_OUTPUTS, 128))


def compose_duet(
    dlib: onnx.ModelProto, own: onnx.ModelProto, whitening: Whitening, own_share: float
) -> onnx.ModelProto:
    """The embedder: one crop to one vector of 256 dimensions, not of unit length.

    Args:
        dlib: see `compose_raw`.
        own: likewise.
        whitening: of dlib's vectors, which lie in a narrow cone: seen from its tip, people of one
            group look alike.
        own_share: weight of our own network's cosine, 0 to 1.
    """
    raw = compose_raw(dlib, own)
    weights = {
        "dlib_centre": whitening.centre,
        "dlib_whitening": whitening.matrix,
        "dlib_weight": np.array([np.sqrt(1 - own_share)]),
        "own_weight": np.array([np.sqrt(own_share)]),
        "unit_axis": np.array([1], np.int64),
        "unit_epsilon": np.array([UNIT_EPSILON]),
    }
    nodes = [
        _node("Sub", ["dlib_raw", "dlib_centre"], "dlib_centred"),
        _node("ReduceL2", ["dlib_centred", "unit_axis"], "dlib_centred_length", keepdims=1),
        _node("MatMul", ["dlib_centred", "dlib_whitening"], "dlib_whitened"),
        *_unit("dlib_whitened", "dlib_weight", "dlib_part"),
        *_unit("own_raw", "own_weight", "own_part"),
        _node("Concat", ["dlib_part", "own_part"], "unit_embedding", axis=1),
        _node("Mul", ["dlib_centred_length", "own_raw_length"], "squared_length"),
        _node("Sqrt", ["squared_length"], "length"),
        _node("Mul", ["unit_embedding", "length"], OUTPUT_NAME),
    ]
    initialisers = [
        numpy_helper.from_array(
            value if value.dtype == np.int64 else value.astype(np.float32), name
        )
        for name, value in weights.items()
    ]
    return _with_tail(raw, nodes, initialisers, {OUTPUT_NAME: 256})


def _front() -> onnx.ModelProto:
    """The crop to both networks' inputs."""
    constants = {
        "mirror_from": np.array([-1], np.int64),
        "mirror_to": np.array([np.iinfo(np.int64).min], np.int64),
        "mirror_axis": np.array([3], np.int64),
        "mirror_step": np.array([-1], np.int64),
    }
    mirror = [INPUT_NAME, "mirror_from", "mirror_to", "mirror_axis", "mirror_step"]
    nodes = [
        _node("Slice", mirror, "mirrored"),
        _node("Concat", [INPUT_NAME, "mirrored"], "both_ways", axis=0),
    ]
    for name, (left, top, right, bottom) in (
        ("dlib", DLIB_WINDOW_XYXY_PX),
        ("own", OWN_WINDOW_XYXY_PX),
    ):
        constants[f"{name}_from"] = np.array([top, left], np.int64)
        constants[f"{name}_to"] = np.array([bottom, right], np.int64)
        inputs = ["both_ways", f"{name}_from", f"{name}_to", "image_axes"]
        nodes.append(_node("Slice", inputs, f"{name}_window"))
    constants["image_axes"] = np.array([2, 3], np.int64)
    constants["own_scales"] = np.array(
        [1, 1] + [INPUT_PX / (OWN_WINDOW_XYXY_PX[2] - OWN_WINDOW_XYXY_PX[0])] * 2, np.float32
    )
    constants["dlib_mean"] = np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1)
    constants["dlib_std"] = np.array(STD_RGB[:1], np.float32)
    constants["own_mean"] = np.array(STUDENT_PIXELS.mean_rgb[:1], np.float32)
    constants["own_std"] = np.array(STUDENT_PIXELS.std_rgb[:1], np.float32)
    nodes += [
        _node("Resize", ["own_window", "", "own_scales"], "own_scaled", mode="linear"),
        _node("Sub", ["dlib_window", "dlib_mean"], "dlib_shifted"),
        _node("Div", ["dlib_shifted", "dlib_std"], "dlib_input"),
        _node("Sub", ["own_scaled", "own_mean"], "own_shifted"),
        _node("Div", ["own_shifted", "own_std"], "own_input"),
    ]
    graph = helper.make_graph(
        nodes,
        "duet",
        [_image(INPUT_NAME, CANVAS_PX)],
        [_image("dlib_input", INPUT_SIDE_PX), _image("own_input", INPUT_PX)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _model(graph)


def _unit(vector: str, weight: str, out: str) -> list[onnx.NodeProto]:
    """Scale to unit length, then by a weight."""
    return [
        _node("ReduceL2", [vector, "unit_axis"], f"{vector}_length", keepdims=1),
        _node("Max", [f"{vector}_length", "unit_epsilon"], f"{vector}_divisor"),
        _node("Div", [vector, f"{vector}_divisor"], f"{vector}_unit"),
        _node("Mul", [f"{vector}_unit", weight], out),
    ]


def _node(kind: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], name=output, **attributes)


def _image(name: str, side_px: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3, side_px, side_px])


def _at_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    converted = version_converter.convert_version(model, OPSET)
    converted.ir_version = IR_VERSION
    return converted


def _with_tail(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    initialisers: list[onnx.TensorProto],
    outputs: dict[str, int],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        [*model.graph.node, *nodes],
        "duet",
        list(model.graph.input),
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
            for name, size in outputs.items()
        ],
        [*model.graph.initializer, *initialisers],
    )
    return _model(graph)


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="fvs"
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model
