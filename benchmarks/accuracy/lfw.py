"""Labeled Faces in the Wild: ten-fold accuracy, and FNMR at FMR over all pairs.

    python -m benchmarks.accuracy.lfw --shared ../shared --json benchmarks/results/lfw.json

Faces are extracted once and kept in this user's cache folder; a run that was stopped goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.machine import Circumstances, describe_circumstances
from benchmarks.report_files import write_report
from fvs.cli.measuring import faces_cache_dir, progress_bar
from fvs.deployment.packs import DEFAULT_PACK, open_engine
from fvs.derivation.derivation import lfw_subjects
from fvs.derivation.extraction import MeasuredFaces, extract_faces, measure_faces, model_hashes
from fvs.engine import Engine, EngineSettings
from fvs.folders import PictureSet
from fvs.metrics.folds import FoldAccuracy, fold_accuracy, read_lfw_pairs
from fvs.metrics.intervals import rate
from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.rates import Sweep
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes
from fvs.packs import load_pack, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32

__all__ = [
    "LfwRates",
    "LfwResult",
    "OneByOne",
    "RatesAtTarget",
    "compare_one_by_one",
    "extract_shown",
    "measure_lfw",
    "measure_protocol",
]

TARGETS_FMR = (1e-2, 1e-3, 1e-4, 1e-5)

WANTED_ACCURACY = 0.9910
WANTED_TARGET_FMR = 1e-4
WANTED_FNMR = 0.020

BATCH_PICTURES = 16
"""Large enough that a batch mixes pictures and leaves a short one at the end."""

SAMPLE_PICTURES = 97
"""Pictures that are by default also extracted one by one; no multiple of the batch."""

SAME_SCORE = 1e-6
"""Largest difference of a score between batched and one by one."""

NEVER_ACCEPTED = -1.0
"""Score of a pair of which one picture could not be used."""


class RatesAtTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Rates at the lowest threshold whose counted FMR over all pairs is within the target."""

    target_fmr: float
    threshold: float
    fmr: Rate
    fnmr: Rate


class OneByOne(msgspec.Struct, frozen=True, kw_only=True):
    """Scores from pictures extracted in batches against scores from each picture alone."""

    pictures: int
    pairs: int
    largest_score_difference: float


