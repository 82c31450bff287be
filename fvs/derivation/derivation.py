"""Pictures -> `operating_points.json`: measures, cleans, groups and counts, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.duplicates import SAME_PERSON_SCORE, find_duplicates
from fvs.derivation.extraction import MeasuredFaces, extract_faces, model_hashes
from fvs.derivation.groups import Labels, cells_of
from fvs.derivation.points import (
    CLEANING_MARGIN,
    ERRORS_TO_SPARE,
    GroupScores,
    MeasuredScores,
    derive_points,
)
from fvs.errors import UsageError
from fvs.metrics.intervals import rate
from fvs.metrics.pairs import AllPairs, compare_all_pairs
from fvs.operating_points import DataSource, OperatingPoints, PadPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.operating_points import Rate
    from fvs.records import F32, Bool, Int

__all__ = ["ADULT_AGE_YEARS", "PAD_THRESHOLD", "DerivationRequest", "derive", "lfw_subjects"]

PAD_THRESHOLD = 0.5
"""Live probability from which a selfie is live: the networks' own even odds, not tuned."""

ADULT_AGE_YEARS = 20
"""From here a high score alone tells that two pictures show one person."""

LFW_GROUP = "lfw (pairs)/any age/any sex/all groups"

TERMS = {
    "aaf": "non-commercial research",
    "lfw": "research; the pictures of the pairs for evaluation only",
    "utk": "non-commercial research",
    "web": "research",
}

METHOD = (
    "score >= threshold accepts. The threshold is the lowest multiple of 0.0001 at which the upper "
    "two-sided 95 % Clopper-Pearson bound of FMR is within the target in every adult group with "
    f"enough non-mated pairs to show it in spite of {ERRORS_TO_SPARE} errors, and at which the "
    f"measured rate is so in every smaller one, up to {ERRORS_TO_SPARE} errors aside. Pairs are "
    "formed within one source, age band, sex and group, and within one source, age band and sex, "
    "one picture per person; LFW over all its people. Intervals take pairs as independent, which "
    "pairs that share a picture are not quite, so they are too narrow: see the number of subjects "
    "beside each. People found twice were dropped first: the same photograph by its pixels at any "
    f"age, the same adult by a score of {SAME_PERSON_SCORE:.2f} or more with the mean of the "
    f"pictures already found; a point's threshold must lie {CLEANING_MARGIN} below that. By eye, "
    "many of the adult pairs left above 0.5 (few above 60 years) and most of the children's above "
    "0.75 still show one person, which errs on the strict side. FNMR is that of mated LFW pairs: "
    "photographs from the press, not selfies against ID cards."
)


@dataclass(frozen=True, kw_only=True)
class DerivationRequest:
    """What to derive from what.

    Attributes:
        pack: name of the pack that the engine is made of.
        lfw: pictures in folders named after the person: mated and non-mated pairs.
        pools: pictures of different people each.
        labels: picture name -> what is known of it.
        targets: false match rates.
        cache_dir: folder that keeps extracted faces, or None.
        machine: what it runs on, in words.
        commit: of the code.
    """

    pack: str
    lfw: PictureSet
    pools: tuple[PictureSet, ...]
    labels: Mapping[str, Labels]
    targets: tuple[float, ...]
    cache_dir: Path | None
    machine: str
    commit: str


@dataclass(frozen=True, eq=False)
class _Pool:
    """All pool pictures, one row each, and where they came from."""

    faces: MeasuredFaces
    labels: tuple[Labels, ...]
    set_index: Int
    dropped: Bool

    @property
    def usable(self) -> Bool:
        return np.asarray(self.faces.ok & ~self.dropped)


def derive(
    engine: Engine,
    request: DerivationRequest,
    on_progress: Callable[[str, int, int], None] = lambda *_: None,
) -> OperatingPoints:
    """Derive the operating points of a pack.

    Args:
        engine: the pack, opened.
        request: pictures, targets and circumstances.
        on_progress: called with a picture set's name, pictures done and pictures in all.

    Raises:
        UsageError: pictures or targets that nothing can be derived from.
    """
    # 1. Measure.
    lfw = _extract(engine, request.lfw, request, on_progress)
    parts = [_extract(engine, pictures, request, on_progress) for pictures in request.pools]
    # 2. Clean.
    pool = _clean_pool(parts, request)
    # 3. Compare within groups.
    lfw_names = np.array(request.lfw.pictures)[lfw.ok]
    lfw_pairs = compare_all_pairs(lfw.vectors[lfw.ok], lfw_subjects(lfw_names.tolist()))
    subjects = len(set(lfw_subjects(lfw_names.tolist()).tolist()))
    groups = (_lfw_group(lfw_pairs, subjects), *_pool_groups(pool))
    measured = MeasuredScores(
        mated=lfw_pairs.mated,
        lfw_non_mated=lfw_pairs.non_mated,
        groups=groups,
        cleaned_from=SAME_PERSON_SCORE,
    )
    # 4. Set thresholds.
    points, unsupported = derive_points(measured, request.targets)
    detector, embedder, *pad = model_hashes(engine)
    return OperatingPoints(
        pack=request.pack,
        detector_sha256=detector,
        embedder_sha256=embedder,
        pad_sha256=tuple(pad),
        method=METHOD,
        data=(_lfw_source(request.lfw, lfw, subjects), *_pool_sources(request.pools, pool)),
        unsupported_targets=dict(unsupported),
        points=points,
        pad=_pad_point(engine, lfw, pool),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=request.machine,
        commit=request.commit,
    )


