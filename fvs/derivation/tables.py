"""Tables of pairs of pictures, or of scores, -> scores to calibrate with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.calibration import CalibrationScores
from fvs.derivation.measuring import measure_table
from fvs.derivation.score_table import (
    FIT,
    HELD_OUT,
    OPTIONAL,
    REQUIRED,
    read_columns,
    require_columns,
    table_of,
)
from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.operating_points import DataSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fvs.derivation.people import Measuring
    from fvs.derivation.score_table import ScoreTable
    from fvs.records import F32

__all__ = ["scores_of_pairs", "scores_of_table"]

PICTURE_COLUMNS = ("first_picture", "second_picture")
PAIRS_REQUIRED = (*PICTURE_COLUMNS, *(name for name in REQUIRED if name != "similarity"))
TERMS = "the operator's own"


def scores_of_table(path: Path) -> CalibrationScores:
    """Scores that were compared already.

    Args:
        path: CSV or Parquet, see `score_table`.

    Raises:
        UsageError: the table cannot be read, or no threshold can be had from it.
        MissingExtraError: it is Parquet and pyarrow is not installed.
    """
    table = table_of(read_columns(path))
    return _scores(table, _source(path, _sha256_of_file(path), len(table), table, failed=0))


def scores_of_pairs(path: Path, measuring: Measuring) -> CalibrationScores:
    """Compare pairs of pictures that a table lists.

    Args:
        path: CSV or Parquet; the names of pictures are relative to its folder.
        measuring: the engine and where faces are kept.

    Raises:
        UsageError: as `scores_of_table`, or pictures are missing.
        MissingExtraError: likewise.
    """
    columns = read_columns(path)
    known = tuple(name for name in (*REQUIRED, *OPTIONAL) if name != "similarity")
    require_columns(columns, known, PAIRS_REQUIRED)
    pairs = list(zip(*(columns[name] for name in PICTURE_COLUMNS), strict=True))
    pictures = PictureSet.open(path.parent).only(sorted({one for pair in pairs for one in pair}))
    similarity = _compare_listed(pictures, pairs, measuring)
    compared = np.flatnonzero(np.isfinite(similarity))
    kept = {name: [values[row] for row in compared] for name, values in columns.items()}
    table = table_of({"similarity": [str(similarity[row]) for row in compared], **kept})
    source = _source(path, pictures.sha256, len(pictures), table, len(pairs) - len(compared))
    return _scores(table, source)


def _compare_listed(
    pictures: PictureSet, pairs: Sequence[tuple[str, ...]], measuring: Measuring
) -> F32:
    """(N,) cosines; NaN where a picture has no usable face."""
    row_of = {name: row for row, name in enumerate(pictures.pictures)}
    if len(row_of) < len(pictures):
        raise UsageError(
            f"{len(pictures) - len(row_of)} of the files listed are no pictures by their names"
        )
    faces = measuring.extract(pictures)
    rows = np.array([[row_of[name] for name in pair] for pair in pairs], np.int64).reshape(-1, 2)
    first, second = faces.take(rows[:, 0]), faces.take(rows[:, 1])
    similarity = np.einsum("nd,nd->n", first.vectors, second.vectors).clip(-1.0, 1.0)
    return np.where(first.ok & second.ok, similarity, np.nan).astype(np.float32)


def _scores(table: ScoreTable, source: DataSource) -> CalibrationScores:
    """A checked table, by its folds where it has them."""
    if not table.fold.any():
        return CalibrationScores(fit=measure_table(table, source.name), table=table, data=(source,))
    fit, held_out = table.take(table.fold == FIT), table.take(table.fold == HELD_OUT)
    return CalibrationScores(
        fit=measure_table(fit, source.name),
        held_out=measure_table(held_out, source.name),
        table=fit,
        data=(source,),
    )


def _source(path: Path, sha256: str, pictures: int, table: ScoreTable, failed: int) -> DataSource:
    people = np.unique(np.concatenate([table.first, table.second]))
    return DataSource(
        name=path.stem,
        sha256=sha256,
        pictures=pictures,
        subjects=len(people),
        failed_to_acquire=failed,
        duplicates_dropped=0,
        terms=TERMS,
    )


def _sha256_of_file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
