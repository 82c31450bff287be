"""Tables of pairs of pictures, or of scores, -> scores to calibrate with."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from fvs.derivation.calibration import CalibrationScores
from fvs.derivation.distributions import distributions_of_evaluation, liveness_distribution
from fvs.derivation.measuring import measure_evaluation
from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.metrics.evaluation import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from fvs.metrics.evaluation_files import mated_of, read_evaluation
from fvs.operating_points import DataSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.derivation.extraction import MeasuredFaces
    from fvs.derivation.people import Measuring
    from fvs.metrics.evaluation import Evaluation
    from fvs.records import F32

__all__ = ["scores_of_pairs", "scores_of_table"]

SIMILARITY = "similarity"
PICTURES = ("first_picture", "second_picture")
PAIR_COLUMNS = tuple(name for name in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS) if name != SIMILARITY)
NEEDED = (*PICTURES, *(name for name in REQUIRED_COLUMNS if name != SIMILARITY))
TERMS = "the operator's own"
FOLDS = 2


def scores_of_table(path: Path) -> CalibrationScores:
    """Scores that were compared already.

    Args:
        path: CSV or Parquet, see `fvs.metrics.evaluation`. Where it has a column `fold`, the rows
            of the fold whose name comes first set thresholds, and those of the other are held out.

    Raises:
        UsageError: the table cannot be read, cannot be right, or no threshold can be had from it.
        MissingExtraError: it is Parquet and pyarrow is not installed.
    """
    evaluation = read_evaluation(path)
    source = DataSource(
        name=path.stem,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        pictures=len(evaluation),
        subjects=evaluation.subjects,
        failed_to_acquire=0,
        duplicates_dropped=0,
        terms=TERMS,
    )
    return _scores(evaluation, source, mated_lost=0)


def scores_of_pairs(path: Path, measuring: Measuring) -> CalibrationScores:
    """Compare the pairs of pictures that a table lists.

    Args:
        path: CSV; the names of pictures are relative to its folder.
        measuring: the engine and where faces are kept.

    Raises:
        UsageError: as `scores_of_table`, or pictures are missing.
    """
    columns = _read_csv(path)
    _require_pair_columns(columns, path.name)
    pairs = list(zip(*(columns[name] for name in PICTURES), strict=True))
    pictures = PictureSet.open(path.parent).only(sorted({name for pair in pairs for name in pair}))
    faces = _extract_listed(pictures, measuring)
    similarity = _compare_listed(faces, pictures, pairs)
    compared = np.flatnonzero(np.isfinite(similarity))
    with TemporaryDirectory() as folder:
        # Written and read, so that one reader checks every table.
        scored = Path(folder) / "scores.csv"
        with scored.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([SIMILARITY, *columns])
            for row in compared:
                writer.writerow([similarity[row], *(values[row] for values in columns.values())])
        evaluation = read_evaluation(scored)
    source = DataSource(
        name=path.stem,
        sha256=pictures.sha256,
        pictures=len(pictures),
        subjects=evaluation.subjects,
        failed_to_acquire=len(pairs) - len(compared),
        duplicates_dropped=0,
        terms=TERMS,
    )
    listed_mated = int(mated_of(np.array(columns["mated"])).sum())
    scores = _scores(evaluation, source, listed_mated - int(evaluation.mated.sum()))
    seen = liveness_distribution(faces, source.name)
    return replace(scores, distributions=scores.distributions + seen)


def _require_pair_columns(columns: Mapping[str, object], where: str) -> None:
    missing = [name for name in NEEDED if name not in columns]
    unknown = [name for name in columns if name not in PAIR_COLUMNS]
    if missing or unknown:
        raise UsageError(
            f"{where} lacks the columns {missing} and has unknown ones {unknown}",
            advice=f"Needed: {', '.join(NEEDED)}. Known: {', '.join(PAIR_COLUMNS)}.",
        )


def _scores(evaluation: Evaluation, source: DataSource, mated_lost: int) -> CalibrationScores:
    if np.abs(evaluation.similarity).max() > 1.0:
        raise UsageError(
            "a similarity lies beyond -1 to 1",
            advice="Thresholds are on the scale of the engine's scores, which are cosines.",
        )
    fit, held_out = _by_fold(evaluation)
    return CalibrationScores(
        fit=measure_evaluation(fit, source.name),
        held_out=None if held_out is None else measure_evaluation(held_out, source.name),
        evaluation=fit,
        distributions=distributions_of_evaluation(evaluation, mated_lost, source.name),
        data=(source,),
    )


def _extract_listed(pictures: PictureSet, measuring: Measuring) -> MeasuredFaces:
    no_pictures = len(pictures) - len(pictures.pictures)
    if no_pictures:
        raise UsageError(f"{no_pictures} of the files listed are no pictures by their names")
    return measuring.extract(pictures)


def _compare_listed(
    faces: MeasuredFaces, pictures: PictureSet, pairs: Sequence[tuple[str, ...]]
) -> F32:
    """(N,) cosines; NaN where a picture has no usable face."""
    row_of = {name: row for row, name in enumerate(pictures.pictures)}
    rows = np.array([[row_of[name] for name in pair] for pair in pairs], np.int64).reshape(-1, 2)
    first, second = faces.take(rows[:, 0]), faces.take(rows[:, 1])
    similarity = np.einsum("nd,nd->n", first.vectors, second.vectors).clip(-1.0, 1.0)
    return np.where(first.ok & second.ok, similarity, np.nan).astype(np.float32)


def _by_fold(evaluation: Evaluation) -> tuple[Evaluation, Evaluation | None]:
    if evaluation.fold is None:
        return evaluation, None
    folds = np.unique(evaluation.fold)
    if len(folds) != FOLDS:
        raise UsageError(
            f"the table has {len(folds)} folds",
            advice="Two are needed: the one whose name comes first sets thresholds, as `fit` does "
            "before `held_out`.",
        )
    fit, held_out = (evaluation.take(evaluation.fold == fold).check() for fold in folds)
    return fit, held_out


def _read_csv(path: Path) -> dict[str, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = [row for row in csv.reader(file, strict=True) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path.name} cannot be read as CSV") from error
    if any(len(row) != len(heading) for row in rows):
        raise UsageError(f"{path.name} has rows that are longer or shorter than its heading")
    return {name.strip(): [row[place] for row in rows] for place, name in enumerate(heading)}
