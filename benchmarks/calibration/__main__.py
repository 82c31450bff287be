"""Measures whether intervals and thresholds hold, and what they cost, in one run.

    python -m benchmarks.calibration --shared ../shared --json benchmarks/results/calibration.json

`python -m benchmarks.render` then writes the tables into `docs/explanation/error-rates.md`.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from benchmarks.accuracy.lfw import extract_shown
from benchmarks.calibration.coverage import TRIALS, Coverage, measure_coverage
from benchmarks.calibration.guarantee import CASES, Guarantee, measure_guarantee
from benchmarks.calibration.results import (
    CalibrationReport,
    render_calibration,
    save_calibration,
)
from benchmarks.calibration.speed import (
    DetCost,
    Method,
    ReplicateCost,
    measure_det,
    measure_replicates,
)
from benchmarks.machine import describe_circumstances
from fvs.cli.measuring import progress_bar
from fvs.deployment.packs import DEFAULT_PACK, open_engine
from fvs.derivation.derivation import lfw_subjects
from fvs.folders import PictureSet
from fvs.metrics.bootstrap import REPLICATES
from fvs.packs import load_pack, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

__all__ = ["main", "measure"]

SIZES = (10**5, 10**6, 10**7, 10**8)
SLOW_ROUNDS_SHARE = 4
"""Intervals that draw curves are simulated so many times less often."""

THRESHOLDS = tuple(float(t) for t in np.round(np.arange(0.29, 0.60, 0.01), 2))
"""From FMR 1e-2 on LFW upwards, at which everybody would ask."""


def measure(rounds: int, shared: Path, sizes: Sequence[int]) -> CalibrationReport:
    """Measure everything; speed first, while nothing else runs."""
    circumstances = describe_circumstances()
    with progress_bar() as progress:
        costs = _det_costs(sizes, progress)
    lfw = shared / "data" / "lfw_eval.tar"
    replicates = _replicates(shared, lfw) if lfw.exists() else None
    with progress_bar() as progress, ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        guarantee = [pool.submit(_guarantee, case, rounds) for case in range(len(CASES))]
        coverage = [pool.submit(_coverage, trial, rounds) for trial in range(len(TRIALS))]
        task = progress.add_task("simulations", total=len(CASES) + len(TRIALS))
        for one in guarantee:
            one.add_done_callback(lambda _: progress.advance(task))
        for another in coverage:
            another.add_done_callback(lambda _: progress.advance(task))
    return CalibrationReport(
        circumstances=circumstances,
        coverage=tuple(found.result() for found in coverage),
        guarantee=tuple(found.result() for found in guarantee),
        det=tuple(costs),
        replicates=replicates,
    )


def _coverage(trial: int, rounds: int) -> Coverage:
    """By number: a trial holds functions, which processes cannot be sent."""
    chosen = TRIALS[trial]
    return measure_coverage(chosen, rounds // SLOW_ROUNDS_SHARE if chosen.slow else rounds)


def _guarantee(case: int, rounds: int) -> Guarantee:
    return measure_guarantee(*CASES[case], rounds)


def _det_costs(sizes: Sequence[int], progress: Progress) -> list[DetCost]:
    jobs = [(method, size) for size in sizes for method in Method]
    task = progress.add_task("DET curves", total=len(jobs))
    costs = []
    for method, size in jobs:
        cost = measure_det(method, size)
        progress.advance(task)
        if cost is not None:
            costs.append(cost)
    return costs


def _replicates(shared: Path, lfw: Path) -> ReplicateCost:
    engine = open_engine(load_pack(DEFAULT_PACK, shipped_models_dir(), [shared / "models"]))
    pictures = PictureSet.open(lfw)
    faces = extract_shown(engine, pictures, pictures.name)
    subjects = lfw_subjects(pictures.pictures)
    with progress_bar() as progress:
        task = progress.add_task("bootstrap", total=REPLICATES)
        return measure_replicates(
            faces.vectors[faces.ok],
            subjects[faces.ok],
            list(THRESHOLDS),
            REPLICATES,
            lambda done: progress.update(task, completed=done),
        )


def main(
    *,
    shared: Annotated[
        Path, typer.Option(help="Folder of models/ and data/; without it LFW is left out.")
    ] = Path("../shared"),
    rounds: Annotated[int, typer.Option(help="Simulated evaluations of each interval.")] = 1000,
    largest: Annotated[int, typer.Option(help="Scores of the largest DET.")] = SIZES[-1],
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print as Markdown, and write JSON."""
    report = measure(rounds, shared, [size for size in SIZES if size <= largest])
    print(render_calibration(report))
    if json is not None:
        save_calibration(report, json)


if __name__ == "__main__":
    typer.run(main)
