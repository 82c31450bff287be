"""What thresholds are set from, made of people's vectors or of a table of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.bounds import ListedPairs, NonMatedPairs
from fvs.derivation.comparisons import compare_people
from fvs.derivation.groups import AGE_BANDS, ALL_GROUPS, FEWEST_SUBJECTS, cells_of
from fvs.derivation.points import GroupScores, MeasuredScores
from fvs.errors import UsageError
from fvs.metrics.rates import ScoreTail
from fvs.operating_points import EITHER_SEX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.derivation.groups import Labels
    from fvs.derivation.score_table import ScoreTable
    from fvs.operating_points import AgeBand
    from fvs.records import F32, Bool, Int

__all__ = ["listed_pairs", "measure_people", "measure_table", "split_people"]

EVERYBODY = "everybody"
ADULT_AGE_YEARS = 20
SPLIT_SEED = 19_795


def measure_people(
    vectors: F32, subjects: Int, source: str, labels: Sequence[Labels] = ()
) -> MeasuredScores:
    """All pairs of people's pictures.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64, equal for pictures of one person.
        source: where they are from, for the groups' names.
        labels: of the N pictures, or none.

    Raises:
        UsageError: too few people, or nobody in two pictures.
    """
    people = len(np.unique(subjects))
    if people < FEWEST_SUBJECTS:
        raise UsageError(
            f"{people} people with a usable picture, and at least {FEWEST_SUBJECTS} are needed",
            advice="So few people show no rate at all, however many pairs they make.",
        )
    everybody = compare_people(vectors, subjects)
    if not len(everybody.mated):
        raise UsageError(
            "nobody has two usable pictures, so that there is no mated pair to count FNMR over",
            advice="Add second pictures of some people.",
        )
    adults = _not_known_to_be_minors(labels, len(vectors))
    grown = everybody if adults.all() else compare_people(vectors[adults], subjects[adults])
    whole = GroupScores(
        name=f"{source}/any age/any sex/{ALL_GROUPS}",
        source=source,
        adult=True,
        band=None,
        sex=EITHER_SEX,
        pairs=grown.non_mated,
    )
    cells = [
        GroupScores(
            name=cell.name,
            source=cell.source,
            adult=cell.band is not None and cell.band.adult,
            band=cell.band,
            sex=cell.sex,
            pairs=compare_people(vectors[cell.rows], subjects[cell.rows]).non_mated,
        )
        for cell in cells_of(labels)
        if cell.band is not None and len(np.unique(subjects[cell.rows])) >= FEWEST_SUBJECTS
    ]
    return MeasuredScores(
        mated=everybody.mated,
        non_mated=everybody.non_mated.tail,
        groups=(whole, *cells),
        cleaned_from=None,
    )


def measure_table(table: ScoreTable, source: str) -> MeasuredScores:
    """The pairs of a table, as a whole and by what it says of them.

    Raises:
        UsageError: no group has enough people.
    """
    groups = tuple(_table_groups(table, source))
    if not groups:
        raise UsageError(f"no group of the table has {FEWEST_SUBJECTS} people in non-mated pairs")
    return MeasuredScores(
        mated=table.similarity[table.mated],
        non_mated=ScoreTail.of(table.similarity[~table.mated]),
        groups=groups,
        cleaned_from=None,
    )


def split_people(subjects: Int, held_out_share: float) -> Bool:
    """(N,) True for pictures of people who are held out; always the same people.

    Raises:
        UsageError: one of the two sides would have too few people.
    """
    people = np.unique(subjects)
    held_out = round(len(people) * held_out_share)
    if min(held_out, len(people) - held_out) < FEWEST_SUBJECTS:
        raise UsageError(
            f"{len(people)} people cannot be split: each side needs {FEWEST_SUBJECTS}",
            advice="Hold out another share, or nobody.",
        )
    chosen = np.random.default_rng(SPLIT_SEED).permutation(people)[:held_out]
    return np.isin(subjects, chosen)


def listed_pairs(table: ScoreTable, rows: Bool) -> NonMatedPairs:
    """The non-mated pairs among some rows of a table, with the people in them."""
    chosen = rows & ~table.mated
    first, second = table.first[chosen], table.second[chosen]
    people, numbers = np.unique(np.concatenate([first, second]), return_inverse=True)
    first, second = numbers[: len(first)], numbers[len(first) :]
    scores = table.similarity[chosen]
    design = ListedPairs(first, second, len(people))
    return NonMatedPairs.of(scores, first, second, ScoreTail.of(scores), design)


def _table_groups(table: ScoreTable, source: str) -> Iterator[GroupScores]:
    bands = {band.name: band for band in AGE_BANDS}
    minors = [band.name for band in AGE_BANDS if not band.adult]
    parts: list[tuple[str, AgeBand | None, str, Bool]] = [
        ("any age/any sex", None, EITHER_SEX, ~np.isin(table.band, minors))
    ]
    for band in sorted(set(table.band.tolist()) - {""}):
        of_band = table.band == band
        for sex in sorted(set(table.sex[of_band].tolist())):
            rows = of_band & (table.sex == sex)
            parts.append((f"{band}/{sex or 'any sex'}", bands[band], sex, rows))
    for name, band_record, sex, rows in parts:
        for group in (ALL_GROUPS, *sorted(set(table.group[rows].tolist()) - {""})):
            mine = rows if group == ALL_GROUPS else rows & (table.group == group)
            pairs = listed_pairs(table, mine)
            if pairs.design.subjects >= FEWEST_SUBJECTS:
                yield GroupScores(
                    name=f"{source}/{name}/{group}",
                    source=source,
                    adult=band_record is None or band_record.adult,
                    band=band_record,
                    sex=sex,
                    pairs=pairs,
                )


def _not_known_to_be_minors(labels: Sequence[Labels], pictures: int) -> Bool:
    if not labels:
        return np.ones(pictures, np.bool_)
    ages = [one.age_years for one in labels]
    return np.array([age is None or age >= ADULT_AGE_YEARS for age in ages], np.bool_)
