"""Columns of numbers from CSV and Parquet, as an audit or a query gives them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import MissingExtraError, UsageError
from fvs.monitoring.baseline import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.records import F64

__all__ = ["USUAL_SIGNALS", "read_signals"]

WORDS = {"": float("nan"), "null": float("nan"), "true": 1.0, "false": 0.0}

USUAL_SIGNALS = ("similarity", "quality", "live_probability")
"""Columns that are read where none are named."""


def read_signals(path: Path, names: Sequence[str] = ()) -> tuple[Signal, ...]:
    """Read columns of a table; its rows are in the order of time.

    Args:
        path: `.csv` with a header, or `.parquet`.
        names: of the columns; those of `USUAL_SIGNALS` that the table has, where empty.

    Returns:
        A signal a column; blank, `null` and `nan` cells are NaN, `true` is 1 and `false` 0.

    Raises:
        UsageError: the file cannot be read, a column is missing or holds no numbers.
        MissingExtraError: Parquet without pyarrow.
    """
    read = _parquet_columns if path.suffix.lower() == ".parquet" else _csv_columns
    columns = read(path)
    wanted = names or [name for name in USUAL_SIGNALS if name in columns]
    missing = [name for name in wanted if name not in columns]
    if missing or not wanted:
        what = missing[0] if missing else f"any of {', '.join(USUAL_SIGNALS)}"
        raise UsageError(
            f"{path.name} has no column {what}", advice=f"It has {', '.join(columns) or 'none'}."
        )
    return tuple(Signal(name, _numbers(path, name, columns[name])) for name in wanted)


def _csv_columns(path: Path) -> dict[str, Sequence[object]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    head, *rows = csv.reader(io.StringIO(text)) if text.strip() else [[]]
    if any(len(row) != len(head) for row in rows if row):
        raise UsageError(f"{path.name} has a row that is shorter or longer than its header")
    columns = zip(*(row for row in rows if row), strict=True) if any(rows) else [() for _ in head]
    return dict(zip(head, columns, strict=True))


def _parquet_columns(path: Path) -> dict[str, Sequence[object]]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet needs pyarrow",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _numbers(path: Path, name: str, cells: Sequence[object]) -> F64:
    try:
        return np.array([_number(cell) for cell in cells], np.float64)
    except ValueError:
        # Neither cell nor error is repeated: a wrong column may hold what is nobody's business.
        raise UsageError(f"column {name!r} of {path.name} holds what is no number") from None


def _number(cell: object) -> float:
    word = "" if cell is None else str(cell).strip().lower()
    return WORDS[word] if word in WORDS else float(word)
