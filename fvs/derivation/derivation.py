"""Pictures of the shipped protocol -> operating points: measure, clean, group, count, in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.bounds import tail_of
from fvs.derivation.calibration import pad_point
from fvs.derivation.cleaning import clean_people
from fvs.derivation.copies import copy_scores, same_capture_point
from fvs.derivation.distributions import distributions_of_people
from fvs.derivation.duplicates import cleaning_scale
from fvs.derivation.extraction import MeasuredFaces, extract_faces, model_hashes
from fvs.derivation.groups import Labels, cells_of
from fvs.derivation.method import DoublesFound, method_words
from fvs.derivation.points import GroupScores, MeasuredScores, derive_points
from fvs.errors import UsageError
from fvs.metrics.subject_pairs import compare_subjects
from fvs.operating_points import EITHER_SEX, DataSource, OperatingPoints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fvs.derivation.cleaning import Cleaning
    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.operating_points import PadPoint
    from fvs.records import F32, Bool, Int

__all__ = ["DerivationRequest", "derive", "lfw_subjects"]

LFW_GROUP = "lfw (pairs)/any age/any sex/all groups"

UNSUPPORTED_CONDITIONS = {
    "age_gap_years": "not supported by this data: it does not say how many years lie between two "
    "pictures of a person",
    "quality": "not supported by this data: measured over pictures of every quality, none refused",
}

TERMS = {
    "aaf": "non-commercial research",
    "lfw": "research; the pictures of the pairs for evaluation only",
    "utk": "non-commercial research",
    "web": "research",
}


@dataclass(frozen=True, kw_only=True)
class DerivationRequest:
    """What to derive from what.

    Attributes:
        pack: name of the pack that the engine is made of.
        doubles_by: name of the pack that finds people who stand twice in the pools.
        lfw: pictures in folders named after the person: mated and non-mated pairs.
        pools: pictures of different people each.
        labels: picture name -> what is known of it.
        targets: false match rates.
        cache_dir: folder that keeps extracted faces, or None.
        machine: what it runs on, in words.
        commit: of the code.
        trained_on: file names, without folders, of pool pictures to leave out because the pack
            was trained on them.
    """

    pack: str
    doubles_by: str
    lfw: PictureSet
    pools: tuple[PictureSet, ...]
    labels: Mapping[str, Labels]
    targets: tuple[float, ...]
    cache_dir: Path | None
    machine: str
    commit: str
    trained_on: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class _Pool:
    """All pool pictures, one row each, where they came from, and what cleaning found.

    `trained_on` is (N,) True for pictures that the networks know, on which they err less.
    """

    faces: MeasuredFaces
    labels: tuple[Labels, ...]
    set_index: Int
    cleaning: Cleaning
    trained_on: Bool

    @property
    def usable(self) -> Bool:
        return np.asarray(self.faces.ok & ~self.cleaning.dropped & ~self.trained_on)


def derive(
    engine: Engine,
    cleaner: Engine,
    request: DerivationRequest,
    on_progress: Callable[[str, int, int], None] = lambda *_: None,
) -> OperatingPoints:
    """Derive the operating points of a pack.

    Args:
        engine: the pack, opened.
        cleaner: the pack that finds people who stand twice, opened. Where its embedder is the
            engine's own, thresholds near the scores at which it drops pictures are refused.
        request: pictures, targets and circumstances.
        on_progress: called with what is being measured, pictures done and pictures in all.

    Raises:
        UsageError: pictures or targets that nothing can be derived from, or a cleaner of whose
            scores nobody knows from which on two pictures show one person.
    """
    scale = cleaning_scale(cleaner.embedder.manifest.id)
    by_itself = cleaner.embedder.manifest.sha256 == engine.embedder.manifest.sha256
    # 1. Measure.
    lfw = _extract(engine, request.lfw, request, on_progress)
    # 2. Clean.
    pool = _cleaned_pool(engine, cleaner, request, on_progress)
    # 3. Compare within groups.
    lfw_names = np.array(request.lfw.pictures)[lfw.ok]
    lfw_pairs = compare_subjects(lfw.vectors[lfw.ok], lfw_subjects(lfw_names.tolist()))
    subjects = lfw_pairs.non_mated.subjects
    mated = lfw_pairs.mated.scores
    measured = MeasuredScores(
        mated=mated,
        non_mated=tail_of(lfw_pairs.non_mated),
        groups=(_lfw_group(lfw_pairs.non_mated), *_pool_groups(pool)),
        cleaned_from=scale.same_person if by_itself else None,
    )
    # 4. Set thresholds.
    points, unsupported = derive_points(measured, request.targets)
    same_capture, same_capture_words = same_capture_point(
        _two_picture_scores(pool), copy_scores(engine, request.pools, pool.faces), mated
    )
    doubles = DoublesFound(
        pack=request.doubles_by,
        embedder_id=cleaner.embedder.manifest.id,
        by_itself=by_itself,
        dropped=int(pool.cleaning.dropped.sum()),
        pictures=len(pool.faces),
    )
    detector, embedder, *pad = model_hashes(engine)
    return OperatingPoints(
        pack=request.pack,
        detector_sha256=detector,
        embedder_sha256=embedder,
        pad_sha256=tuple(pad),
        method=method_words(doubles, int(pool.trained_on.sum()), same_capture_words),
        data=(_lfw_source(request.lfw, lfw, subjects), *_pool_sources(request.pools, pool)),
        unsupported_targets=dict(unsupported),
        unsupported_conditions=UNSUPPORTED_CONDITIONS,
        points=points,
        pad=_pad_point(engine, lfw, pool),
        same_capture=same_capture,
        distributions=distributions_of_people(
            mated, lfw, lfw_subjects(request.lfw.pictures), request.lfw.name
        ),
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
    by: str = "",
) -> MeasuredFaces:
    total = len(pictures.pictures)
    if not total:
        raise UsageError(f"{pictures.name} holds no pictures")
    title = f"{pictures.name} by {by or request.pack}"
    return extract_faces(
        engine, pictures, request.cache_dir, lambda done: on_progress(title, done, total)
    )


def _cleaned_pool(
    engine: Engine,
    cleaner: Engine,
    request: DerivationRequest,
    on_progress: Callable[[str, int, int], None],
) -> _Pool:
    """All pools as the engine sees them, with what the cleaner found in them."""
    pools = request.pools
    parts = [_extract(engine, pictures, request, on_progress) for pictures in pools]
    seen = parts
    if model_hashes(cleaner) != model_hashes(engine):
        by = request.doubles_by
        seen = [_extract(cleaner, pictures, request, on_progress, by) for pictures in pools]
    labels = tuple(
        request.labels.get(name, Labels(pictures.name, None, "", ""))
        for pictures in pools
        for name in pictures.pictures
    )
    set_index = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    cleaning = clean_people(MeasuredFaces.concatenate(seen), labels, cleaner.embedder.manifest.id)
    names = [PurePosixPath(name).name for pictures in pools for name in pictures.pictures]
    trained_on = np.array([name in request.trained_on for name in names], np.bool_)
    return _Pool(MeasuredFaces.concatenate(parts), labels, set_index, cleaning, trained_on)


def _two_picture_scores(pool: _Pool) -> F32:
    """(P,) scores of the pairs that the cleaner found to be one adult in two photographs."""
    pairs = pool.cleaning.two_pictures
    pairs = pairs[~pool.trained_on[pairs].any(axis=1)]
    one, other = pool.faces.take(pairs[:, 0]), pool.faces.take(pairs[:, 1])
    both = one.ok & other.ok
    scores = np.einsum("nd,nd->n", one.vectors[both], other.vectors[both])
    return np.asarray(scores.clip(-1.0, 1.0), np.float32)


def _pool_groups(pool: _Pool) -> tuple[GroupScores, ...]:
    usable = np.flatnonzero(pool.usable)
    return tuple(
        GroupScores(
            name=cell.name,
            source=cell.source,
            adult=cell.band is not None and cell.band.adult,
            band=cell.band,
            sex=cell.sex,
            pairs=_different_people(pool.faces.vectors[usable[cell.rows]]),
        )
        for cell in cells_of([pool.labels[row] for row in usable])
    )


def _different_people(vectors: F32) -> SubjectPairs:
    return compare_subjects(vectors, np.arange(len(vectors))).non_mated


def _lfw_group(pairs: SubjectPairs) -> GroupScores:
    # Public figures of the news of 2002 and 2003: adults but for a handful.
    return GroupScores(
        name=LFW_GROUP, source="lfw", adult=True, band=None, sex=EITHER_SEX, pairs=pairs
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
                duplicates_dropped=int(pool.cleaning.dropped[mine].sum()),
                terms=TERMS.get(first.source, "unknown"),
            )
        )
    return tuple(sources)


def _pad_point(engine: Engine, lfw: MeasuredFaces, pool: _Pool) -> PadPoint | None:
    by_source = {"lfw (pairs)": lfw.live_probability}
    sources = np.array([one.source for one in pool.labels])
    for source in np.unique(sources):
        rows = (sources == source) & ~pool.trained_on
        by_source[str(source)] = pool.faces.live_probability[rows]
    return pad_point([network.manifest for network in engine.pad], by_source)
