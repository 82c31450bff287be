"""Canaries: pictures whose answers are known, compared anew every day and at every start.

A canary set remembers what an installation found in fixed pictures: which had a usable face, how
good and how live it was, how alike each pair is, and how often a threshold erred. Found anew, these
must be the same within the last digits that machines differ in; anything else is a change of
weights, libraries or hardware, before it is seen in any rate.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import rate
from fvs.monitoring.bounds import BoundCheck, check_bound
from fvs.recognisability import UNIFIED_QUALITY_SCORE
from fvs.status import Role, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.monitoring.bounds import Limits
    from fvs.records import F32, F64, Int

__all__ = [
    "CanaryPair",
    "CanaryPicture",
    "CanaryReport",
    "CanarySet",
    "check_canary",
    "record_canary",
]

SAME_SIMILARITY = 1e-4
"""The step of published thresholds: above what two machines differ in, below what decides."""
SAME_LIVE_PROBABILITY = 1e-3
SAME_QUALITY = 0.5
"""Of 100."""

MOST_MATED_PER_SUBJECT = 3
MOST_NON_MATED = 5_000
CHUNK_PICTURES = 16
SEED = 20261125


class CanaryPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found in one picture; None where it was not assessed."""

    name: str
    status: str
    quality: float | None
    live_probability: float | None


