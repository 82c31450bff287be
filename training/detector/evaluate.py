"""Step 5: our detector beside the reference through the engine's own stages, as JSON and Markdown.

`python -m training.detector.evaluate --shared ../shared --faces RUNS/faces --out RUNS/report`

Nothing is chosen by the evaluation pictures; thresholds come from held-out pool pictures
(`training.detector.thresholds`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import msgspec
import numpy as np
import skimage.data

from fvs.choose import choose_faces
from fvs.detect import FaceSearch, detect_faces
from fvs.detect_heads import intersection_over_union
from fvs.manifest import load_manifest
from fvs.metrics.intervals import rate
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.records import Faces
from fvs.refine import refine_faces
from fvs.status import Role, Status
from training.detector.prepare import REFERENCE, as_images
from training.detector.sources import Sources
from training.detector.trials import close_ups, evaluation_pictures, faceless, heldout_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.operating_points import Rate
    from fvs.records import F64, U8, Bool, Pixels

__all__ = ["OURS", "Found", "find", "main", "open_detector"]

OURS = "detect-fvs-202611"

SAME_FACE_IOU = 0.5
SURE_SCORE = 0.8
"""Of the reference's faces, from which they are all to be found, bystanders too."""

SHARES = (0.9, 1.0, 1.1, 1.2, 1.3)
"""Longer side of a close-up's face over the frame's."""

CLOSE_UPS = 150
"""Of each folder of the pool."""

CHUNK = 32
SPEED_RUNS = 300
SPEED_SIDE_PX = 320

PLAN = FaceSearch()
FIRST_LOOK = FaceSearch(steps=PLAN.steps[:1])


@dataclass(frozen=True)
class Found:
    """All faces of some pictures, the chosen one of each, and the same refined."""

    everyone: Faces
    chosen: Faces
    refined: Faces


@dataclass
class Report:
    """Numbers by name, and the lines of Markdown that show them."""

    numbers: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a Markdown table."""
        rule = ["---", *("---:" for _ in head[1:])]
        self.lines += ["", *("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)), ""]


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
        "ours": open_detector(OURS, shipped_models_dir() / OURS),
        "reference": open_detector(REFERENCE, args.shared / "models"),
    }
    report = Report()
    _speed(report, networks)
    _faceless(report, networks)
    _close_ups(report, networks, Sources.open(args.faces))
    pictures = evaluation_pictures(args.shared / "data" / "lfw_eval.tar")
    _agreement(report, pictures, networks)
    if args.float32 is not None:
        _halved(report, pictures, networks["ours"], args.float32)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "detector.json").write_text(json.dumps(report.numbers, indent=1) + "\n")
    (args.out / "detector.md").write_text("\n".join(report.lines) + "\n")


def open_detector(model_id: str, folder: Path, file: Path | None = None) -> Network:
    """A shipped detector on one thread, with the weights that its manifest states."""
    manifest = load_manifest(shipped_models_dir() / model_id)
    return Network(manifest, file or folder / manifest.file, Runtime(intra_op_threads=1))


def find(pictures: Sequence[Pixels], network: Network, search: FaceSearch = PLAN) -> Found:
    """The engine's stages from pixels to refined landmarks."""
    parts: list[list[Faces]] = [[], [], []]
    for start in range(0, len(pictures), CHUNK):
        images = as_images(pictures[start : start + CHUNK])
        everyone = detect_faces(images, network, search)
        chosen = choose_faces(everyone, images, Role.SELFIE)
        refined = refine_faces(images, chosen, network)
        for part, faces in zip(parts, (everyone, chosen, refined), strict=True):
            part.append(replace(faces, image_index=faces.image_index + start))
    return Found(*(Faces.concatenate(part) for part in parts))


