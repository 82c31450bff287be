"""Step 7: our detector beside the reference through the engine's own stages, as JSON and Markdown.

`python -m training.detector.evaluate --shared ../shared --faces RUNS/faces --out RUNS/report`

Nothing is chosen by the evaluation pictures; thresholds come from held-out pool pictures
(`training.detector.thresholds`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import msgspec
import numpy as np
import skimage.data

from fvs.detect_heads import intersection_over_union
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from training.detector.agreement import agreement, landmark_distance, verification
from training.detector.prepare import REFERENCE
from training.detector.sources import Sources
from training.detector.trials import close_ups, evaluation_pictures, faceless, heldout_pictures
from training.detector.trying import (
    FIRST_LOOK,
    OURS,
    PLAN,
    SAME_FACE_IOU,
    Report,
    find,
    open_model,
    quantiles,
)

if TYPE_CHECKING:
    from fvs.records import F64, U8, Bool, Faces, Pixels

__all__ = ["main"]

EMBEDDER = "embed-mobilefacenet-202004"

SHARES = (0.9, 1.0, 1.1, 1.3, 1.6, 2.0)
"""Longer side of a close-up's face over the frame's."""

CLOSE_UPS = 150
"""Of each folder of the pool."""

SPEED_RUNS = 300
SPEED_SIDE_PX = 320


def main() -> None:
    """Write `detector.json` and `detector.md` into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--faces", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float32", type=Path, help="our weights before they were halved")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    networks = {
        "ours": open_model(OURS, shipped_models_dir() / OURS),
        "reference": open_model(REFERENCE, args.shared / "models"),
    }
    report = Report()
    report.numbers["sha256"] = {name: one.manifest.sha256 for name, one in networks.items()}
    _speed(report, networks)
    _faceless(report, networks)
    _close_ups(report, networks, Sources.open(args.faces))
    tar = args.shared / "data" / "lfw_eval.tar"
    pictures = evaluation_pictures(tar)
    found = agreement(report, pictures, networks)
    verification(report, tar, found, open_model(EMBEDDER, args.shared / "models"))
    if args.float32 is not None:
        _halved(report, pictures, networks["ours"], args.float32)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "detector.json").write_text(json.dumps(report.numbers, indent=1) + "\n")
    (args.out / "detector.md").write_text("\n".join(report.lines) + "\n")


def _close_ups(report: Report, networks: dict[str, Network], sources: Sources) -> None:
    """Faces that fill or exceed the frame: found at the first look, and by the whole search."""
    people = [
        picture
        for folder in ("lfw", "web", "aaf")
        for picture in heldout_pictures(sources, folder, CLOSE_UPS)
    ]
    rows = []
    numbers: dict[str, Any] = {}
    for share in SHARES:
        cuts, boxes = close_ups(people, share)
        row = [f"{share:.1f}", str(len(cuts))]
        for name, network in networks.items():
            for way, search in (("first look", FIRST_LOOK), ("search", PLAN)):
                hits = _hits(find(cuts, network, search).chosen, boxes)
                numbers[f"{name}, {way}, {share}"] = [int(hits.sum()), len(hits)]
                row.append(f"{hits.mean():.3f}")
        rows.append(row)
    report.numbers["close_ups"] = numbers
    report.lines.append("Faces found in close-ups of held-out pool pictures (IoU 0.5):")
    head = ["longer side of the face over the frame's", "pictures", "ours, first look"]
    report.table([*head, "ours, search", "reference, first look", "reference, search"], rows)


def _hits(chosen: Faces, boxes: F64) -> Bool:
    overlap = intersection_over_union(chosen.xyxy_px, boxes.astype(np.float32))
    return np.asarray(overlap >= SAME_FACE_IOU)


def _faceless(report: Report, networks: dict[str, Network]) -> None:
    """Pictures without people in which something is called a face, at the first look or at all."""
    rows, numbers = [], {}
    for kind, pictures in faceless(Path(skimage.data.__file__).parent).items():
        row = [kind, str(len(pictures))]
        for name, network in networks.items():
            glance, found = find(pictures, network, FIRST_LOOK), find(pictures, network)
            counts = {
                "first look": len(np.unique(glance.everyone.image_index)),
                "search": len(np.unique(found.everyone.image_index)),
                "usable": int(found.refined.ok.sum()),
            }
            numbers[f"{kind}, {name}"] = {**counts, "pictures": len(pictures)}
            row += [str(count) for count in counts.values()]
        rows.append(row)
    report.numbers["faceless"] = numbers
    report.lines.append(
        "Pictures without people in which a face was found, or is usable once refined:"
    )
    ways = ("first look", "search", "usable")
    report.table(["kind", "pictures", *(f"{n}, {way}" for n in networks for way in ways)], rows)


def _speed(report: Report, networks: dict[str, Network]) -> None:
    """Milliseconds for one canvas on one thread, both taking turns."""
    noise = np.random.default_rng(0).integers(0, 256, (1, SPEED_SIDE_PX, SPEED_SIDE_PX, 3))
    canvas = noise.astype(np.uint8)
    times = _taking_turns(networks, canvas)
    report.numbers["speed_ms"] = times
    report.lines.append(f"Milliseconds for {SPEED_SIDE_PX} x {SPEED_SIDE_PX} px on one thread:")
    rows = [[name, *(f"{t[key]:.2f}" for key in ("least", "median"))] for name, t in times.items()]
    report.table(["", "least", "median"], rows)


def _taking_turns(networks: dict[str, Network], canvas: U8) -> dict[str, dict[str, float]]:
    spent: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(SPEED_RUNS):
        for name, network in networks.items():
            begin = time.perf_counter()
            network.run(canvas)
            spent[name].append((time.perf_counter() - begin) * 1e3)
    return {
        name: {"least": min(times), "median": float(np.median(times))}
        for name, times in spent.items()
    }


def _halved(report: Report, pictures: list[Pixels], halved: Network, file: Path) -> None:
    """What storing weights as float16 changes: boxes, landmarks, scores, size, time."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest = msgspec.structs.replace(halved.manifest, sha256=digest)
    full = Network(manifest, file, Runtime(intra_op_threads=1))
    sample = pictures[::10]
    one, other = find(sample, halved), find(sample, full)
    same = one.chosen.status == other.chosen.status
    apart = landmark_distance(one.refined, other.refined)
    scores = [found.chosen.detection_score for found in (one, other)]
    report.numbers["float16"] = {
        "pictures": len(sample),
        "other_status": int((~same).sum()),
        "landmarks": quantiles(apart),
        "largest": float(apart.max()),
        "score": float(np.nanmax(np.abs(scores[0] - scores[1]))),
        "bytes": [halved.manifest.size_bytes, file.stat().st_size],
    }


if __name__ == "__main__":
    main()
