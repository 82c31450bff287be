"""The student in float32, with float16 storage and in int8, side by side: errors, size and speed.

`python -m training.embedder.variants --shared ../shared --data RUNS/data --student MIRRORED.onnx
--plain PLAIN.onnx --out RUNS/variants`
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx

from training.common.onnx_files import write_reduced
from training.embedder.evaluate import evaluate
from training.embedder.material import Material, open_material
from training.embedder.teacher import STUDENT_PIXELS, OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.records import U8
    from training.embedder.evaluate import Report

__all__ = ["Measured", "main", "write_variants"]

CALIBRATION_PICTURES = 256
"""Training pictures that set the ranges of int8; more of them changed nothing that was seen."""

SPEED_ROUNDS = 200
"""Each variant once per round, so that other work on the machine hits all of them alike."""

NOMINAL = 1e-3

COLUMNS = (
    "MB",
    "ms, one thread",
    "cosine with the teacher, held out",
    "LFW accuracy",
    "LFW FNMR at FMR 1e-3, all pairs",
)


class Measured(NamedTuple):
    """One variant of the network."""

    report: Report
    size_bytes: int
    milliseconds: float
    heldout_cosine: float


def write_variants(student: Path, calibration_rgb: U8, folder: Path) -> dict[str, Path]:
    """Write the reduced networks beside each other and name all three.

    Args:
        student: the float32 network.
        calibration_rgb: (N, 112, 112, 3) uint8 RGB crops for the ranges of int8.
        folder: for the results.
    """
    mean, std = np.array(STUDENT_PIXELS.mean_rgb), np.array(STUDENT_PIXELS.std_rgb)
    inputs = (((crop - mean) / std).transpose(2, 0, 1)[None] for crop in calibration_rgb)
    paths = write_reduced(student, (each.astype(np.float32) for each in inputs), folder)
    onnx.save(_without_unused_domains(onnx.load(paths["int8"])), paths["int8"])
    return paths


def _without_unused_domains(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the operator sets that quantisation declares but does not use."""
    used = {node.domain for node in model.graph.node}
    kept = [declared for declared in model.opset_import if declared.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model


def main() -> None:
    """Write the variants and `variants.md` into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--plain", type=Path, help="the student without its mirror, to compare")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    material = open_material(args.shared, args.data)
    paths = write_variants(args.student, material.training_crops(CALIBRATION_PICTURES), args.out)
    if args.plain is not None:
        paths["float32, not mirrored"] = args.plain
    networks = {name: OnnxEmbedder(path, STUDENT_PIXELS) for name, path in paths.items()}
    speed = _milliseconds(networks, np.ascontiguousarray(material.heldout[:1]))
    measured = {
        name: _measured(network, paths[name], speed[name], material)
        for name, network in networks.items()
    }
    (args.out / "variants.md").write_text("\n".join(_table(measured)) + "\n")


def _measured(
    network: OnnxEmbedder, path: Path, milliseconds: float, material: Material
) -> Measured:
    heldout = network.embed(material.heldout)
    report = evaluate(
        network.embed(material.lfw), material.files, material.pairs, heldout, material.labels
    )
    cosine = float((heldout * material.heldout_teacher).sum(axis=1).mean())
    return Measured(report, path.stat().st_size, milliseconds, cosine)


def _milliseconds(networks: Mapping[str, OnnxEmbedder], crop_rgb: U8) -> dict[str, float]:
    """Median processor time of one face; a machine at work on other things does not distort it."""
    spent: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(SPEED_ROUNDS):
        for name, network in networks.items():
            began = time.thread_time()
            network.embed(crop_rgb)
            spent[name].append(time.thread_time() - began)
    return {name: 1e3 * float(np.median(seconds)) for name, seconds in spent.items()}


def _table(measured: Mapping[str, Measured]) -> list[str]:
    lines = [
        f"| | {' | '.join(COLUMNS)} |",
        f"|---|{'---|' * len(COLUMNS)}",
    ]
    for name, one in measured.items():
        fnmr = one.report.fnmr[f"all pairs, FMR {NOMINAL:g}"]
        lines.append(
            f"| {name} | {one.size_bytes / 1e6:.2f} | {one.milliseconds:.2f} "
            f"| {one.heldout_cosine:.4f} | {one.report.accuracy:.4f} | {fnmr:.4f} |"
        )
    return lines


if __name__ == "__main__":
    main()
