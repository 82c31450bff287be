"""Scores that somebody else compared: a CSV or Parquet table, checked before anything is counted.

Columns: `similarity`, `mated`, `first_subject`, `second_subject`; optional `first_picture`,
`second_picture`, `group`, `band`, `sex`, `quality`, `age_gap`, `fold`. Others are refused, for a
misspelt column would silently be a missing one.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.groups import AGE_BANDS, FEWEST_SUBJECTS
from fvs.errors import MissingExtraError, UsageError
from fvs.operating_points import EITHER_SEX, SEXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from fvs.records import F32, Bool, Int

    Column = Sequence[object]
    Text = npt.NDArray[np.str_]

__all__ = [
    "FIT",
    "HELD_OUT",
    "OPTIONAL",
    "REQUIRED",
    "ScoreTable",
    "read_columns",
    "require_columns",
    "require_sound",
    "table_of",
]

REQUIRED = ("similarity", "mated", "first_subject", "second_subject")
OPTIONAL = (
    "first_picture",
    "second_picture",
    "group",
    "band",
    "sex",
    "quality",
    "age_gap",
    "fold",
)
TRUTHS = {"1": True, "true": True, "0": False, "false": False}
FIT, HELD_OUT = "fit", "held_out"
FOLDS = ("", FIT, HELD_OUT)
PARQUET_SUFFIX = ".parquet"


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoreTable:
    """N comparisons, one row each.

    Attributes:
        similarity: (N,) float32 cosines.
        mated: (N,) True where both pictures show one person.
        first: (N,) int64 number of the person of the probe.
        second: (N,) int64 of the reference.
        group: (N,) names, empty where unknown.
        band: (N,) names of age bands, empty where unknown.
        sex: (N,) of both people, `EITHER_SEX` where unknown or not one.
        quality: (N,) float32, the lower unified quality score of the two, 0..100; NaN if unknown.
        age_gap_years: (N,) float32 years between the two pictures; NaN if unknown.
        fold: (N,) `fit`, `held_out`, or empty where the table does not say.
    """

    similarity: F32
    mated: Bool
    first: Int
    second: Int
    group: Text
    band: Text
    sex: Text
    quality: F32
    age_gap_years: F32
    fold: Text

    def __len__(self) -> int:
        return len(self.similarity)

    def take(self, rows: Bool) -> ScoreTable:
        """The rows chosen."""
        names = self.__dataclass_fields__
        return ScoreTable(**{name: getattr(self, name)[rows] for name in names})


def read_columns(path: Path) -> dict[str, list[str]]:
    """Columns of a CSV (UTF-8) or Parquet file, all as text.

    Raises:
        UsageError: it cannot be read, or rows are longer or shorter than the heading.
        MissingExtraError: it is Parquet and pyarrow is not installed.
    """
    if path.suffix.lower() == PARQUET_SUFFIX:
        return _read_parquet(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            heading = next(reader, [])
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"cannot read {path}: {error}", advice="Give a CSV in UTF-8 or a .parquet file."
        ) from error
    for place, row in enumerate(rows, start=2):
        if len(row) != len(heading):
            raise UsageError(f"{path}, line {place}: {len(row)} fields, {len(heading)} expected")
    return {name: [row[place] for row in rows] for place, name in enumerate(heading)}


def table_of(columns: Mapping[str, Sequence[str]]) -> ScoreTable:
    """Check columns and make a table of them.

    Raises:
        UsageError: columns or values are not as described, or as `require_sound`.
    """
    require_columns(columns, (*REQUIRED, *OPTIONAL), REQUIRED)
    rows = len(columns["similarity"])
    people, numbers = np.unique(
        [*columns["first_subject"], *columns["second_subject"]], return_inverse=True
    )
    if "" in people:
        raise UsageError("a subject is empty; every picture is of somebody")
    table = ScoreTable(
        similarity=_numbers(columns, "similarity"),
        mated=_truths(columns["mated"]),
        first=numbers[:rows].astype(np.int64),
        second=numbers[rows:].astype(np.int64),
        group=_texts(columns, "group"),
        band=_one_of(columns, "band", ("", *(band.name for band in AGE_BANDS))),
        sex=_one_of(columns, "sex", (EITHER_SEX, *SEXES)),
        quality=_numbers(columns, "quality"),
        age_gap_years=_numbers(columns, "age_gap"),
        fold=_one_of(columns, "fold", FOLDS),
    )
    require_sound(table)
    _require_each_once(columns, table)
    return table


def require_sound(table: ScoreTable) -> None:
    """Refuse scores that no threshold can be had from.

    Raises:
        UsageError: scores that are no cosines, labels that contradict the subjects, one kind of
            pair missing, mated pairs that score lower than others, a person in both folds, or too
            few people.
    """
    if not np.isfinite(table.similarity).all() or np.abs(table.similarity).max(initial=0.0) > 1.0:
        raise UsageError(
            "a similarity is no number from -1 to 1",
            advice="Leave out pairs that could not be compared; scale scores to cosines.",
        )
    wrong = np.flatnonzero((table.first == table.second) != table.mated)
    if len(wrong):
        raise UsageError(
            f"row {wrong[0] + 1} and {len(wrong) - 1} others are called "
            f"{'mated' if table.mated[wrong[0]] else 'non-mated'} and their subjects say otherwise",
            advice="mated is 1 where first_subject and second_subject are the same, else 0.",
        )
    if not table.mated.any() or table.mated.all():
        missing = "non-mated" if table.mated.any() else "mated"
        raise UsageError(
            f"there is no {missing} pair among {len(table)}",
            advice="Both kinds are needed: non-mated for FMR, mated for FNMR.",
        )
    _require_order(table)
    _require_people(table)


def _require_order(table: ScoreTable) -> None:
    mated, others = table.similarity[table.mated], table.similarity[~table.mated]
    if np.median(mated) <= np.median(others):
        raise UsageError(
            "mated pairs do not score higher than others: are the labels swapped, or are these "
            "distances?",
            advice="A similarity is higher for pictures that are more alike.",
        )


def _require_people(table: ScoreTable) -> None:
    people = len(np.unique([table.first, table.second]))
    if people < FEWEST_SUBJECTS:
        raise UsageError(
            f"{people} people, and at least {FEWEST_SUBJECTS} are needed",
            advice="So few people show no rate at all, however many pairs they make.",
        )
    folds = [
        set(np.concatenate([table.first[rows], table.second[rows]]).tolist())
        for rows in (table.fold == FIT, table.fold == HELD_OUT)
    ]
    both = folds[0] & folds[1]
    if both:
        raise UsageError(
            f"{len(both)} people are in both folds",
            advice="Rates of the very people that set a threshold prove nothing: split by person.",
        )
    if table.fold.any() and not (table.fold.all() and all(folds)):
        raise UsageError(f"the column fold needs {FIT!r} or {HELD_OUT!r} in every row, and both")


def _require_each_once(columns: Mapping[str, Sequence[str]], table: ScoreTable) -> None:
    """Of pictures where they are named, else of rows that agree in people and score."""
    low, high = np.minimum(table.first, table.second), np.maximum(table.first, table.second)
    keys: list[tuple[object, ...]]
    if "first_picture" in columns and "second_picture" in columns:
        pictures = zip(columns["first_picture"], columns["second_picture"], strict=True)
        keys = [tuple(sorted(pair)) for pair in pictures]
        _require_one_person_a_picture(columns)
    else:
        scores = table.similarity.tolist()
        keys = list(zip(low.tolist(), high.tolist(), scores, strict=True))
    twice = len(keys) - len(set(keys))
    if twice:
        raise UsageError(
            f"{twice} pairs stand in the table more than once",
            advice="Each comparison counts once, whichever of its pictures is named first.",
        )


def _require_one_person_a_picture(columns: Mapping[str, Sequence[str]]) -> None:
    owner: dict[str, str] = {}
    for side in ("first", "second"):
        for picture, person in zip(
            columns[f"{side}_picture"], columns[f"{side}_subject"], strict=True
        ):
            if owner.setdefault(picture, person) != person:
                raise UsageError(
                    "a picture is of two people",
                    advice="Give each picture one name and each name one subject.",
                )


def require_columns(
    columns: Mapping[str, object], known: Sequence[str], required: Sequence[str]
) -> None:
    """Refuse a table that lacks columns or has unknown ones.

    Raises:
        UsageError: it does.
    """
    missing = [name for name in required if name not in columns]
    unknown = [name for name in columns if name not in known]
    if missing or unknown:
        raise UsageError(
            f"the table lacks the columns {missing} and has unknown ones {unknown}",
            advice=f"Needed: {', '.join(required)}. Known: {', '.join(known)}.",
        )


def _read_parquet(path: Path) -> dict[str, list[str]]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - only Parquet needs it
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet needs pyarrow",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise UsageError(f"cannot read {path}: {type(error).__name__}") from error
    return {
        name: ["" if value is None else str(value) for value in table[name].to_pylist()]
        for name in table.column_names
    }


def _texts(columns: Mapping[str, Sequence[str]], name: str) -> Text:
    values = columns.get(name, [""] * len(columns["similarity"]))
    return np.array([value.strip() for value in values], np.str_)


def _one_of(columns: Mapping[str, Sequence[str]], name: str, allowed: Sequence[str]) -> Text:
    texts = _texts(columns, name)
    strange = set(texts.tolist()) - set(allowed)
    if strange:
        known = ", ".join(repr(value) for value in allowed)
        raise UsageError(f"column {name} holds {min(strange)!r}, and may hold {known}")
    return texts


def _numbers(columns: Mapping[str, Sequence[str]], name: str) -> F32:
    """Blank is NaN, which no column that must be known lets pass."""
    try:
        return np.array([float(text or "nan") for text in _texts(columns, name)], np.float32)
    except ValueError as error:
        raise UsageError(f"column {name}: {error}") from error


def _truths(values: Sequence[str]) -> Bool:
    strange = {value for value in values if value.strip().lower() not in TRUTHS}
    if strange:
        raise UsageError(f"column mated holds {min(strange)!r}; it holds 1 or 0")
    return np.array([TRUTHS[value.strip().lower()] for value in values], np.bool_)
