"""FNMR of mated pairs of which one picture was degraded, at the shipped operating points."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from benchmarks.accuracy.robustness_curves import CURVES, Curve, Face
from benchmarks.accuracy.shipped import shipped_points
from benchmarks.machine import Circumstances, describe_circumstances
from fvs.cli.measuring import faces_cache_dir, progress_bar
from fvs.deployment.packs import open_engine
from fvs.derivation.extraction import model_hashes
from fvs.engine import Engine
from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.metrics.intervals import rate
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes
from fvs.packs import load_pack, shipped_models_dir
from fvs.raster import encode_png
from fvs.status import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fvs.engine import Samples
    from fvs.records import F32, Bool

__all__ = [
    "AtSeverity",
    "CurveResult",
    "Extracted",
    "RobustnessReport",
    "RobustnessResult",
    "count_errors",
    "measure_robustness",
    "sample_people",
]

SEED = 20261125
CACHE_VERSION = 1
"""Part of the cache's key: raise it when a curve or a column changes."""
CHUNK_PICTURES = 32


class AtSeverity(msgspec.Struct, frozen=True, kw_only=True):
    """One degree of one degradation.

    Attributes:
        severity: on the curve's axis.
        label: of the situation, where it is no number.
        failed_to_acquire: degraded pictures in which no face could be embedded.
        refused: those that the engine would refuse, for their quality too.
        fnmr: per target FMR, false non-matches of the pairs that were compared.
        mean_similarity: of those; None without any.
    """

    severity: float
    label: str
    failed_to_acquire: Rate
    refused: Rate
    fnmr: tuple[Rate | None, ...]
    mean_similarity: float | None


class CurveResult(msgspec.Struct, frozen=True, kw_only=True):
    """One degradation."""

    name: str
    axis: str
    side: str
    at: tuple[AtSeverity, ...]


class RobustnessResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured of a pack, and on what.

    Attributes:
        people: one mated pair each.
        left_out: people drawn whose pictures were not both usable before anything was done.
        targets_fmr: of the operating points, and their thresholds.
    """

    circumstances: Circumstances
    model_sha256: tuple[str, ...]
    data: str
    data_sha256: str
    people: int
    left_out: int
    targets_fmr: tuple[float, ...]
    thresholds: tuple[float, ...]
    curves: tuple[CurveResult, ...]


class RobustnessReport(msgspec.Struct, frozen=True, kw_only=True):
    """`benchmarks/results/robustness.json`: pack -> its result."""

    packs: dict[str, RobustnessResult] = {}


@dataclass(frozen=True, eq=False)
class Extracted:
    """What the engine made of N pictures.

    Attributes:
        vectors: (N, D) float32 of length 1; zero where there is no face.
        ok: (N,) whether it may be compared.
        refused: (N,) whether the engine would refuse it, quality included.
    """

    vectors: F32
    ok: Bool
    refused: Bool


@dataclass(frozen=True, eq=False)
class _People:
    """Pairs of clean pictures; row i of both sides shows person i."""

    references: tuple[Face, ...]
    probes: tuple[Face, ...]
    clean_references: Extracted
    clean_probes: Extracted
    left_out: int


def sample_people(names: Sequence[str], count: int) -> list[tuple[str, str]]:
    """Two pictures of each of so many people, who are drawn; fewer where there are no more.

    Args:
        names: `person/picture`.
        count: people wanted.

    Raises:
        UsageError: nobody has two pictures.
    """
    pictures_of: dict[str, list[str]] = {}
    for name in sorted(names):
        pictures_of.setdefault(name.rpartition("/")[0], []).append(name)
    pairs = [(some[0], some[1]) for some in pictures_of.values() if len(some) > 1]
    if not pairs:
        raise UsageError(
            "nobody has two pictures", advice="Put pictures into a folder per person, two or more."
        )
    drawn = np.random.default_rng(SEED).permutation(len(pairs))[:count]
    return [pairs[k] for k in sorted(drawn.tolist())]


def measure_robustness(
    pack_name: str, shared: Path, pictures_path: Path, people_wanted: int
) -> RobustnessResult:
    """Measure every curve; what an interrupted run has done is kept in this user's cache."""
    circumstances = describe_circumstances()
    pack = load_pack(pack_name, shipped_models_dir(), [shared / "models"])
    opened = open_engine(pack)
    engine = Engine(opened.detector, opened.embedder, (), opened.settings)
    pictures = PictureSet.open(pictures_path)
    names = sample_people(pictures.pictures, people_wanted)
    points = shipped_points(pack)
    with progress_bar() as progress:
        degrees = sum(len(curve.severities) for curve in CURVES)
        task = progress.add_task(f"{pack_name}: degrees", total=degrees)
        run = _Run(
            engine=engine,
            people=_clean(engine, pictures, names),
            thresholds=tuple(point.threshold for point in points),
            cache=faces_cache_dir() / _key(engine, pictures, names),
            on_degree=lambda: progress.advance(task),
        )
        curves = tuple(_measure_curve(run, curve) for curve in CURVES)
    return RobustnessResult(
        circumstances=circumstances,
        model_sha256=model_hashes(opened),
        data=pictures.name,
        data_sha256=pictures.sha256,
        people=len(run.people.probes),
        left_out=run.people.left_out,
        targets_fmr=tuple(point.target_fmr for point in points),
        thresholds=run.thresholds,
        curves=curves,
    )


