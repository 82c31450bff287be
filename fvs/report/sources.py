"""From what a caller has to the evidence of a report."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fvs import __version__
from fvs.derivation.provenance import describe_commit, describe_machine
from fvs.errors import UsageError
from fvs.report.evidence import DataFile, Provenance
from fvs.report.measures import measure_evaluation, threshold_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.metrics.evaluation import Evaluation
    from fvs.operating_points import OperatingPoint
    from fvs.report.measures import ErrorMeasures

__all__ = ["describe_file", "measure_scores", "provenance_of"]

MOMENT = "%Y-%m-%d %H:%M UTC"


def measure_scores(
    evaluation: Evaluation, target_fmr: float, point: OperatingPoint | None, given: float | None
) -> ErrorMeasures:
    """Measure scores at the threshold given, else the pack's, else the best of these scores.

    Raises:
        UsageError: as `measure_evaluation` and `threshold_on`, or a threshold that is no score.
    """
    if given is not None:
        if not -1.0 <= given <= 1.0:
            raise UsageError(f"a threshold is a similarity, -1 to 1, not {given:g}")
        return measure_evaluation(evaluation, given, "given")
    if point is not None:
        return measure_evaluation(evaluation, point.threshold, "pack")
    threshold = threshold_on(evaluation.sweep, target_fmr)
    return measure_evaluation(evaluation, threshold, "same_scores")


def describe_file(role: str, path: Path, size: int | None = None) -> DataFile:
    """A file by its hash.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return DataFile(role=role, name=path.name, sha256=digest, size=size)


def provenance_of(files: Sequence[DataFile], now: datetime | None = None) -> Provenance:
    """What this report is made of, with what, and when."""
    moment = now or datetime.now(UTC)
    return Provenance(
        files=tuple(files),
        created=moment.astimezone(UTC).strftime(MOMENT),
        version=__version__,
        commit=describe_commit(Path(__file__).parent.parent),
        machine=describe_machine(),
    )
