"""Who of the held-out pool is compared with whom, and how unequally a threshold treats them.

Pairs are formed within a group and within one source, because pictures of two sources differ in
camera and compression, which makes their pairs too easy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import msgspec
import numpy as np

from fvs.derivation.groups import AGE_BANDS
from fvs.metrics.intervals import rate
from fvs.metrics.pairs import compare_all_pairs
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from fvs.derivation.groups import Labels
    from fvs.metrics.rates import ScoreTail
    from fvs.records import F32, Int

__all__ = [
    "FEWEST_PAIRS",
    "KINDS",
    "GroupFmr",
    "GroupTails",
    "Inequity",
    "Kind",
    "inequity",
    "members_of",
    "order_of",
    "rate_groups",
    "tails_of",
]

Kind = Literal["age and sex", "sex and origin of adults", "age, sex and origin", "unlabelled"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FEWEST_PAIRS = 1_000
"""Smaller groups are left out: at the nominal FMR 1e-3 they expect less than one match."""

HALF_A_MATCH = 0.5
"""What a group without a match counts: a geometric mean cannot hold a 0."""

ORIGINS = {"east-asian (mostly)": "east-asian", "asian": "east-asian"}
"""All-Age-Faces and UTKFace name one group of people differently."""


class GroupFmr(msgspec.Struct, frozen=True, kw_only=True):
    """False matches between different people of one group.

    Attributes:
        kind: what its people have in common.
        group: those values, `/` between them.
        adult: whether all of them are.
        people: how many.
        fmr: over all pairs of them, sources apart.
    """

    kind: Kind
    group: str
    adult: bool
    people: int
    fmr: Rate


class Inequity(msgspec.Struct, frozen=True, kw_only=True):
    """How far the worst group is from the others (ISO/IEC 19795-10).

    Attributes:
        groups: how many were looked at.
        worst: the group of the highest FMR.
        max_over_geometric_mean: of their FMRs; a group without a match counts half a one.
    """

    groups: int
    worst: str
    max_over_geometric_mean: float


@dataclass(frozen=True, eq=False)
class GroupTails:
    """A group and the scores of its pairs, source by source."""

    kind: Kind
    group: str
    adult: bool
    people: int
    tails: tuple[ScoreTail, ...]

    @property
    def trials(self) -> int:
        """Pairs in all."""
        return sum(tail.trials for tail in self.tails)

    def fmr_at(self, threshold: float) -> GroupFmr:
        """Share of the pairs that score `threshold` or more."""
        errors = sum(tail.at_or_above(threshold) for tail in self.tails)
        return GroupFmr(
            kind=self.kind,
            group=self.group,
            adult=self.adult,
            people=self.people,
            fmr=rate(errors, self.trials),
        )


def members_of(labels: Sequence[Labels]) -> dict[tuple[Kind, str, bool], Int]:
    """Rows of each group, by kind, name and whether its people are adults.

    A person is in one group of each kind that its labels suffice for.
    """
    members: dict[tuple[Kind, str, bool], list[int]] = {}
    for row, one in enumerate(labels):
        for key in _keys(one):
            members.setdefault(key, []).append(row)
    in_order = sorted(members, key=lambda key: order_of(*key[:2]))
    return {key: np.array(members[key], np.int64) for key in in_order}


def order_of(kind: Kind, group: str) -> tuple[int, int, str]:
    """Sorts groups by kind, then age bands from the youngest, then by name."""
    bands = [band.name for band in AGE_BANDS]
    band = group.partition("/")[0]
    return KINDS.index(kind), bands.index(band) if band in bands else 0, group


def _keys(one: Labels) -> Iterable[tuple[Kind, str, bool]]:
    band, origin = one.band, ORIGINS.get(one.group, one.group)
    if one.age_years is None and not one.sex:
        yield "unlabelled", one.source, False
    if band is None or not one.sex:
        return
    yield "age and sex", f"{band.name}/{one.sex}", band.adult
    if origin:
        yield "age, sex and origin", f"{band.name}/{one.sex}/{origin}", band.adult
    if origin and band.adult:
        yield "sex and origin of adults", f"{one.sex}/{origin}", True


def tails_of(vectors: F32, labels: Sequence[Labels]) -> tuple[GroupTails, ...]:
    """The scores of every group with at least `FEWEST_PAIRS` pairs.

    Args:
        vectors: (N, D) float32 unit vectors, one picture a person.
        labels: of the same N.
    """
    sources = np.array([one.source for one in labels])
    groups = [
        GroupTails(*key, people=len(rows), tails=_within_sources(vectors[rows], sources[rows]))
        for key, rows in members_of(labels).items()
    ]
    return tuple(group for group in groups if group.trials >= FEWEST_PAIRS)


def _within_sources(vectors: F32, sources: npt.NDArray[np.str_]) -> tuple[ScoreTail, ...]:
    return tuple(
        compare_all_pairs(vectors[sources == source]).non_mated for source in np.unique(sources)
    )


def rate_groups(groups: Sequence[GroupTails], threshold: float) -> tuple[GroupFmr, ...]:
    """FMR of each group at one threshold for all."""
    return tuple(group.fmr_at(threshold) for group in groups)


def inequity(rates: Sequence[GroupFmr], kind: Kind) -> Inequity | None:
    """The adult groups of one kind beside one another; None where there are none."""
    chosen = [one for one in rates if one.adult and one.kind == kind]
    if not chosen:
        return None
    values = [max(one.fmr.errors, HALF_A_MATCH) / one.fmr.trials for one in chosen]
    mean = math.exp(math.fsum(map(math.log, values)) / len(values))
    worst = int(np.argmax(values))
    return Inequity(
        groups=len(chosen),
        worst=chosen[worst].group,
        max_over_geometric_mean=values[worst] / mean,
    )
