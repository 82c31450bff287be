"""Step 3: checkpoint -> ONNX with a free batch axis, compared with torch.

`python -m training.embedder.export --run RUNS/mobile128 --out RUNS/mobile128/student.onnx`
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from training.common.checkpoint import restore
from training.common.onnx_files import to_onnx, without_traces
from training.embedder.config import load_config
from training.embedder.geometry import INPUT_PX
from training.embedder.student import Mirrored, Student

__all__ = ["export", "largest_difference", "main"]

LOGGER = logging.getLogger(__name__)

TOLERANCE = 1e-4
"""Largest difference of unit-length embeddings between torch and onnxruntime."""

PROBES = 5


def main() -> None:
    """Write --out and fail if it does not do what the checkpoint does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("mobile128.toml"))
    parser.add_argument("--mirrored", action="store_true", help="judge the mirror image as well")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    state = restore(args.run / "checkpoint.pt")
    if state is None:
        parser.error(f"no checkpoint in {args.run}: train first")
    student = Student(load_config(args.config).student)
    student.load_state_dict(state["student"])
    network = Mirrored(student) if args.mirrored else student
    export(network, args.out)
    difference = largest_difference(network, args.out)
    LOGGER.info("%s: %d bytes", args.out, args.out.stat().st_size)
    LOGGER.info("sha256 %s", hashlib.sha256(args.out.read_bytes()).hexdigest())
    LOGGER.info("torch and onnxruntime differ by at most %.2g", difference)
    if difference > TOLERANCE:
        parser.error(f"the export differs from torch by more than {TOLERANCE}")


def export(network: nn.Module, path: Path) -> None:
    """Write the network as ONNX: `input` (N, 3, 112, 112) -> `embedding` (N, D)."""
    example = torch.zeros(2, 3, INPUT_PX, INPUT_PX)
    model = to_onnx(network, example, ["embedding"], {0: torch.export.Dim("N")})
    onnx.save(without_traces(model), path)


def largest_difference(network: nn.Module, path: Path) -> float:
    """Largest difference of unit embeddings between torch and the file, in batches of 1 and 5."""
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0).uniform(-1, 1, (PROBES, 3, INPUT_PX, INPUT_PX))
    images = noise.astype(np.float32)
    with torch.inference_mode():
        ours = torch.nn.functional.normalize(network.eval()(torch.from_numpy(images))).numpy()
    worst = 0.0
    for rows in (slice(0, 1), slice(0, PROBES)):
        theirs = np.asarray(session.run(None, {"input": images[rows]})[0])
        theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
        worst = max(worst, float(np.abs(theirs - ours[rows]).max()))
    return worst


if __name__ == "__main__":
    main()
