"""Error versus discard on LFW: whether quality tells beforehand which comparisons fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from benchmarks.machine import Circumstances, describe_circumstances
from fvs.cli.measuring import progress_bar
from fvs.deployment.packs import open_engine
from fvs.derivation.derivation import lfw_subjects
from fvs.derivation.extraction import model_hashes
from fvs.engine import Engine
from fvs.folders import PictureSet
from fvs.metrics.discard import (
    BOOTSTRAP_ROUNDS,
    DiscardCurve,
    Interval,
    area_recovered,
    bootstrap_by_subject,
    pair_quality,
)
from fvs.metrics.intervals import rate
from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.rates import Sweep
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes
from fvs.packs import load_pack, shipped_models_dir
from fvs.recognisability import UNIFIED_QUALITY_SCORE
from fvs.records import Rows
from fvs.status import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs.engine import Samples
    from fvs.records import F32, F64, Bool, Int

__all__ = [
    "BEYOND_ISO",
    "DETECTION_SCORE",
    "EMBEDDING_NORM",
    "ORACLE",
    "SHARES",
    "TARGETS_FMR",
    "EdcAtTarget",
    "EdcReport",
    "EdcResult",
    "GradedFaces",
    "MeasureResult",
    "grade_pictures",
    "graded",
    "measure_edc",
    "measure_pack",
]

TARGETS_FMR = (1e-3, 1e-4)
SHARES = tuple(round(0.01 * step, 2) for step in range(31))
"""Of the mated pairs that are discarded, as the curves are kept and drawn."""
CHUNK_PICTURES = 64
SEED = 20261123

ORACLE = "oracle"
EMBEDDING_NORM = "embedding_norm"
DETECTION_SCORE = "detection_score"
BEYOND_ISO = (UNIFIED_QUALITY_SCORE, EMBEDDING_NORM, DETECTION_SCORE)
"""What is graded beside the ISO measures of single causes."""


@dataclass(frozen=True, eq=False)
class GradedFaces(Rows):
    """Faces with everything that might tell how well they will be recognised.

    Attributes:
        status: (N,) uint8, of the embedding.
        vectors: (N, D) float32 of length 1.
        grades: (N, K) float32, higher is better; NaN where it could not be assessed.
        names: K names: the ISO components' scalars, then those of `BEYOND_ISO`.
    """

    SHARED: ClassVar[frozenset[str]] = frozenset({"names"})

    vectors: F32
    grades: F32
    names: tuple[str, ...]


class MeasureResult(msgspec.Struct, frozen=True, kw_only=True):
    """How well one measure tells errors beforehand.

    Attributes:
        area_recovered: of the oracle's gain over chance, up to a fifth discarded: 1 is the oracle,
            0 is chance; null where there is nothing to gain.
        interval: its 95 % interval over draws of subjects, where it was computed.
    """

    area_recovered: float | None
    interval: tuple[float, float] | None = None


class EdcAtTarget(msgspec.Struct, frozen=True, kw_only=True):
    """All measures at one threshold.

    Attributes:
        best_iso: the ISO measure that recovers most here, so chosen in hindsight.
        ahead_of_best_iso: how much more the unified quality score recovers, with its interval;
            null where the embedder has no such score.
        measures: by name.
        curves: of those that are drawn, FNMR over the pairs left at each of the result's `shares`.
    """

    target_fmr: float
    threshold: float
    fnmr: Rate
    best_iso: str
    ahead_of_best_iso: Interval | None
    measures: dict[str, MeasureResult]
    curves: dict[str, tuple[float, ...]]


class EdcResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured of a pack, and on what.

    Attributes:
        left_out: pictures that the engine would not compare, those of several faces above all.
        shares: of the mated pairs that are discarded.
    """

    circumstances: Circumstances
    embedder: str
    model_sha256: tuple[str, ...]
    data_sha256: str
    pictures: int
    left_out: int
    subjects: int
    mated_pairs: int
    shares: tuple[float, ...]
    at: tuple[EdcAtTarget, ...]


class EdcReport(msgspec.Struct, frozen=True, kw_only=True):
    """`benchmarks/results/edc.json`: pack -> its result."""

    packs: dict[str, EdcResult] = {}


@dataclass(frozen=True, eq=False)
class _MatedPairs:
    """All pairs of pictures of one person: whose, how alike, how good by each measure.

    Attributes:
        rounds: of the bootstrap over them.
    """

    subject: Int
    similarity: F32
    qualities: dict[str, F64]
    rounds: int


def grade_pictures(engine: Engine, pictures: PictureSet) -> GradedFaces:
    """Extract every picture of a set and gather its grades, with a bar."""
    without_pad = Engine(engine.detector, engine.embedder, (), engine.settings)
    names, parts = pictures.pictures, []
    with progress_bar() as progress:
        task = progress.add_task(pictures.name, total=len(names))
        for start in range(0, len(names), CHUNK_PICTURES):
            files = pictures.read(names[start : start + CHUNK_PICTURES])
            parts.append(graded(without_pad.extract(files, Role.SELFIE)))
            progress.advance(task, len(files))
    return GradedFaces.concatenate(parts)


