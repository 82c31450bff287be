"""Step 3: checkpoint -> ONNX with a free batch axis and float16 storage, compared with torch.

`python -m training.pad.export --run RUNS/pad128 --out models/pad-fvs-202611/pad_fvs_128.onnx`
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

from fvs.onnx_storage import store_as_float16
from training.common.checkpoint import restore
from training.common.onnx_files import to_onnx, without_traces
from training.pad.config import load_config
from training.pad.geometry import INPUT_PX
from training.pad.network import PadNetwork

__all__ = ["export", "largest_difference", "main"]

LOGGER = logging.getLogger(__name__)

TOLERANCE = 1e-4
"""Largest difference of class probabilities between torch and onnxruntime in float32."""

HALF_TOLERANCE = 5e-3
"""The same with weights stored in float16: half a per cent of probability decides nothing."""

PROBES = 5


def main() -> None:
    """Write --out, and beside it the float32 file it was made from, and fail where they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("pad128.toml"))
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    state = restore(args.run / "checkpoint.pt")
    if state is None:
        parser.error(f"no checkpoint in {args.run}: train first")
    network = PadNetwork(load_config(args.config).network)
    network.load_state_dict(state["network"])
    whole = args.run / "pad_float32.onnx"
    export(network, whole)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(store_as_float16(onnx.load(whole)), args.out)
    for path, tolerance in ((whole, TOLERANCE), (args.out, HALF_TOLERANCE)):
        difference = largest_difference(network, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        LOGGER.info("%s: %d bytes, sha256 %s", path, path.stat().st_size, digest)
        LOGGER.info("differs from torch by at most %.2g", difference)
        if difference > tolerance:
            parser.error(f"{path} differs from torch by more than {tolerance}")


def export(network: PadNetwork, path: Path) -> None:
    """Write the network as ONNX: `input` (N, 3, 128, 128) -> `logits` (N, 3)."""
    example = torch.zeros(2, 3, INPUT_PX, INPUT_PX)
    model = to_onnx(network, example, ["logits"], {0: torch.export.Dim("N")})
    onnx.save(without_traces(model), path)


def largest_difference(network: PadNetwork, path: Path) -> float:
    """Largest difference of class probabilities, torch and the file, in batches of 1 and 5."""
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0).uniform(-2, 2, (PROBES, 3, INPUT_PX, INPUT_PX))
    images = noise.astype(np.float32)
    with torch.inference_mode():
        ours = torch.softmax(network.eval()(torch.from_numpy(images)), dim=1).numpy()
    worst = 0.0
    for rows in (slice(0, 1), slice(0, PROBES)):
        logits = np.asarray(session.run(None, {"input": images[rows]})[0])
        theirs = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
        worst = max(worst, float(np.abs(theirs - ours[rows]).max()))
    return worst


if __name__ == "__main__":
    main()