def lfw_subjects(names: Sequence[str]) -> Int:
    """(N,) a number per person, the person being the folder of each picture."""
    people = [name.rpartition("/")[0] for name in names]
    return np.unique(people, return_inverse=True)[1].astype(np.int64)


def _extract(
    engine: Engine,
    pictures: PictureSet,
    request: DerivationRequest,
    on_progress: Callable[[str, int, int], None],
) -> MeasuredFaces:
    total = len(pictures.pictures)
    if not total:
        raise UsageError(f"{pictures.name} holds no pictures")
    return extract_faces(
        engine,
        pictures,
        request.cache_dir,
        lambda done: on_progress(pictures.name, done, total),
    )


def _clean_pool(parts: Sequence[MeasuredFaces], request: DerivationRequest) -> _Pool:
    labels = tuple(
        request.labels.get(name, Labels(pictures.name, None, "", ""))
        for pictures in request.pools
        for name in pictures.pictures
    )
    faces = MeasuredFaces.concatenate(parts)
    dropped = np.zeros(len(faces), np.bool_)
    sources = np.array([one.source for one in labels])
    minor = np.array(
        [one.age_years is not None and one.age_years < ADULT_AGE_YEARS for one in labels]
    )
    for source in np.unique(sources):
        rows = np.flatnonzero((sources == source) & faces.ok)
        found = find_duplicates(faces.vectors[rows], faces.thumbnails[rows], minor[rows])
        dropped[rows] = found.dropped
    set_index = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return _Pool(faces, labels, set_index, dropped)


def _pool_groups(pool: _Pool) -> tuple[GroupScores, ...]:
    usable = np.flatnonzero(pool.usable)
    return tuple(
        GroupScores(
            name=cell.name,
            source=cell.source,
            adult=cell.band is not None and cell.band.adult,
            band=cell.band,
            subjects=len(cell.rows),
            scores=compare_all_pairs(pool.faces.vectors[usable[cell.rows]]).non_mated,
        )
        for cell in cells_of([pool.labels[row] for row in usable])
    )


def _lfw_group(pairs: AllPairs, subjects: int) -> GroupScores:
    # Public figures of the news of 2002 and 2003: adults but for a handful.
    return GroupScores(
        name=LFW_GROUP,
        source="lfw",
        adult=True,
        band=None,
        subjects=subjects,
        scores=pairs.non_mated,
    )


def _lfw_source(pictures: PictureSet, faces: MeasuredFaces, subjects: int) -> DataSource:
    return DataSource(
        name=pictures.name,
        sha256=pictures.sha256,
        pictures=len(faces),
        subjects=subjects,
        failed_to_acquire=int((~faces.ok).sum()),
        duplicates_dropped=0,
        terms=TERMS["lfw"],
    )


def _pool_sources(pools: Sequence[PictureSet], pool: _Pool) -> tuple[DataSource, ...]:
    sources = []
    for index, pictures in enumerate(pools):
        mine = pool.set_index == index
        first = pool.labels[int(np.argmax(mine))]
        sources.append(
            DataSource(
                name=pictures.name,
                sha256=pictures.sha256,
                pictures=int(mine.sum()),
                subjects=int(pool.usable[mine].sum()),
                failed_to_acquire=int((~pool.faces.ok[mine]).sum()),
                duplicates_dropped=int(pool.dropped[mine].sum()),
                terms=TERMS.get(first.source, "unknown"),
            )
        )
    return tuple(sources)


def _pad_point(engine: Engine, lfw: MeasuredFaces, pool: _Pool) -> PadPoint | None:
    if not engine.pad:
        return None
    by_source = {"lfw (pairs)": lfw.live_probability}
    sources = np.array([one.source for one in pool.labels])
    for source in np.unique(sources):
        by_source[str(source)] = pool.faces.live_probability[sources == source]
    return PadPoint(
        threshold=PAD_THRESHOLD,
        refused={name: _refused(live) for name, live in by_source.items() if _assessed(live)},
    )


def _assessed(live_probability: F32) -> int:
    return int(np.isfinite(live_probability).sum())


def _refused(live_probability: F32) -> Rate:
    not_live = int(np.sum(live_probability < np.float32(PAD_THRESHOLD)))
    return rate(not_live, _assessed(live_probability))