def graded(samples: Samples) -> GradedFaces:
    """The grades of pictures as the engine sees them."""
    quality, embeddings = samples.quality, samples.embeddings
    iso = [k for k, name in enumerate(quality.components) if name != UNIFIED_QUALITY_SCORE]
    unified = quality.scalar[:, quality.components.index(UNIFIED_QUALITY_SCORE)]
    beyond = [unified, embeddings.norm, samples.faces.detection_score]
    return GradedFaces(
        status=embeddings.status,
        vectors=embeddings.vectors,
        grades=np.column_stack([quality.scalar[:, iso], *beyond]).astype(np.float32),
        names=(*(quality.components[k] for k in iso), *BEYOND_ISO),
    )


def measure_edc(
    faces: GradedFaces, subjects: Int, rounds: int = BOOTSTRAP_ROUNDS
) -> tuple[EdcAtTarget, ...]:
    """Error versus discard of every measure at each target.

    Args:
        faces: N rows, all OK.
        subjects: (N,) person.
        rounds: of the bootstrap.
    """
    every = compare_all_pairs(faces.vectors, subjects)
    sweep = Sweep.of(every.mated, every.non_mated)
    pairs = _mated_pairs(faces, subjects, rounds)
    return tuple(_at_target(sweep, pairs, target) for target in TARGETS_FMR)


def _mated_pairs(faces: GradedFaces, subjects: Int, rounds: int) -> _MatedPairs:
    first, second = np.concatenate([np.empty((0, 2), np.int64), *_pairs_of_each(subjects)]).T
    similarity = np.einsum("pd,pd->p", faces.vectors[first], faces.vectors[second])
    qualities = {
        name: pair_quality(faces.grades[:, k], first, second) for k, name in enumerate(faces.names)
    }
    return _MatedPairs(subjects[first], np.clip(similarity, -1.0, 1.0), qualities, rounds)


def _pairs_of_each(subjects: Int) -> Iterator[Int]:
    """Per subject, (P, 2) rows of every unordered pair."""
    for subject in np.unique(subjects):
        rows = np.flatnonzero(subjects == subject)
        yield np.column_stack([rows[side] for side in np.triu_indices(len(rows), 1)])


def _at_target(sweep: Sweep, pairs: _MatedPairs, target_fmr: float) -> EdcAtTarget:
    threshold = sweep.threshold_at_fmr(target_fmr)
    is_error = np.asarray(pairs.similarity < np.float32(threshold))
    curves = {name: DiscardCurve.of(q, is_error) for name, q in pairs.qualities.items()}
    recovered = {name: area_recovered(curve) for name, curve in curves.items()}
    best_iso = max(recovered.keys() - set(BEYOND_ISO), key=recovered.__getitem__)
    is_unified = bool(np.isfinite(pairs.qualities[UNIFIED_QUALITY_SCORE]).any())
    shown = [EMBEDDING_NORM, DETECTION_SCORE, best_iso]
    shown = [UNIFIED_QUALITY_SCORE, *shown] if is_unified else shown
    drawn = {**{name: curves[name] for name in shown}, ORACLE: curves[best_iso].oracle()}
    return EdcAtTarget(
        target_fmr=target_fmr,
        threshold=threshold,
        # Counted here: the last bit of a score may differ from that of the sweep's products.
        fnmr=rate(int(is_error.sum()), len(is_error)),
        best_iso=best_iso,
        ahead_of_best_iso=_ahead(pairs, is_error, best_iso) if is_unified else None,
        measures={
            name: MeasureResult(
                area_recovered=_finite(value),
                interval=_interval(pairs, is_error, name) if name in shown else None,
            )
            for name, value in recovered.items()
        },
        curves={name: tuple(curve.fnmr_at(SHARES).tolist()) for name, curve in drawn.items()},
    )


def _interval(pairs: _MatedPairs, is_error: Bool, name: str) -> tuple[float, float]:
    quality = pairs.qualities[name]

    def recovered(rows: Int) -> float:
        return area_recovered(DiscardCurve.of(quality[rows], is_error[rows]))

    found = bootstrap_by_subject(recovered, pairs.subject, seed=SEED, rounds=pairs.rounds)
    return found.lower_95, found.upper_95


def _ahead(pairs: _MatedPairs, is_error: Bool, best_iso: str) -> Interval:
    ours, theirs = pairs.qualities[UNIFIED_QUALITY_SCORE], pairs.qualities[best_iso]

    def difference(rows: Int) -> float:
        one = area_recovered(DiscardCurve.of(ours[rows], is_error[rows]))
        return one - area_recovered(DiscardCurve.of(theirs[rows], is_error[rows]))

    return bootstrap_by_subject(difference, pairs.subject, seed=SEED, rounds=pairs.rounds)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def measure_pack(pack: str, shared: Path) -> EdcResult:
    """Measure one pack on the pictures of LFW's 6,000 pairs."""
    circumstances = describe_circumstances()
    engine = open_engine(load_pack(pack, shipped_models_dir(), [shared / "models"]))
    pictures = PictureSet.open(shared / "data" / "lfw_eval.tar")
    faces, subjects = grade_pictures(engine, pictures), lfw_subjects(pictures.pictures)
    at = measure_edc(faces.take(faces.ok), subjects[faces.ok])
    return EdcResult(
        circumstances=circumstances,
        embedder=engine.embedder.manifest.id,
        model_sha256=model_hashes(engine),
        data_sha256=pictures.sha256,
        pictures=len(faces),
        left_out=int((~faces.ok).sum()),
        subjects=len(np.unique(subjects[faces.ok])),
        mated_pairs=at[0].fnmr.trials,
        shares=SHARES,
        at=at,
    )
