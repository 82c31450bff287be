"""False match rates between different people of one age band, sex and group, at shipped thresholds.

    python -m benchmarks.accuracy.differentials --shared ../shared --pack P
        --json benchmarks/results/differentials.json

The pool of ../shared/data, one picture a person, pairs within one source; of a pack that was
trained on the pool, the fifth that was held out, of others all of it. Faces come from this user's
cache folder, where `fvs calibrate protocol` keeps the same. `--pictures FOLDER --labels CSV`
takes a folder of your own, one picture a person, with columns file, source, age, sex and group.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.shipped import shipped_points
from benchmarks.machine import Circumstances, describe_circumstances
from benchmarks.markdown import NOT_MEASURED, circumstances_words, small_rate_words, table
from benchmarks.packs.groups import (
    KINDS,
    GroupFmr,
    Inequity,
    Kind,
    inequity,
    rate_groups,
    tails_of,
)
from benchmarks.packs.pool import Pool
from benchmarks.report_files import read_report, write_report
from fvs.deployment.packs import DEFAULT_PACK, open_engine
from fvs.derivation.cleaning import clean_people
from fvs.derivation.extraction import MeasuredFaces, model_hashes
from fvs.derivation.groups import Labels, read_labels
from fvs.folders import PictureSet
from fvs.packs import load_pack, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.engine import Engine
    from fvs.packs import Pack
    from fvs.records import Bool

__all__ = [
    "DifferentialsAt",
    "DifferentialsReport",
    "DifferentialsResult",
    "differentials_at",
    "render_differentials",
]

DOUBLES_BY = "reference"
"""The pack that tells who stands twice in the pool."""
TRAINED_ELSEWHERE = ("dlib", "reference")
"""Packs whose networks never saw the pool: for these all of it counts."""


class DifferentialsAt(msgspec.Struct, frozen=True, kw_only=True):
    """All groups at one shipped threshold, and per kind how far the worst is from the others."""

    target_fmr: float
    threshold: float
    groups: tuple[GroupFmr, ...]
    inequities: dict[Kind, Inequity]


class DifferentialsResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured of a pack, and on what.

    Attributes:
        doubles: pictures that were left out because they show somebody again.
        trained_on: pictures that were left out because the pack may have learned from them.
    """

    circumstances: Circumstances
    model_sha256: tuple[str, ...]
    data_sha256: tuple[str, ...]
    people: int
    failed_to_acquire: int
    doubles: int
    trained_on: int
    at: tuple[DifferentialsAt, ...]


class DifferentialsReport(msgspec.Struct, frozen=True, kw_only=True):
    """`benchmarks/results/differentials.json`: pack -> its result."""

    packs: dict[str, DifferentialsResult] = {}


def differentials_at(
    faces: MeasuredFaces, labels: Sequence[Labels], points: Sequence[tuple[float, float]]
) -> tuple[DifferentialsAt, ...]:
    """Rates of every group at every threshold.

    Args:
        faces: N rows, all OK, one picture a person.
        labels: of the same N.
        points: target FMR and threshold of each.
    """
    groups = tails_of(faces.vectors, labels)
    results = []
    for target, threshold in points:
        rates = rate_groups(groups, threshold)
        found = {kind: inequity(rates, kind) for kind in KINDS}
        results.append(
            DifferentialsAt(
                target_fmr=target,
                threshold=threshold,
                groups=rates,
                inequities={kind: one for kind, one in found.items() if one is not None},
            )
        )
    return tuple(results)


def measure_pack(pack_name: str, shared: Path, pool: Pool) -> DifferentialsResult:
    """Measure one pack on the part of the pool that it does not know."""
    circumstances = describe_circumstances()
    pack = _loaded(pack_name, shared)
    engine = open_engine(pack)
    faces = pool.faces(engine, pack_name)
    doubles = _doubles(pack, engine, faces, pool, shared)
    unknown = np.asarray(pool.held_out | (pack_name in TRAINED_ELSEWHERE))
    rows = np.flatnonzero(unknown & ~doubles & faces.ok)
    return DifferentialsResult(
        circumstances=circumstances,
        model_sha256=model_hashes(engine),
        data_sha256=tuple(one.sha256 for one in pool.sets),
        people=len(rows),
        failed_to_acquire=int((unknown & ~doubles & ~faces.ok).sum()),
        doubles=int((unknown & doubles).sum()),
        trained_on=int((~unknown).sum()),
        at=differentials_at(
            faces.take(rows),
            [pool.labels[row] for row in rows],
            shipped_points(pack),
        ),
    )


