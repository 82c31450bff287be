"""What thresholds are set from, made of people's vectors or of an evaluation's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.bounds import tail_of
from fvs.derivation.groups import AGE_BANDS, ALL_GROUPS, FEWEST_SUBJECTS, cells_of
from fvs.derivation.points import GroupScores, MeasuredScores
from fvs.errors import UsageError
from fvs.metrics.evaluation import number_subjects
from fvs.metrics.pairs import KEPT_SCORES
from fvs.metrics.subject_pairs import SubjectPairs, compare_subjects
from fvs.operating_points import EITHER_SEX, SEXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.derivation.groups import Labels
    from fvs.metrics.evaluation import Evaluation, Names
    from fvs.records import F32, Bool, Int

__all__ = ["measure_evaluation", "measure_people", "non_mated_pairs", "split_people"]

ADULT_AGE_YEARS = 20
SPLIT_SEED = 19_795
KEPT_SHARE = 0.02
"""Of a large set's non-mated pairs: twice the largest target FMR of any use."""


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
    people, numbers = np.unique(subjects, return_inverse=True)
    _require_people(len(people))
    keep = max(KEPT_SCORES, round(len(vectors) ** 2 * KEPT_SHARE / 2))
    everybody = compare_subjects(vectors, numbers, keep=keep)
    if not len(everybody.mated.scores):
        raise UsageError(
            "nobody has two usable pictures, so that there is no mated pair to count FNMR over",
            advice="Add second pictures of some people.",
        )
    adults = _not_known_to_be_minors(labels, len(vectors))
    grown = everybody if adults.all() else compare_subjects(vectors[adults], numbers[adults])
    cells = [
        GroupScores(
            name=cell.name,
            source=cell.source,
            adult=cell.band is not None and cell.band.adult,
            band=cell.band,
            sex=cell.sex,
            pairs=compare_subjects(vectors[cell.rows], numbers[cell.rows]).non_mated,
        )
        for cell in cells_of(labels)
        if cell.band is not None and len(np.unique(numbers[cell.rows])) >= FEWEST_SUBJECTS
    ]
    return MeasuredScores(
        mated=everybody.mated.scores,
        non_mated=tail_of(everybody.non_mated),
        groups=(_everybody(source, grown.non_mated), *cells),
        cleaned_from=None,
    )


def measure_evaluation(evaluation: Evaluation, source: str) -> MeasuredScores:
    """The pairs of an evaluation, as a whole and by what it says of them.

    Raises:
        UsageError: too few people, or a band or sex that is none.
    """
    _require_people(evaluation.subjects)
    groups = tuple(_groups_of(evaluation, source))
    if not groups:
        raise UsageError(f"no group has {FEWEST_SUBJECTS} people in non-mated pairs")
    pairs = evaluation.pairs
    return MeasuredScores(
        mated=pairs.mated.scores,
        non_mated=tail_of(pairs.non_mated),
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


def non_mated_pairs(evaluation: Evaluation, rows: Bool) -> SubjectPairs:
    """The non-mated pairs among some rows, with the people in them."""
    some = evaluation.take(rows & ~evaluation.mated)
    first, second = number_subjects(some.first_subject, some.second_subject)
    return SubjectPairs.non_mated(some.similarity, first, second)


def _everybody(source: str, pairs: SubjectPairs) -> GroupScores:
    return GroupScores(
        name=f"{source}/any age/any sex/{ALL_GROUPS}",
        source=source,
        adult=True,
        band=None,
        sex=EITHER_SEX,
        pairs=pairs,
    )


def _groups_of(evaluation: Evaluation, source: str) -> Iterator[GroupScores]:
    """Everybody but minors; then each band, sex and group that the evaluation names."""
    bands = {band.name: band for band in AGE_BANDS}
    band_of = _names(evaluation, evaluation.band, ("", *bands), "band")
    sex_of = _names(evaluation, evaluation.sex, (EITHER_SEX, *SEXES), "sex")
    group_of = _names(evaluation, evaluation.group, (), "group")
    minors = [band.name for band in AGE_BANDS if not band.adult]
    grown = non_mated_pairs(evaluation, ~np.isin(band_of, minors))
    if grown.subjects >= FEWEST_SUBJECTS:
        yield _everybody(source, grown)
    for band, sex, group, rows in _cells(band_of, sex_of, group_of):
        pairs = non_mated_pairs(evaluation, rows)
        if pairs.subjects >= FEWEST_SUBJECTS:
            adult = band not in minors
            name = f"{source}/{band or 'any age'}/{sex or 'any sex'}/{group}"
            yield GroupScores(
                name=name, source=source, adult=adult, band=bands.get(band), sex=sex, pairs=pairs
            )


def _cells(band_of: Names, sex_of: Names, group_of: Names) -> Iterator[tuple[str, str, str, Bool]]:
    """Band, sex, group and rows of each combination that is there; all groups, then each."""
    for band, sex in sorted(set(zip(band_of.tolist(), sex_of.tolist(), strict=True))):
        rows = (band_of == band) & (sex_of == sex)
        if band or sex:
            yield band, sex, ALL_GROUPS, rows
        for group in sorted(set(group_of[rows].tolist()) - {""}):
            yield band, sex, group, rows & (group_of == group)


def _names(
    evaluation: Evaluation, column: Names | None, allowed: Sequence[str], name: str
) -> Names:
    """A column, all empty where it is not there; of the names allowed, if any are."""
    if column is None:
        return np.full(len(evaluation), "", np.str_)
    strange = sorted(set(column.tolist()) - set(allowed)) if allowed else []
    if strange:
        known = ", ".join(repr(value) for value in allowed)
        raise UsageError(f"column {name} holds {strange[0]!r}", advice=f"It may hold {known}.")
    return column


def _require_people(people: int) -> None:
    if people < FEWEST_SUBJECTS:
        raise UsageError(
            f"{people} people, and at least {FEWEST_SUBJECTS} are needed",
            advice="So few people show no rate at all, however many pairs they make.",
        )


def _not_known_to_be_minors(labels: Sequence[Labels], pictures: int) -> Bool:
    if not labels:
        return np.ones(pictures, np.bool_)
    ages = [one.age_years for one in labels]
    return np.array([age is None or age >= ADULT_AGE_YEARS for age in ages], np.bool_)
