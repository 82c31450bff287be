"""Measures packs side by side, from the shipped files.

    python -m benchmarks.packs --shared ../shared --json benchmarks/results/packs.json

The table goes to standard output as Markdown. Faces are extracted once and kept in this user's
cache folder, where `fvs calibrate protocol` keeps the same; a run that was stopped goes on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.machine import REPOSITORY, describe_circumstances
from benchmarks.packs.accuracy import Accuracy, HeldOutPeople, measure_accuracy
from benchmarks.packs.costs import Places, Rounds, measure_costs
from benchmarks.packs.evaluations import detector_errors, pad_errors
from benchmarks.packs.first_decision import policy_of
from benchmarks.packs.plot import save_plot
from benchmarks.packs.pool import Pool
from benchmarks.packs.results import PackReport, PackResult, save_packs
from benchmarks.packs.tables import render_packs
from fvs.deployment.packs import open_engine
from fvs.derivation.cleaning import clean_people
from fvs.errors import ManifestError, ModelNotFoundError
from fvs.folders import PictureSet
from fvs.packs import Pack, load_pack, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["main", "measure_packs", "open_packs"]

RESULTS_DIR = REPOSITORY / "benchmarks" / "results"
DEFAULT_PACKS = "standard,own,reference"

DOUBLES_BY = "reference"
"""The pack that tells who stands twice in the pool, for all packs alike."""


def open_packs(names: Sequence[str], places: Places) -> tuple[dict[str, Pack], dict[str, str]]:
    """The packs that are whole and fit their operating points, and what the others lack."""
    found: dict[str, Pack] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            pack = load_pack(name, places.models_dir, [places.weights_dir])
            policy_of(pack)
        except (ManifestError, ModelNotFoundError) as error:
            # Where things lie on this machine is of no interest.
            words = str(error).replace(f"{places.models_dir}/", "")
            missing[name] = words.partition(" (")[0]
        else:
            found[name] = pack
    return found, missing


def measure_packs(
    packs: Mapping[str, Pack], data: Path, places: Places, rounds: Rounds
) -> dict[str, PackResult]:
    """Measure accuracy pack by pack, costs side by side."""
    # First, so that an evaluation that cannot be read is not found out at the end.
    detectors = {
        name: detector_errors(RESULTS_DIR, pack.detector.manifest.sha256)
        for name, pack in packs.items()
    }
    pads = {
        name: pad_errors(RESULTS_DIR, [files.manifest.sha256 for files in pack.pad])
        for name, pack in packs.items()
    }
    costs = measure_costs(packs, places, rounds)
    accuracy = _measure_accuracy(packs, data, places)
    return {
        name: PackResult(
            **accuracy[name]._asdict(), detector=detectors[name], pad=pads[name], costs=costs[name]
        )
        for name in packs
    }


def _measure_accuracy(packs: Mapping[str, Pack], data: Path, places: Places) -> dict[str, Accuracy]:
    lfw, pool = PictureSet.open(data / "lfw_eval.tar"), Pool.open(data)
    judge = open_engine(load_pack(DOUBLES_BY, places.models_dir, [places.weights_dir]))
    judged = pool.faces(judge, DOUBLES_BY)
    cleaning = clean_people(judged, pool.labels, judge.embedder.manifest.id)
    accuracy = {}
    for name, pack in packs.items():
        engine = open_engine(pack)
        faces = judged if name == DOUBLES_BY else pool.faces(engine, name)
        people = HeldOutPeople(pool, faces, cleaning.dropped)
        accuracy[name] = measure_accuracy(name, engine, lfw, people)
    return accuracy


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    packs: Annotated[str, typer.Option(help="Names, comma separated.")] = DEFAULT_PACKS,
    models: Annotated[
        Path | None, typer.Option(help="Folder of manifests and packs, if not the shipped one.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="Few repeats: to see that it works.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw DET curves and groups here (SVG).")
    ] = None,
) -> None:
    """Measure packs side by side: errors by group, size, speed and start-up."""
    circumstances = describe_circumstances()
    places = Places(models or shipped_models_dir(), shared / "models")
    found, missing = open_packs(packs.split(","), places)
    for name, why in missing.items():
        typer.echo(f"left out: {name}: {why}", err=True)
    if not found:
        raise typer.Exit(3)
    rounds = Rounds(network=20, pair=6, start=3) if quick else Rounds()
    report = PackReport(
        packs=measure_packs(found, shared / "data", places, rounds),
        missing=missing,
        circumstances=circumstances,
        load_average_after=os.getloadavg(),
    )
    print(render_packs(report))
    if json is not None:
        save_packs(report, json)
    if plot is not None:
        save_plot(report, plot)


if __name__ == "__main__":
    typer.run(main)
