"""ONNX embedders opened for batches: the teacher, and the student once exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F32, U8

__all__ = [
    "STUDENT_PIXELS",
    "TEACHER_PIXELS",
    "OnnxEmbedder",
    "Pixels",
    "normalised",
    "open_teacher",
    "with_free_batch",
]

CHUNK = 16
"""Rows per run: larger batches leave the cache and are a third slower."""


class Pixels(NamedTuple):
    """What a network wants: `(pixel - mean) / std` per channel of RGB 0..255."""

    mean_rgb: tuple[float, float, float]
    std_rgb: tuple[float, float, float]


TEACHER_PIXELS = Pixels((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))

STUDENT_PIXELS = Pixels((127.5, 127.5, 127.5), (128.0, 128.0, 128.0))


def with_free_batch(weights: Path) -> bytes:
    """The ONNX file with its batch axis freed; its last Reshape to [1, -1] keeps rows instead."""
    model = onnx.load(weights)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    shape_name = next(n for n in model.graph.node if n.op_type == "Reshape").input[1]
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] == shape_name:
            node.attribute[0].t.CopyFrom(numpy_helper.from_array(np.array([0, -1], np.int64)))
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())


def normalised(embeddings: F32) -> F32:
    """Rows scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


class OnnxEmbedder:
    """A network of one input and one output; rows of a batch do not depend on each other."""

    def __init__(self, model: Path | bytes, pixels: Pixels, threads: int = 1) -> None:
        self._session = _open_session(model, threads)
        self._input = self._session.get_inputs()[0].name
        self._dimension = int(self._session.get_outputs()[0].shape[1])
        self._mean = np.array(pixels.mean_rgb, np.float32)
        self._std = np.array(pixels.std_rgb, np.float32)

    def embed(self, crops_rgb: U8) -> F32:
        """(N, 112, 112, 3) uint8 RGB crops -> (N, D) float32 of length 1."""
        parts = [np.zeros((0, self._dimension), np.float32)]
        for start in range(0, len(crops_rgb), CHUNK):
            pixels = (crops_rgb[start : start + CHUNK] - self._mean) / self._std
            tensor = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
            parts.append(np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32))
        return normalised(np.concatenate(parts))


def open_teacher(weights: Path, threads: int = 1) -> OnnxEmbedder:
    """MobileFaceNet as published, with a free batch axis."""
    return OnnxEmbedder(with_free_batch(weights), TEACHER_PIXELS, threads)


def _open_session(model: Path | bytes, threads: int) -> ort.InferenceSession:
    """A session that does not spin, so that idle threads leave the cores to training."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = model if isinstance(model, bytes) else model.read_bytes()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
