"""How far our detector and the reference agree on the evaluation pictures, and what comes of it."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.align import align_faces
from fvs.detect_heads import intersection_over_union
from fvs.embed import embed_crops
from fvs.metrics.folds import fold_accuracy, read_lfw_pairs
from fvs.metrics.intervals import rate
from fvs.metrics.rates import Sweep
from fvs.status import Status
from training.detector.prepare import as_images
from training.detector.sources import MIRRORED
from training.detector.steady import VIEWS, steady_landmarks
from training.detector.trials import evaluation_pictures
from training.detector.trying import SAME_FACE_IOU, Found, find, quantiles

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.network import Network
    from fvs.records import F32, F64, Bool, Faces, Pixels
    from training.detector.trying import Report

__all__ = ["agreement", "landmark_distance", "verification"]

SURE_SCORE = 0.8
"""Of the reference's faces, from which they are all to be found, bystanders too."""

STEADY_EVERY = 5
"""Of the evaluation pictures, those on which steadiness is measured."""

ONE, OTHER = "ours", "the reference's"

CHUNK = 64

FMRS = (1e-2, 1e-3)
"""At which FNMR is reported; 3,000 non-mated pairs bear no less."""


def agreement(
    report: Report, pictures: list[Pixels], networks: dict[str, Network]
) -> dict[str, Found]:
    """Recall of the reference's faces and distance of landmarks on the evaluation pictures."""
    found = {name: find(pictures, network) for name, network in networks.items()}
    report.lines.append(f"On the {len(pictures):,} evaluation pictures (LFW):")
    _recall(report, found)
    ours, theirs = found["ours"], found["reference"]
    errors = {
        f"{ONE}, refined, to {OTHER}, refined": landmark_distance(ours.refined, theirs.refined),
        f"{ONE}, as found, to {OTHER}, refined": landmark_distance(ours.chosen, theirs.refined),
        f"{OTHER}, as found, to its own, refined": landmark_distance(theirs.chosen, theirs.refined),
        **_steadiness(pictures, networks, found),
    }
    spread = {name: quantiles(values) for name, values in errors.items()}
    report.numbers["landmarks"] = spread
    report.lines.append("Distance of landmarks, mean of the five, over that between the eyes:")
    columns = ("median", "p95", "mean")
    rows = [[name, f"{q['n']:,}", *(f"{q[c]:.4f}" for c in columns)] for name, q in spread.items()]
    report.table(["", "pictures", *columns], rows)
    return found


def _recall(report: Report, found: dict[str, Found]) -> None:
    ours, theirs = found["ours"], found["reference"]
    main = theirs.chosen.take(np.flatnonzero(theirs.chosen.detection_score > 0))
    sure = theirs.everyone.take(np.flatnonzero(theirs.everyone.detection_score >= SURE_SCORE))
    rows = []
    for name, wanted in (("main face", main), (f"all faces that score >= {SURE_SCORE}", sure)):
        missed = rate(int(_missed(wanted, ours.everyone).sum()), len(wanted))
        report.numbers[f"recall, {name}"] = [missed.errors, missed.trials]
        low, high = 1 - missed.upper_95, 1 - missed.lower_95
        words = f"{1 - missed.point:.5f} [{low:.5f}, {high:.5f}]"
        rows.append([name, str(missed.errors), f"{missed.trials:,}", words])
    report.table(["of the reference", "missed by ours", "of", "recall [95 % interval]"], rows)
    rows = []
    for status in (Status.NO_FACE, Status.SEVERAL_FACES):
        counts = [int((faces.refined.status == status).sum()) for faces in found.values()]
        report.numbers[f"pictures that are {status.code}"] = dict(zip(found, counts, strict=True))
        rows.append([f"pictures that are {status.code}", *map(str, counts)])
    report.table(["", *found], rows)


def _steadiness(
    pictures: list[Pixels], networks: dict[str, Network], found: dict[str, Found]
) -> dict[str, F64]:
    """How far each detector's landmarks are to be trusted, on every fifth picture.

    A reading that is taken once has errors of its own; against the mean of several views of the
    reference they are the detector's alone.
    """
    rows = np.arange(0, len(pictures), STEADY_EVERY)
    some = [pictures[row] for row in rows]
    mirrored = [np.ascontiguousarray(picture[:, ::-1]) for picture in some]
    steady = _steadied(some, found["reference"].refined.take(rows), networks["reference"])
    errors = {}
    for name, label in (("ours", ONE), ("reference", OTHER)):
        refined = found[name].refined.take(rows)
        again = _mirrored(find(mirrored, networks[name]).refined, some)
        errors[f"{label}, refined, to the mean of {VIEWS} views of {OTHER}"] = landmark_distance(
            refined, steady
        )
        errors[f"{label}, refined, to its own of the mirrored picture"] = landmark_distance(
            again, refined
        )
    return errors