def _agreement(report: Report, pictures: list[Pixels], networks: dict[str, Network]) -> None:
    """Recall of the reference's faces and distance of landmarks on the evaluation pictures."""
    ours, theirs = (find(pictures, networks[name]) for name in ("ours", "reference"))
    lone = theirs.chosen.detection_score > 0
    main = rate(
        int(_missed(theirs.chosen.take(np.flatnonzero(lone)), ours.everyone).sum()), int(lone.sum())
    )
    sure = theirs.everyone.take(np.flatnonzero(theirs.everyone.detection_score >= SURE_SCORE))
    every = rate(int(_missed(sure, ours.everyone).sum()), len(sure))
    unusable = {
        name: int(np.isin(found.refined.status, (Status.NO_FACE,)).sum())
        for name, found in (("ours", ours), ("reference", theirs))
    }
    several = {
        name: int((found.chosen.status == Status.SEVERAL_FACES).sum())
        for name, found in (("ours", ours), ("reference", theirs))
    }
    errors = {
        "ours, refined, to the reference's, refined": _apart(ours.refined, theirs.refined),
        "ours, as found, to the reference's, refined": _apart(ours.chosen, theirs.refined),
        "the reference's, as found, to its own, refined": _apart(theirs.chosen, theirs.refined),
    }
    report.numbers["agreement"] = {
        "pictures": len(pictures),
        "main": [main.errors, main.trials],
        "sure": [every.errors, every.trials],
        "no_usable_face": unusable,
        "several_faces": several,
        "landmarks": {name: _quantiles(e) for name, e in errors.items()},
        "score_ours_p5": float(np.nanquantile(ours.chosen.detection_score, 0.05)),
    }
    report.lines.append(f"On the {len(pictures):,} evaluation pictures (LFW):")
    report.table(
        ["", "missed", "of", "recall [95 % interval]"],
        [
            [name, str(r.errors), f"{r.trials:,}", _recall_words(r)]
            for name, r in (
                ("main face of the reference", main),
                (f"all faces of the reference with a score >= {SURE_SCORE}", every),
            )
        ],
    )
    report.table(
        ["", "ours", "reference"],
        [
            ["pictures without a usable face", *(str(n) for n in unusable.values())],
            [
                "pictures with several candidates for the main face",
                *(str(n) for n in several.values()),
            ],
        ],
    )
    report.lines.append("Distance of landmarks, mean of the five, over that between the eyes:")
    report.table(
        ["", "median", "p95", "mean"],
        [
            [name, *(f"{q[key]:.4f}" for key in ("median", "p95", "mean"))]
            for name, q in ((n, _quantiles(e)) for n, e in errors.items())
        ],
    )


def _missed(wanted: Faces, found: Faces) -> Bool:
    """(M,) True where no found face of the same picture overlaps a wanted one enough."""
    missed = np.ones(len(wanted), bool)
    for row in range(len(wanted)):
        same = np.flatnonzero(found.image_index == wanted.image_index[row])
        box = np.repeat(wanted.xyxy_px[row : row + 1], len(same), axis=0)
        missed[row] = not (intersection_over_union(found.xyxy_px[same], box) >= SAME_FACE_IOU).any()
    return missed


def _apart(ours: Faces, theirs: Faces) -> F64:
    """Mean landmark distance over the reference's inter-eye distance, where both have the face."""
    same = intersection_over_union(ours.xyxy_px, theirs.xyxy_px) >= SAME_FACE_IOU
    distance = np.linalg.norm(ours.landmarks_px - theirs.landmarks_px, axis=2).mean(axis=1)
    return np.asarray((distance / theirs.inter_eye_px)[same], np.float64)


def _quantiles(errors: F64) -> dict[str, float]:
    return {
        "n": len(errors),
        "median": float(np.median(errors)),
        "p95": float(np.quantile(errors, 0.95)),
        "mean": float(errors.mean()),
    }


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
    """Pictures without people in which something is called a face."""
    rows, numbers = [], {}
    for kind, pictures in faceless(Path(skimage.data.__file__).parent).items():
        row = [kind, str(len(pictures))]
        for way, search in (("first look", FIRST_LOOK), ("search", PLAN)):
            for name, network in networks.items():
                found = find(pictures, network, search).everyone
                count = len(np.unique(found.image_index))
                numbers[f"{kind}, {name}, {way}"] = [count, len(pictures)]
                row.append(str(count))
        rows.append(row)
    report.numbers["faceless"] = numbers
    report.lines.append("Pictures without people in which a face was found (score >= 0.5):")
    head = ["kind", "pictures", "ours, first look", "reference, first look", "ours, search"]
    report.table([*head, "reference, search"], rows)


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
    apart = _apart(one.refined, other.refined)
    scores = [found.chosen.detection_score for found in (one, other)]
    report.numbers["float16"] = {
        "pictures": len(sample),
        "other_status": int((~same).sum()),
        "landmarks": _quantiles(apart),
        "largest": float(apart.max()),
        "score": float(np.nanmax(np.abs(scores[0] - scores[1]))),
        "bytes": [halved.manifest.size_bytes, file.stat().st_size],
    }


def _recall_words(missed: Rate) -> str:
    return f"{1 - missed.point:.5f} [{1 - missed.upper_95:.5f}, {1 - missed.lower_95:.5f}]"


if __name__ == "__main__":
    main()
