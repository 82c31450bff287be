"""Step 5: checkpoint -> ONNX for any number and size of frames, compared with torch.

`python -m training.detector.export --run RUNS/detector --out RUNS/detector/detect.onnx`
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
import torch

from fvs.onnx_storage import store_as_float16
from training.common.checkpoint import restore
from training.common.onnx_files import to_onnx
from training.detector.config import load_config
from training.detector.network import STRIDES_PX, Deployed, Detector

if TYPE_CHECKING:
    from training.detector.config import NetworkConfig

__all__ = ["OUTPUTS", "deployed", "export", "largest_difference", "main"]

LOGGER = logging.getLogger(__name__)

OUTPUTS = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES_PX]

TOLERANCE = 1e-4
"""Largest difference between torch and onnxruntime of probabilities and of offsets in strides,
relative to the largest value of the output where that is above 1."""

EXAMPLE_PX = 64

SIZES_PX = ((1, 32, 32), (1, 320, 320), (3, 160, 256))
"""Numbers, heights and widths of the frames that are compared."""


def main() -> None:
    """Write --out and fail if it does not do what the checkpoint does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("detect240k.toml"))
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    network = deployed(args.run / "checkpoint.pt", load_config(args.config).network)
    full = args.out.with_suffix(".float32.onnx")
    export(network, full)
    difference = largest_difference(network, full)
    onnx.save(store_as_float16(onnx.load(full)), args.out)
    LOGGER.info("%s: %d bytes; float32 %d", args.out, args.out.stat().st_size, full.stat().st_size)
    LOGGER.info("sha256 %s", hashlib.sha256(args.out.read_bytes()).hexdigest())
    LOGGER.info("torch and onnxruntime differ by at most %.2g", difference)
    LOGGER.info("storing as float16 changes %.2g", largest_difference(network, args.out))
    if difference > TOLERANCE:
        parser.error(f"the export differs from torch by more than {TOLERANCE}")


def deployed(checkpoint: Path, config: NetworkConfig) -> Deployed:
    """The averaged weights of a checkpoint, ready to run.

    Raises:
        FileNotFoundError: there is no checkpoint.
    """
    state = restore(checkpoint)
    if state is None:
        raise FileNotFoundError(f"no {checkpoint}: train first")
    detector = Detector(config)
    prefix = "module."
    averaged = {
        name.removeprefix(prefix): value
        for name, value in state["average"].items()
        if name.startswith(prefix)
    }
    detector.load_state_dict(averaged)
    return Deployed(detector).eval()


def export(network: Deployed, path: Path) -> None:
    """Write the network as ONNX: `input` (N, 3, H, W) -> `OUTPUTS`, each (N, cells, columns)."""
    free = torch.export.Dim.DYNAMIC
    example = torch.zeros(2, 3, EXAMPLE_PX, 2 * EXAMPLE_PX)
    onnx.save(_bare(to_onnx(network, example, OUTPUTS, {0: free, 2: free, 3: free})), path)


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the exporter's notes (lines of source, shapes between nodes): a tenth of the file.

    Not `without_traces`, which spares the shapes and leaves other bytes in the initialisers: the
    checkpoint must go on giving the file that ships.
    """
    del model.graph.value_info[:]
    for part in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output]:
        del part.metadata_props[:]
        part.doc_string = ""
    return model


def largest_difference(network: Deployed, path: Path) -> float:
    """Largest difference of any output between torch and the file, over frames of some sizes."""
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count, height, width in SIZES_PX:
        frames = rng.uniform(0, 255, (count, 3, height, width)).astype(np.float32)
        with torch.inference_mode():
            ours = [output.numpy() for output in network(torch.from_numpy(frames))]
        theirs = session.run(OUTPUTS, {"input": frames})
        for one, other in zip(ours, theirs, strict=True):
            scale = max(1.0, float(np.abs(one).max()))
            worst = max(worst, float(np.abs(one - other).max()) / scale)
    return worst


if __name__ == "__main__":
    main()