class LfwRates(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack shows on LFW."""

    pack: str
    model_sha256: tuple[str, ...]
    data_sha256: str
    pictures: int
    subjects: int
    failed_to_acquire: Rate
    accuracy: float
    accuracy_standard_error: float
    fold_accuracies: tuple[float, ...]
    equal_error_rate: float
    mated_pairs: int
    non_mated_pairs: int
    all_pairs: tuple[RatesAtTarget, ...]


class LfwResult(LfwRates, frozen=True, kw_only=True):
    """Everything the benchmark measured, and on what."""

    circumstances: Circumstances
    one_by_one: OneByOne

    @property
    def wanted(self) -> dict[str, bool]:
        """What the reference pack was asked to show, and whether it does."""
        at = {rates.target_fmr: rates.fnmr.point for rates in self.all_pairs}
        fnmr = f"FNMR at FMR {WANTED_TARGET_FMR:g} <= {WANTED_FNMR:.3f}"
        difference = self.one_by_one.largest_score_difference
        return {
            f"accuracy >= {WANTED_ACCURACY:.4f}": self.accuracy >= WANTED_ACCURACY,
            fnmr: at[WANTED_TARGET_FMR] <= WANTED_FNMR,
            "no picture without a face": self.failed_to_acquire.errors == 0,
            f"batched = one by one within {SAME_SCORE:g}": difference <= SAME_SCORE,
        }


def measure_protocol(pictures: PictureSet, faces: MeasuredFaces) -> tuple[FoldAccuracy, float]:
    """Ten-fold accuracy and equal error rate of the 6,000 pairs."""
    pairs = read_lfw_pairs(pictures.read(["pairs.txt"])[0].decode())
    row_of = {name: row for row, name in enumerate(pictures.pictures)}
    first = np.array([row_of[pair.first] for pair in pairs])
    second = np.array([row_of[pair.second] for pair in pairs])
    similarity = np.einsum("pd,pd->p", faces.vectors[first], faces.vectors[second])
    similarity[~(faces.ok[first] & faces.ok[second])] = NEVER_ACCEPTED
    mated = np.array([pair.mated for pair in pairs])
    folds = fold_accuracy(similarity, mated, np.array([pair.fold for pair in pairs]))
    return folds, Sweep.of(similarity[mated], similarity[~mated]).equal_error().rate


def compare_one_by_one(engine: Engine, files: list[bytes]) -> OneByOne:
    """Extract pictures both ways and compare the scores of all their pairs."""
    alone = _with_batch_size(engine, 1)
    together = _with_batch_size(engine, BATCH_PICTURES)
    starts = range(0, len(files), BATCH_PICTURES)
    batches = [files[start : start + BATCH_PICTURES] for start in starts]
    as_batches = _measured(together, batches, "in batches")
    as_singles = _measured(alone, [[file] for file in files], "one by one")
    differences = _scores(as_batches.vectors) - _scores(as_singles.vectors)
    return OneByOne(
        pictures=len(files),
        pairs=len(files) * (len(files) - 1) // 2,
        largest_score_difference=float(np.abs(differences).max(initial=0.0)),
    )


def _measured(engine: Engine, batches: Sequence[list[bytes]], title: str) -> MeasuredFaces:
    shown = track(batches, title, console=Console(stderr=True))
    return MeasuredFaces.concatenate([measure_faces(engine, batch) for batch in shown])


def _with_batch_size(engine: Engine, batch_size: int) -> Engine:
    settings = EngineSettings(workers=engine.settings.workers, batch_size=batch_size)
    return Engine(engine.detector, engine.embedder, engine.pad, settings)


def _scores(vectors: F32) -> F32:
    return vectors @ vectors.T


def measure_lfw(
    pack: str, engine: Engine, pictures: PictureSet, faces: MeasuredFaces
) -> tuple[LfwRates, Sweep]:
    """The protocol and all pairs; and the sweep of the latter, to read more off it."""
    folds, equal_error_rate = measure_protocol(pictures, faces)
    subjects = lfw_subjects(pictures.pictures)
    pairs = compare_all_pairs(faces.vectors[faces.ok], subjects[faces.ok])
    sweep = Sweep.of(pairs.mated, pairs.non_mated)
    rates = LfwRates(
        pack=pack,
        model_sha256=model_hashes(engine),
        data_sha256=pictures.sha256,
        pictures=len(faces),
        subjects=len(np.unique(subjects)),
        failed_to_acquire=rate(int((~faces.ok).sum()), len(faces)),
        accuracy=folds.mean,
        accuracy_standard_error=folds.standard_error,
        fold_accuracies=folds.accuracies,
        equal_error_rate=equal_error_rate,
        mated_pairs=sweep.mated_trials,
        non_mated_pairs=sweep.non_mated_trials,
        all_pairs=tuple(_rates_at(sweep, target) for target in TARGETS_FMR),
    )
    return rates, sweep


def extract_shown(engine: Engine, pictures: PictureSet, title: str) -> MeasuredFaces:
    """Every face of a set, from this user's cache where it has them, with a progress bar."""
    with progress_bar() as progress:
        task = progress.add_task(title, total=len(pictures.pictures))
        return extract_faces(
            engine,
            pictures,
            faces_cache_dir(),
            lambda done: progress.update(task, completed=done),
        )


def _measure(pack: str, shared: Path, one_by_one: int) -> LfwResult:
    circumstances = describe_circumstances()
    engine = open_engine(load_pack(pack, shipped_models_dir(), [shared / "models"]))
    pictures = PictureSet.open(shared / "data" / "lfw_eval.tar")
    faces = extract_shown(engine, pictures, pictures.name)
    rates, _ = measure_lfw(pack, engine, pictures, faces)
    names = pictures.pictures
    sample = names[:: max(1, len(names) // max(one_by_one, 1))][:one_by_one]
    return LfwResult(
        **msgspec.structs.asdict(rates),
        circumstances=circumstances,
        one_by_one=compare_one_by_one(engine, pictures.read(sample)),
    )


def _rates_at(sweep: Sweep, target_fmr: float) -> RatesAtTarget:
    threshold = sweep.threshold_at_fmr(target_fmr)
    return RatesAtTarget(
        target_fmr=target_fmr,
        threshold=threshold,
        fmr=sweep.fmr_at(threshold),
        fnmr=sweep.fnmr_at(threshold),
    )


def _print(result: LfwResult) -> None:
    table = Table(title=f"LFW, pack {result.pack}, commit {result.circumstances.commit}")
    for heading in ("measure", "value", "95 % interval or error", "n"):
        table.add_column(heading)
    error = f"± {result.accuracy_standard_error:.4f}"
    table.add_row("10-fold accuracy", f"{result.accuracy:.4f}", error, "6000 pairs")
    table.add_row("equal error rate", f"{result.equal_error_rate:.4f}", "", "6000 pairs")
    for rates in result.all_pairs:
        table.add_row(f"FNMR at FMR {rates.target_fmr:g}", *_cells(rates.fnmr))
    table.add_row("failed to acquire", *_cells(result.failed_to_acquire))
    table.add_row(
        "batched - one by one",
        f"{result.one_by_one.largest_score_difference:.1e}",
        "",
        f"{result.one_by_one.pairs} pairs",
    )
    console = Console()
    console.print(table)
    for wish, fulfilled in result.wanted.items():
        console.print(f"{'shown' if fulfilled else '[bold red]NOT shown[/]'}: {wish}")


def _cells(measured: Rate) -> tuple[str, str, str]:
    return (
        f"{measured.point:.4f}",
        f"{measured.lower_95:.4f} to {measured.upper_95:.4f}",
        f"{measured.trials}",
    )


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    one_by_one: Annotated[
        int, typer.Option(help="Pictures to extract both ways; 7701 are all.")
    ] = SAMPLE_PICTURES,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure LFW and compare batched with one-by-one extraction."""
    result = _measure(pack, shared, one_by_one)
    _print(result)
    if json is not None:
        write_report(result, json)


if __name__ == "__main__":
    typer.run(main)
