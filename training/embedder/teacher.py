"""The teacher: a published ONNX embedder, opened for batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from training.embedder.landmarks import open_session

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F32, U8

__all__ = ["Teacher", "normalised", "with_free_batch"]

MEAN_RGB = np.array([123.675, 116.28, 103.53], np.float32)
STD_RGB = np.array([58.395, 57.12, 57.375], np.float32)

CHUNK = 16
"""Rows per run: larger ones leave the cache and are a third slower."""


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
    """Rows scaled to length 1."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


class Teacher:
    """MobileFaceNet; rows of a batch do not depend on each other."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        self._session = open_session(with_free_batch(weights), threads)

    def embed(self, crops_rgb: U8) -> F32:
        """(N, 112, 112, 3) uint8 RGB crops -> (N, 128) float32 of length 1."""
        parts = [np.zeros((0, 128), np.float32)]
        for start in range(0, len(crops_rgb), CHUNK):
            pixels = (crops_rgb[start : start + CHUNK] - MEAN_RGB) / STD_RGB
            tensor = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
            parts.append(np.asarray(self._session.run(None, {"input0": tensor})[0], np.float32))
        return normalised(np.concatenate(parts))