def _steadied(pictures: list[Pixels], faces: Faces, reference: Network) -> Faces:
    rng = np.random.default_rng(9)
    points = [
        steady_landmarks(picture, landmarks.astype(np.float64), reference, rng)
        for picture, landmarks in zip(pictures, faces.landmarks_px, strict=True)
    ]
    return replace(faces, landmarks_px=np.array(points, np.float32))


def _mirrored(faces: Faces, pictures: list[Pixels]) -> Faces:
    """Faces of mirrored pictures in the frame of the pictures."""
    last = np.array([picture.shape[1] - 1 for picture in pictures], np.float32)
    points = faces.landmarks_px[:, MIRRORED].copy()
    points[..., 0] = last[:, None] - points[..., 0]
    boxes = faces.xyxy_px.copy()
    boxes[:, [0, 2]] = last[:, None] - boxes[:, [2, 0]]
    return replace(faces, xyxy_px=boxes, landmarks_px=points)


def _missed(wanted: Faces, found: Faces) -> Bool:
    """(M,) True where no found face of the same picture overlaps a wanted one enough."""
    missed = np.ones(len(wanted), bool)
    for row in range(len(wanted)):
        same = np.flatnonzero(found.image_index == wanted.image_index[row])
        box = np.repeat(wanted.xyxy_px[row : row + 1], len(same), axis=0)
        missed[row] = not (intersection_over_union(found.xyxy_px[same], box) >= SAME_FACE_IOU).any()
    return missed


def landmark_distance(ours: Faces, theirs: Faces) -> F64:
    """Mean landmark distance over the reference's inter-eye distance, where both have the face."""
    same = intersection_over_union(ours.xyxy_px, theirs.xyxy_px) >= SAME_FACE_IOU
    distance = np.linalg.norm(ours.landmarks_px - theirs.landmarks_px, axis=2).mean(axis=1)
    return np.asarray((distance / theirs.inter_eye_px)[same], np.float64)


def verification(report: Report, tar: Path, found: dict[str, Found], embedder: Network) -> None:
    """The protocol of LFW with either detector before the same embedder."""
    with tarfile.open(tar) as archive:
        files = [member.name for member in archive if member.name.endswith(".jpg")]
        stream = archive.extractfile("pairs.txt")
        pairs = read_lfw_pairs(stream.read().decode() if stream else "")
    pictures = evaluation_pictures(tar)
    row_of = {file: row for row, file in enumerate(files)}
    first, second = (
        np.array([row_of[getattr(pair, side)] for pair in pairs]) for side in ("first", "second")
    )
    mated, fold = np.array([p.mated for p in pairs]), np.array([p.fold for p in pairs])
    rows = []
    for name, by in found.items():
        vectors, usable = _embedded(pictures, by.refined, embedder)
        scores = (vectors[first] * vectors[second]).sum(axis=1)
        kept = usable[first] & usable[second]
        accuracy = fold_accuracy(scores, mated, fold)
        sweep = Sweep.of(scores[kept & mated], scores[kept & ~mated])
        fnmr = [sweep.fnmr_at_fmr(fmr) for fmr in FMRS]
        report.numbers[f"verification, {name}"] = {
            "accuracy": accuracy.mean,
            "pairs_left_out": int((~kept).sum()),
            "fnmr": [[r.errors, r.trials] for r in fnmr],
        }
        words = [f"{r.point:.4f} [{r.lower_95:.4f}, {r.upper_95:.4f}]" for r in fnmr]
        left_out = str(int((~kept).sum()))
        rows.append(
            [name, f"{accuracy.mean:.4f} ± {accuracy.standard_error:.4f}", *words, left_out]
        )
    report.lines.append(f"LFW, 6,000 pairs, with `{embedder.manifest.id}`:")
    head = ["detector", "accuracy, 10 folds", *(f"FNMR at FMR {fmr:g}" for fmr in FMRS)]
    report.table([*head, "pairs without a usable face"], rows)


def _embedded(pictures: list[Pixels], faces: Faces, embedder: Network) -> tuple[F32, Bool]:
    """Vectors (N, D), 0 where there is no usable face, and where there is one."""
    parts = []
    for start in range(0, len(pictures), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(pictures)))
        images = as_images(pictures[start : start + CHUNK])
        some = replace(faces.take(rows), image_index=rows - start)
        parts.append(embed_crops(align_faces(images, some), embedder))
    return np.concatenate([p.vectors for p in parts]), np.concatenate([p.ok for p in parts])
