"""Networks of torch as ONNX files, and those files reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from fvs.onnx_storage import store_as_float16

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from torch import nn

    from fvs.records import F32

__all__ = ["to_onnx", "without_traces", "write_reduced"]

OPSET = 18


def to_onnx(
    network: nn.Module, example: torch.Tensor, outputs: Sequence[str], free_axes: dict[int, Any]
) -> onnx.ModelProto:
    """The network in its mode of use, from `input` to `outputs`.

    Args:
        network: whose `forward` calls its one argument `x`.
        example: an input; its free axes must be longer than 1.
        outputs: names, in the order of what the network returns.
        free_axes: axis of the input -> its `torch.export.Dim`.
    """
    program = torch.onnx.export(
        network.eval(),
        (example,),
        input_names=["input"],
        output_names=outputs,
        dynamic_shapes={"x": free_axes},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    program.optimize()
    return program.model_proto


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes on which line of which file made each node."""
    graph = model.graph
    values = (*graph.input, *graph.output, *graph.value_info)
    for part in (model, graph, *graph.node, *graph.initializer, *values):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


class _Inputs(CalibrationDataReader):  # type: ignore[misc] # onnxruntime has no types here
    """One input after another."""

    def __init__(self, inputs: Iterable[F32]) -> None:
        self._rows: Iterator[F32] = iter(inputs)

    def get_next(self) -> dict[str, F32] | None:
        """The next input; None at the end, as onnxruntime asks."""
        row = next(self._rows, None)
        return None if row is None else {"input": row}


def write_reduced(network: Path, calibration: Iterable[F32], folder: Path) -> dict[str, Path]:
    """Write the reduced networks beside each other and name all three.

    Args:
        network: the float32 export.
        calibration: inputs as the network wants them, batches of one, for the ranges of int8.
        folder: for the results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half, prepared, int8 = (folder / f"{n}.onnx" for n in ("float16", "prepared", "int8"))
    onnx.save(store_as_float16(onnx.load(network)), half)
    quant_pre_process(network, prepared)
    quantize_static(
        prepared,
        int8,
        _Inputs(calibration),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        # Processors without VNNI add products of 8 bits in 16, which 7-bit weights cannot overflow.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    prepared.unlink()
    return {"float32": network, "float16 storage": half, "int8": int8}