def count_errors(
    degraded: Extracted, others: Extracted, thresholds: Sequence[float]
) -> tuple[tuple[Rate | None, ...], float | None]:
    """False non-matches of the pairs that could be compared, and their mean similarity."""
    both = degraded.ok & others.ok
    if not both.any():
        return tuple(None for _ in thresholds), None
    similarity = np.einsum("nd,nd->n", degraded.vectors[both], others.vectors[both])
    counted = tuple(
        rate(int((similarity < np.float32(threshold)).sum()), len(similarity))
        for threshold in thresholds
    )
    return counted, float(similarity.mean())


@dataclass(frozen=True, eq=False, kw_only=True)
class _Run:
    """One measurement: with what, of whom, at which thresholds, kept where, told to whom."""

    engine: Engine
    people: _People
    thresholds: tuple[float, ...]
    cache: Path
    on_degree: Callable[[], None]


def _measure_curve(run: _Run, curve: Curve) -> CurveResult:
    degrees = []
    for index in range(len(curve.severities)):
        degrees.append(_at_severity(run, curve, index))
        run.on_degree()
    return CurveResult(name=curve.name, axis=curve.axis, side=curve.side, at=tuple(degrees))


def _at_severity(run: _Run, curve: Curve, index: int) -> AtSeverity:
    is_probe = curve.side == "probe"
    others = run.people.clean_references if is_probe else run.people.clean_probes
    degraded = _degraded(run, curve, index)
    fnmr, mean_similarity = count_errors(degraded, others, run.thresholds)
    return AtSeverity(
        severity=curve.severities[index],
        label=curve.labels[index] if curve.labels else "",
        failed_to_acquire=rate(int((~degraded.ok).sum()), len(degraded.ok)),
        refused=rate(int(degraded.refused.sum()), len(degraded.ok)),
        fnmr=fnmr,
        mean_similarity=mean_similarity,
    )


def _degraded(run: _Run, curve: Curve, index: int) -> Extracted:
    """What the engine makes of the degraded pictures, from the cache where it has them."""
    path = run.cache / f"{curve.name.replace(' ', '-')}-{index}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as columns:
            return Extracted(**columns)
    is_probe = curve.side == "probe"
    faces = run.people.probes if is_probe else run.people.references
    severity = curve.severities[index]

    def file_of(face: Face) -> bytes:
        return encode_png(curve.apply(face, severity))

    parts = []
    with ThreadPoolExecutor(run.engine.settings.workers) as pool:
        for start in range(0, len(faces), CHUNK_PICTURES):
            files = list(pool.map(file_of, faces[start : start + CHUNK_PICTURES]))
            role = Role.SELFIE if is_probe else Role.CARD
            parts.append(_extracted(run.engine.extract(files, role)))
    found = Extracted(
        vectors=np.concatenate([part.vectors for part in parts]),
        ok=np.concatenate([part.ok for part in parts]),
        refused=np.concatenate([part.refused for part in parts]),
    )
    _save(found, path)
    return found


def _save(found: Extracted, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{os.getpid()}.npz")
    np.savez(unfinished, vectors=found.vectors, ok=found.ok, refused=found.refused)
    unfinished.replace(path)


def _extracted(samples: Samples) -> Extracted:
    return Extracted(
        vectors=samples.embeddings.vectors,
        ok=samples.embeddings.ok,
        refused=np.array([bool(samples.refusals(row)) for row in range(len(samples))], np.bool_),
    )


def _clean(engine: Engine, pictures: PictureSet, names: Sequence[tuple[str, str]]) -> _People:
    """Both pictures of each person as they are, of those people where both are usable."""
    references = engine.extract(pictures.read([first for first, _ in names]), Role.SELFIE)
    probes = engine.extract(pictures.read([second for _, second in names]), Role.SELFIE)
    usable = np.flatnonzero(references.embeddings.ok & probes.embeddings.ok)
    if not len(usable):
        raise UsageError(f"{pictures.name} has nobody with two usable pictures")
    kept_references, kept_probes = references.take(usable.tolist()), probes.take(usable.tolist())
    return _People(
        references=_faces(kept_references),
        probes=_faces(kept_probes),
        clean_references=_extracted(kept_references),
        clean_probes=_extracted(kept_probes),
        left_out=len(names) - len(usable),
    )


def _faces(samples: Samples) -> tuple[Face, ...]:
    faces = []
    for row, pixels in enumerate(samples.images.pixels_rgb):
        if pixels is None:
            raise UsageError("a picture that could not be read has no face")
        left, top, right, bottom = samples.faces.xyxy_px[row].tolist()
        faces.append(Face(pixels, (left, top, right, bottom), seed=row))
    return tuple(faces)


def _key(engine: Engine, pictures: PictureSet, names: Sequence[tuple[str, str]]) -> str:
    curves = [[curve.name, *curve.severities] for curve in CURVES]
    identity = [CACHE_VERSION, pictures.sha256, names, curves, *model_hashes(engine)]
    return f"robustness-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]}"