class CanaryPair(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two pictures by their numbers in the set, whether they show one person, and how alike."""

    first: int
    second: int
    mated: bool
    similarity: float


class CanarySet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A canary file.

    Attributes:
        kind: what the file is.
        pack: name of the pack that was recorded.
        model_sha256: of its weights: detector, embedder, PAD networks.
        created: ISO 8601, UTC.
        threshold: of the operating point that the rates are at.
        fmr_at_most: bound of the false match rate there.
        fnmr_at_most: bound of the false non-match rate there.
        pictures: what was found in each.
        pairs: of pictures with a usable face.
    """

    kind: Literal["fvs canary 1"] = "fvs canary 1"
    pack: str
    model_sha256: tuple[str, ...]
    created: str
    threshold: float
    fmr_at_most: float
    fnmr_at_most: float
    pictures: tuple[CanaryPicture, ...]
    pairs: tuple[CanaryPair, ...]

    def __post_init__(self) -> None:
        """Refuse pairs of pictures that are not there."""
        numbers = {n for pair in self.pairs for n in (pair.first, pair.second)}
        if numbers - set(range(len(self.pictures))):
            raise ValueError("a pair names a picture that the set does not have")


class CanaryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a canary run found.

    Attributes:
        alive: True where all is as recorded and no bound is broken.
        same_models: whether the weights are those recorded.
        pictures: how many.
        pictures_changed: whose status, quality or liveness differs.
        pairs: how many.
        pairs_changed: whose similarity differs by more than 1e-4, or that have none now.
        decisions_changed: pairs on the other side of the threshold now.
        largest_difference: of a similarity.
        fmr: of the non-mated pairs; None without any.
        fnmr: of the mated pairs; None without any.
    """

    alive: bool
    same_models: bool
    pictures: int
    pictures_changed: int
    pairs: int
    pairs_changed: int
    decisions_changed: int
    largest_difference: float
    fmr: BoundCheck | None
    fnmr: BoundCheck | None


@dataclass(frozen=True, eq=False)
class _Found:
    """What an engine finds in N pictures.

    `vectors` is zero and the grades are NaN where there is no usable face.
    """

    status: tuple[str, ...]
    vectors: F32
    quality: F64
    live_probability: F64


def record_canary(
    engine: Engine,
    pictures: PictureSet,
    limits: Limits,
    *,
    pack: str,
    created: str,
    on_progress: Callable[[int], None] = lambda _: None,
) -> CanarySet:
    """Remember what an engine finds in pictures that lie in a folder per person.

    Args:
        engine: the pack, opened.
        pictures: named `person/picture`.
        limits: threshold and bounds; without one of FNMR it is the upper bound found now.
        pack: its name.
        created: when, ISO 8601, UTC.
        on_progress: called with the number of pictures that are done.

    Raises:
        UsageError: no mated or no non-mated pair of usable pictures.
    """
    names = pictures.pictures
    found = _find(engine, pictures, names, on_progress)
    usable = [status == Status.OK.code for status in found.status]
    first, second = _pairs_of([name.rpartition("/")[0] for name in names], usable)
    people = np.array([name.rpartition("/")[0] for name in names])
    mated = np.asarray(people[first] == people[second])
    if not mated.any() or mated.all():
        raise UsageError(
            f"{pictures.name} has {int(mated.sum())} mated and {int((~mated).sum())} other pairs",
            advice="Put pictures into a folder per person, at least two people with two pictures.",
        )
    similarity = _similarity(found, first, second)
    refused = rate(int((similarity[mated] < np.float32(limits.threshold)).sum()), int(mated.sum()))
    fnmr_at_most = refused.upper_95 if limits.fnmr_at_most is None else limits.fnmr_at_most
    return CanarySet(
        pack=pack,
        model_sha256=_model_hashes(engine),
        created=created,
        threshold=limits.threshold,
        fmr_at_most=limits.fmr_at_most,
        fnmr_at_most=fnmr_at_most,
        pictures=tuple(_picture(name, found, row) for row, name in enumerate(names)),
        pairs=tuple(
            CanaryPair(first=int(f), second=int(s), mated=bool(m), similarity=round(float(x), 7))
            for f, s, m, x in zip(first, second, mated, similarity, strict=True)
        ),
    )


def check_canary(
    engine: Engine,
    canary: CanarySet,
    pictures: PictureSet,
    on_progress: Callable[[int], None] = lambda _: None,
) -> CanaryReport:
    """Find everything anew and hold it to what was recorded.

    Raises:
        UsageError: a picture of the set is not among `pictures`.
    """
    found = _find(engine, pictures, [one.name for one in canary.pictures], on_progress)
    first = np.array([pair.first for pair in canary.pairs], np.int64)
    second = np.array([pair.second for pair in canary.pairs], np.int64)
    mated = np.array([pair.mated for pair in canary.pairs], np.bool_)
    then = np.array([pair.similarity for pair in canary.pairs], np.float32)
    now, threshold = _similarity(found, first, second), np.float32(canary.threshold)
    difference = np.abs(now.astype(np.float64) - then)
    same_models = _model_hashes(engine) == canary.model_sha256
    pictures_changed = sum(
        _differs(one, _picture(one.name, found, row)) for row, one in enumerate(canary.pictures)
    )
    # A pair without a face now has no difference (NaN) and counts as changed.
    pairs_changed = int((~(difference <= SAME_SIMILARITY)).sum())
    accepted = np.asarray(now >= threshold)
    fmr = check_bound(accepted[~mated], canary.fmr_at_most)
    fnmr = check_bound(~accepted[mated], canary.fnmr_at_most)
    broken = any(one is not None and one.verdict == "broken" for one in (fmr, fnmr))
    return CanaryReport(
        alive=same_models and not (pictures_changed or pairs_changed or broken),
        same_models=same_models,
        pictures=len(canary.pictures),
        pictures_changed=pictures_changed,
        pairs=len(canary.pairs),
        pairs_changed=pairs_changed,
        decisions_changed=int((accepted != (then >= threshold)).sum()),
        largest_difference=float(np.nan_to_num(difference).max(initial=0.0)),
        fmr=fmr,
        fnmr=fnmr,
    )


def _find(
    engine: Engine,
    pictures: PictureSet,
    names: Sequence[str],
    on_progress: Callable[[int], None],
) -> _Found:
    parts: list[_Found] = []
    for start in range(0, len(names), CHUNK_PICTURES):
        chunk = names[start : start + CHUNK_PICTURES]
        samples = engine.extract(pictures.read(chunk), Role.SELFIE)
        quality = samples.quality
        column = quality.components.index(UNIFIED_QUALITY_SCORE)
        parts.append(
            _Found(
                status=tuple(Status(int(code)).code for code in samples.embeddings.status),
                vectors=samples.embeddings.vectors,
                quality=quality.scalar[:, column].astype(np.float64),
                live_probability=samples.liveness.live_probability.astype(np.float64),
            )
        )
        on_progress(start + len(chunk))
    if not parts:
        raise UsageError(f"{pictures.name} holds no pictures")
    return _Found(
        status=tuple(itertools.chain.from_iterable(part.status for part in parts)),
        vectors=np.concatenate([part.vectors for part in parts]),
        quality=np.concatenate([part.quality for part in parts]),
        live_probability=np.concatenate([part.live_probability for part in parts]),
    )


def _pairs_of(people: Sequence[str], usable: Sequence[bool]) -> tuple[Int, Int]:
    """Rows of up to three pairs of each person, and of each two people's first pictures."""
    rows_of: dict[str, list[int]] = {}
    for row, (person, is_usable) in enumerate(zip(people, usable, strict=True)):
        if is_usable:
            rows_of.setdefault(person, []).append(row)
    mated = [
        pair
        for rows in rows_of.values()
        for pair in itertools.islice(itertools.combinations(rows, 2), MOST_MATED_PER_SUBJECT)
    ]
    others = list(itertools.combinations([rows[0] for rows in rows_of.values()], 2))
    drawn = np.random.default_rng(SEED).permutation(len(others))[:MOST_NON_MATED]
    pairs = np.array([*mated, *(others[k] for k in np.sort(drawn))], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _similarity(found: _Found, first: Int, second: Int) -> F32:
    """(P,) cosines; NaN where one of the two has no usable face."""
    usable = np.array([status == Status.OK.code for status in found.status], np.bool_)
    cosine = np.einsum("pd,pd->p", found.vectors[first], found.vectors[second]).clip(-1.0, 1.0)
    return np.where(usable[first] & usable[second], cosine, np.nan).astype(np.float32)


def _picture(name: str, found: _Found, row: int) -> CanaryPicture:
    return CanaryPicture(
        name=name,
        status=found.status[row],
        quality=_rounded(found.quality[row]),
        live_probability=_rounded(found.live_probability[row]),
    )


def _rounded(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _differs(then: CanaryPicture, now: CanaryPicture) -> bool:
    return (
        then.status != now.status
        or _is_far(then.quality, now.quality, SAME_QUALITY)
        or _is_far(then.live_probability, now.live_probability, SAME_LIVE_PROBABILITY)
    )


def _is_far(then: float | None, now: float | None, tolerance: float) -> bool:
    if then is None or now is None:
        return then is not now
    return abs(then - now) > tolerance


def _model_hashes(engine: Engine) -> tuple[str, ...]:
    networks = (engine.detector, engine.embedder, *engine.pad)
    return tuple(network.manifest.sha256 for network in networks)
