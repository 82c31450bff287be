"""Pictures or vectors of people -> scores to calibrate with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.calibration import CalibrationScores
from fvs.derivation.distributions import (
    liveness_distribution,
    mated_pairs_lost,
    similarity_distribution,
)
from fvs.derivation.extraction import extract_faces
from fvs.derivation.measuring import measure_people, split_people
from fvs.errors import UsageError
from fvs.operating_points import DataSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fvs.derivation.extraction import MeasuredFaces
    from fvs.derivation.groups import Labels
    from fvs.derivation.points import MeasuredScores
    from fvs.distributions import Distribution
    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.records import F32, Int

__all__ = [
    "Measuring",
    "Vectors",
    "scores_of_pictures",
    "scores_of_vectors",
    "vectors_sha256",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measuring:
    """How pictures are measured.

    Attributes:
        engine: the pack, opened.
        cache_dir: folder that keeps extracted faces.
        on_progress: called with a title, pictures done and pictures in all.
    """

    engine: Engine
    cache_dir: Path | None
    on_progress: Callable[[str, int, int], None]

    def extract(self, pictures: PictureSet) -> MeasuredFaces:
        """One row a picture, in the order of their names."""
        total = len(pictures.pictures)
        return extract_faces(
            self.engine,
            pictures,
            self.cache_dir,
            lambda done: self.on_progress(pictures.name, done, total),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Vectors:
    """Faces of people, measured already.

    Attributes:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64, equal for pictures of one person.
        labels: of the N pictures, or none.
        mated_lost: pairs of one person's pictures of which one or both have no usable face.
        source: where they are from; `subjects` and `pictures` of it count all.
    """

    vectors: F32
    subjects: Int
    labels: tuple[Labels, ...] = ()
    mated_lost: int = 0
    source: DataSource


def scores_of_pictures(
    pictures: PictureSet,
    labels: Mapping[str, Labels],
    held_out_share: float,
    measuring: Measuring,
) -> CalibrationScores:
    """Compare all pictures of a set whose folders are people.

    Args:
        pictures: `PERSON/PICTURE`; deeper folders belong to the outermost.
        labels: picture name -> what is known of it; may be empty.
        held_out_share: of the people whom no threshold is set by; 0 for none.
        measuring: the engine and where faces are kept.

    Raises:
        UsageError: a picture lies in no person's folder, stands twice, or is not in the labels;
            or as `scores_of_vectors`.
    """
    names = pictures.pictures
    people = [name.partition("/")[0] if "/" in name else "" for name in names]
    if not names or "" in people:
        raise UsageError(
            f"{pictures.name} holds pictures that are in no person's folder",
            advice="Put each person's pictures into a folder of their own.",
        )
    _require_each_once(pictures)
    if labels and not labels.keys() >= set(names):
        raise UsageError(f"{len(set(names) - labels.keys())} pictures are not in the labels")
    faces = measuring.extract(pictures)
    subjects = np.unique(people, return_inverse=True)[1].astype(np.int64)
    usable = np.flatnonzero(faces.ok)
    source = DataSource(
        name=pictures.name,
        sha256=pictures.sha256,
        pictures=len(names),
        subjects=len(np.unique(subjects[usable])),
        failed_to_acquire=len(names) - len(usable),
        duplicates_dropped=0,
        terms="the operator's own",
    )
    known = (
        tuple(replace(labels[names[row]], source=pictures.name) for row in usable) if labels else ()
    )
    scores = scores_of_vectors(
        Vectors(
            vectors=faces.vectors[usable],
            subjects=subjects[usable],
            labels=known,
            mated_lost=mated_pairs_lost(subjects, faces.ok),
            source=source,
        ),
        held_out_share,
    )
    return replace(
        scores,
        live_probability={pictures.name: faces.live_probability},
        distributions=scores.distributions + liveness_distribution(faces, pictures.name),
    )


def scores_of_vectors(people: Vectors, held_out_share: float) -> CalibrationScores:
    """Compare all faces of people; some people may be held out.

    Raises:
        UsageError: vectors that are no unit vectors, too few people, nobody in two pictures, or a
            share that leaves too few on one side.
    """
    lengths = np.linalg.norm(people.vectors, axis=1)
    if not np.allclose(lengths, 1.0, atol=1e-3):  # NaN is close to nothing
        raise UsageError("a vector is not of length 1")
    if not held_out_share:
        fit = _measured(people, np.arange(len(people.subjects)))
        return CalibrationScores(
            fit=fit, distributions=_similarity(people, fit), data=(people.source,)
        )
    apart = split_people(people.subjects, held_out_share)
    fit = _measured(people, np.flatnonzero(~apart))
    held_out = _measured(people, np.flatnonzero(apart))
    return CalibrationScores(
        fit=fit,
        held_out=held_out,
        distributions=_similarity(people, fit, held_out),
        data=(people.source,),
    )


def vectors_sha256(vectors: F32, subjects: Int) -> str:
    """Of what was compared, so that the same registry can be recognised."""
    digest = hashlib.sha256(np.ascontiguousarray(vectors, np.float32).tobytes())
    digest.update(np.ascontiguousarray(subjects, np.int64).tobytes())
    return digest.hexdigest()


def _measured(people: Vectors, rows: Int) -> MeasuredScores:
    labels = [people.labels[row] for row in rows] if people.labels else ()
    return measure_people(people.vectors[rows], people.subjects[rows], people.source.name, labels)


def _similarity(people: Vectors, *measured: MeasuredScores) -> tuple[Distribution, ...]:
    mated = np.concatenate([part.mated for part in measured])
    return similarity_distribution(mated, people.mated_lost, people.source.name)


def _require_each_once(pictures: PictureSet) -> None:
    hashes = list(pictures.content_hashes().values())
    twice = len(hashes) - len(set(hashes))
    if twice:
        raise UsageError(
            f"{twice} pictures of {pictures.name} stand there more than once",
            advice="Remove the copies: a picture compared with itself proves nothing, and one "
            "under two names makes two people of one.",
        )