def _loaded(name: str, shared: Path) -> Pack:
    return load_pack(name, shipped_models_dir(), [shared / "models"])


def _doubles(pack: Pack, engine: Engine, faces: MeasuredFaces, pool: Pool, shared: Path) -> Bool:
    """(N,) pictures of people who stand there already, by the scores of the reference pack."""
    judge, judged = engine, faces
    if pack.name != DOUBLES_BY:
        judge = open_engine(_loaded(DOUBLES_BY, shared))
        judged = pool.faces(judge, DOUBLES_BY)
    return clean_people(judged, pool.labels, judge.embedder.manifest.id).dropped


def _pool_of(pictures: Path, labels: Path) -> Pool:
    """A folder of one's own; no pack was trained on it."""
    files = PictureSet.open(pictures)
    by_name = read_labels(labels.read_text(encoding="utf-8"))
    unknown = Labels(files.name, None, "", "")
    return Pool(
        sets=(files,),
        labels=tuple(by_name.get(name, unknown) for name in files.pictures),
        held_out=np.ones(len(files.pictures), np.bool_),
    )


def load_differentials(path: Path) -> DifferentialsReport:
    """Read the file, or an empty report where there is none."""
    return read_report(path, DifferentialsReport) or DifferentialsReport()


def render_differentials(results_dir: Path) -> str:
    """Markdown of what `differentials.json` in this folder says of every pack."""
    report = load_differentials(results_dir / "differentials.json")
    return "\n\n".join(_section(*pack) for pack in report.packs.items()) or NOT_MEASURED


def _section(pack: str, result: DifferentialsResult) -> str:
    unseen = f", {result.trained_on:,} pictures that its training may have seen," * bool(
        result.trained_on
    )
    summary = (
        f"False match rates [95 %] of pack {pack} between different people of one group and one "
        f"source, at the shipped thresholds: {result.people:,} people, one picture each; left out "
        f"were {result.doubles:,} pictures of people who stand there already{unseen} and "
        f"{result.failed_to_acquire:,} without a usable face. The intervals take pairs as "
        "independent."
    )
    head = ("group", "people", "pairs", *(f"at FMR {at.target_fmr:g}" for at in result.at))
    rows = [*_group_rows(result), *_inequity_rows(result)]
    return "\n\n".join([summary, table(head, rows), circumstances_words(result.circumstances)])


def _group_rows(result: DifferentialsResult) -> list[list[str]]:
    return [
        [
            f"{one.kind}: {one.group}",
            f"{one.people:,}",
            f"{one.fmr.trials:,}",
            *(small_rate_words(at.groups[row].fmr) for at in result.at),
        ]
        for row, one in enumerate(result.at[0].groups)
        if one.kind != "age, sex and origin"
    ]


def _inequity_rows(result: DifferentialsResult) -> list[list[str]]:
    return [
        [
            f"adults by {kind.removesuffix(' of adults')}: highest over geometric mean",
            "",
            f"{one.groups} groups",
            *(f"{at.inequities[kind].max_over_geometric_mean:.1f}" for at in result.at),
        ]
        for kind, one in result.at[0].inequities.items()
    ]


def _print(pack: str, result: DifferentialsResult) -> None:
    shown = Table(title=f"FMR by group, pack {pack}, {result.people:,} people")
    for heading in ("group", "people", "pairs", *(f"FMR {at.target_fmr:g}" for at in result.at)):
        shown.add_column(heading)
    for row in [*_group_rows(result), *_inequity_rows(result)]:
        shown.add_row(*row)
    Console().print(shown)


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder or tar, a picture a person, instead of the pool.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="CSV of --pictures.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print a table, and write the result."""
    if (pictures is None) != (labels is None):
        raise typer.BadParameter("--pictures and --labels go together")
    own = pictures is not None and labels is not None
    pool = _pool_of(pictures, labels) if own else Pool.open(shared / "data")
    result = measure_pack(pack, shared, pool)
    _print(pack, result)
    if json is not None:
        report = DifferentialsReport(packs={**load_differentials(json).packs, pack: result})
        write_report(report, json)


if __name__ == "__main__":
    typer.run(main)
