"""Reduced variants of the exported network: what each costs and what it gets wrong.

`python -m training.pad.variants --run RUNS/pad128 --report RUNS/pad128/report --out RUNS/variants`

Reads what `evaluate` has measured on; the threshold is the one that it chose.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import onnxruntime as ort

from fvs.specimen.presentation import SPECIES
from training.common.onnx_files import write_reduced
from training.pad.evaluate import OURS
from training.pad.geometry import LIVE
from training.pad.network import PIXEL_MEAN, PIXEL_STD
from training.pad.trials import Crops, kept

if TYPE_CHECKING:
    from fvs.records import F32, F64, U8

__all__ = ["live_of", "main"]

CALIBRATION_CROPS = 200

TIMED_RUNS = 200

CHUNK = 32


def main() -> None:
    """Write the variants into --out and their table to the standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True, help="what evaluate wrote")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    report: dict[str, Any] = msgspec.json.decode((args.report / "report.json").read_bytes())
    sets = {path.stem: path for path in (args.report / "sets").glob("*.npz")}
    threshold = report["thresholds"][OURS]
    live = _crops(sets["live_captured"])
    attacks = np.concatenate([_crops(sets[name]) for name in SPECIES])
    calibration = _crops(sets["tuning_captured"])[:CALIBRATION_CROPS]
    inputs = (_tensor(crop[None]) for crop in calibration)
    variants = write_reduced(args.run / "pad_float32.onnx", inputs, args.out)
    whole = None
    lines = ["| | KB | ms | BPCER | APCER, all species | largest change of a probability |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for name, path in variants.items():
        session = ort.InferenceSession(path.read_bytes(), _one_thread())
        found = np.concatenate([live_of(session, live), live_of(session, attacks)])
        whole = found if whole is None else whole
        bpcer = (found[: len(live)] < threshold).mean()
        apcer = (found[len(live) :] >= threshold).mean()
        cells = (
            f"{path.stat().st_size / 1000:.0f}", f"{_milliseconds(session, live[:1]):.2f}",
            f"{bpcer:.4f}", f"{apcer:.4f}", f"{np.abs(found - whole).max():.2g}",
        )  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + "\n")


def live_of(session: ort.InferenceSession, crops_rgb: U8) -> F64:
    """(N,) probability of live."""
    parts: list[F64] = [np.zeros(0)]
    for start in range(0, len(crops_rgb), CHUNK):
        feed = {"input": _tensor(crops_rgb[start : start + CHUNK])}
        logits = np.asarray(session.run(None, feed)[0], np.float64)
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        parts.append(power[:, LIVE] / power.sum(axis=1))
    return np.concatenate(parts)


def _tensor(crops_rgb: U8) -> F32:
    scaled = (crops_rgb.transpose(0, 3, 1, 2) - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_STD)
    return np.ascontiguousarray(scaled, np.float32)


def _crops(path: Path) -> U8:
    def missing() -> Crops:
        raise FileNotFoundError(path)

    return kept(path, missing).crops_rgb


def _one_thread() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _milliseconds(session: ort.InferenceSession, crop_rgb: U8) -> float:
    """Median processor time of one face; a machine at work on other things does not distort it."""
    tensor, spent = _tensor(crop_rgb), []
    for _ in range(TIMED_RUNS):
        began = time.thread_time()
        session.run(None, {"input": tensor})
        spent.append(time.thread_time() - began)
    return 1e3 * float(np.median(spent))


if __name__ == "__main__":
    main()
