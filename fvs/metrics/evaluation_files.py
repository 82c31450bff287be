"""Evaluations in CSV and Parquet: one row a comparison, columns by name.

Subjects and pictures may be names or numbers; only numbers of subjects are kept in memory.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from fvs.errors import MissingExtraError, UsageError
from fvs.metrics.evaluation import (
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    Evaluation,
    number_subjects,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    import numpy.typing as npt

    from fvs.records import F32, Bool

__all__ = ["mated_of", "read_evaluation", "write_evaluation"]

PARQUET = ".parquet"

WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
"""How a CSV may say whether a pair is mated."""


def read_evaluation(path: Path) -> Evaluation:
    """Read scores and check that they can be what they are said to be.

    Args:
        path: a file whose name ends in `.parquet`, or else CSV with a heading.

    Raises:
        UsageError: the file cannot be read, a column is missing, unknown or no number, or as
            `Evaluation.check`.
        MissingExtraError: a Parquet file without pyarrow.
    """
    return _evaluation(_read_columns(path), path.name).check()


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation so that `read_evaluation` finds it again, subjects as numbers.

    Raises:
        MissingExtraError: a Parquet file without pyarrow.
    """
    columns = evaluation.columns()
    if path.suffix == PARQUET:
        arrow = _pyarrow()
        arrow.parquet.write_table(arrow.Table.from_pydict(dict(columns)), path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(_written(column) for column in columns.values()), strict=True))


def _written(column: npt.NDArray[Any]) -> Sequence[object]:
    """Values as the shortest text that reads back as the same number."""
    if column.dtype == np.float32:
        return ["" if np.isnan(value) else str(value) for value in column]
    return list(column.astype(np.int64) if column.dtype == np.bool_ else column)


def _read_columns(path: Path) -> Mapping[str, npt.NDArray[Any]]:
    if path.suffix == PARQUET:
        arrow = _pyarrow()
        try:
            table = arrow.parquet.read_table(path)
        except (OSError, arrow.ArrowException) as error:
            raise UsageError(f"{path.name} cannot be read as Parquet") from error
        return {name: table[name].to_numpy() for name in table.column_names}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = [row for row in csv.reader(file, strict=True) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path.name} cannot be read as CSV", advice="Save it as CSV in UTF-8, with commas."
        ) from error
    uneven = next((i for i, row in enumerate(rows, 2) if len(row) != len(head)), None)
    if uneven is not None:
        raise UsageError(f"{path.name}, row {uneven}: as many values as the heading has are needed")
    names = [name.strip() for name in head]
    if len(set(names)) != len(names):
        raise UsageError(f"{path.name} has two columns of one name")
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: np.array(column, np.str_) for name, column in zip(names, values, strict=True)}


def _pyarrow() -> ModuleType:
    try:
        import pyarrow.parquet  # noqa: PLC0415 - an extra, and 0.1 s that CSV does without
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet needs pyarrow",
            advice="Install it with `pip install 'face-verification-service[eval]'`, or give CSV.",
        ) from error
    module: ModuleType = pyarrow
    return module


def _evaluation(columns: Mapping[str, npt.NDArray[Any]], where: str) -> Evaluation:
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    unknown = [name for name in columns if name not in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)]
    if missing or unknown:
        words = [f"lacks {', '.join(missing)}"] if missing else []
        words += [f"has unknown columns {', '.join(unknown)}"] if unknown else []
        raise UsageError(
            f"{where} {' and '.join(words)}",
            advice=f"Columns are {', '.join(REQUIRED_COLUMNS)}, and if they are known "
            f"{', '.join(OPTIONAL_COLUMNS)}.",
        )
    owners = (_subjects(columns[name]) for name in ("first_subject", "second_subject"))
    first, second = number_subjects(*owners)
    optional = {
        name: _optional(columns[name], name) for name in OPTIONAL_COLUMNS if name in columns
    }
    return Evaluation(
        similarity=_numbers(columns["similarity"], "similarity"),
        mated=mated_of(columns["mated"]),
        first_subject=first,
        second_subject=second,
        **optional,
    )


def _subjects(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers written as text, in the order of numbers; names, and 007, as they are.

    Raises:
        UsageError: a cell is empty: all such would count as one person.
    """
    if column.dtype.kind != "U":
        return column
    empty = int((np.char.strip(column) == "").sum())
    if empty:
        raise UsageError(
            f"{empty:,} rows do not say whose picture it is",
            advice="Fill first_subject and second_subject, or leave these rows out.",
        )
    try:
        numbers = column.astype(np.int64)
    except (OverflowError, ValueError):
        return column
    return numbers if np.array_equal(numbers.astype(np.str_), column) else column


def _optional(column: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if name in {"quality", "age_gap_years"}:
        return _numbers(column, name)
    if name == "fold":
        return np.unique(column, return_inverse=True)[1].astype(np.int64)
    return column.astype(np.str_)


def _numbers(column: npt.NDArray[Any], name: str) -> F32:
    """Numbers; an empty cell is NaN."""
    values = np.where(column == "", "nan", column) if column.dtype.kind == "U" else column
    try:
        return np.asarray(values.astype(np.float32), np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"value {_first_no_number(values)} of the column {name} is no number",
            advice="Write numbers with a point, as 0.61.",
        ) from error


def _first_no_number(column: npt.NDArray[Any]) -> int:
    """Which one, counted from 1 below the heading; not what it says, which may be a name."""
    for place, cell in enumerate(column, 1):
        try:
            float(cell)
        except (TypeError, ValueError):
            return place
    raise AssertionError("all of them are numbers")


def mated_of(column: npt.NDArray[Any]) -> Bool:
    """(N,) what a column `mated` says.

    Raises:
        UsageError: something else than the words for yes and no.
    """
    words = np.char.lower(np.char.strip(column.astype(np.str_)))
    unknown = set(np.unique(words).tolist()) - set(WORDS)
    if unknown:
        raise UsageError(
            f"the column mated holds {', '.join(sorted(map(repr, unknown))[:3])}",
            advice=f"Say one of {', '.join(WORDS)}.",
        )
    yes = [word for word, mated in WORDS.items() if mated]
    return np.asarray(np.isin(words, yes), np.bool_)
