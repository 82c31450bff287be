"""Measures what a national register would take, and writes the tables of docs/explanation/scale.md.

    python -m benchmarks.scale measure          # half an hour; --quick: a minute, to see it work
    python -m benchmarks.scale render           # document and plot, from the file
    python -m benchmarks.scale show --people 70000000 --baht-per-core-hour 2

Each section is written when it is done; `--only indexes` measures one anew.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import REPOSITORY
from benchmarks.markdown import fill_in
from benchmarks.scale.arithmetic import Assumptions
from benchmarks.scale.bulk import measure_bulk
from benchmarks.scale.plot import save_plot
from benchmarks.scale.results import load_scale, save_scale
from benchmarks.scale.sealing import measure_sealing
from benchmarks.scale.stores import measure_stores
from benchmarks.scale.tables import render_scale
from benchmarks.scale.vectors import PRECISIONS, measure_indexes
from fvs.timing import worker_counts

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["app"]

RESULTS = REPOSITORY / "benchmarks" / "results" / "scale.json"
PLOT = RESULTS.with_suffix(".svg")
DOCUMENT = REPOSITORY / "docs" / "explanation" / "scale.md"
DIMENSIONS = (128, 256, 512)

JsonFile = Annotated[Path, typer.Option(help="The report.")]

app = typer.Typer(no_args_is_help=True, help=__doc__)


class Section(StrEnum):
    """What can be measured by itself."""

    SEALING = "sealing"
    INDEXES = "indexes"
    BULK = "bulk"
    STORES = "stores"


class Sizes(NamedTuple):
    """How much to measure."""

    sealed: int = 10_000
    vectors: int = 200_000
    portraits: int = 200
    tiles: int = 20
    records: tuple[int, ...] = (100_000, 1_000_000)


QUICK = Sizes(sealed=200, vectors=4_000, portraits=4, tiles=1, records=(2_000,))


@app.command()
def measure(
    *,
    json: JsonFile = RESULTS,
    only: Annotated[list[Section] | None, typer.Option(help="Sections (repeatable).")] = None,
    quick: Annotated[bool, typer.Option(help="Little of each: to see that it works.")] = False,
) -> None:
    """Measure on this machine."""
    sizes = QUICK if quick else Sizes()
    with Progress(console=Console(stderr=True)) as progress:
        for section in only or list(Section):
            steps = _steps(section, sizes)
            task = progress.add_task(section.value, total=steps)
            measured = _measured(section, sizes, lambda n, task=task: progress.advance(task, n))
            report = msgspec.structs.replace(load_scale(json), **{section.value: measured})
            save_scale(report, json)


def _steps(section: Section, sizes: Sizes) -> int:
    kinds = 2
    return {
        Section.SEALING: 1,
        Section.INDEXES: 1 + len(DIMENSIONS) * len(PRECISIONS),
        Section.BULK: len(worker_counts(_cores())),
        Section.STORES: kinds * (len(DIMENSIONS) * sizes.records[0] + sum(sizes.records[1:])),
    }[section]


def _cores() -> int:
    from fvs.bulk.engines import available_cores  # noqa: PLC0415 - workers import this module too

    return available_cores()


def _measured(section: Section, sizes: Sizes, advance: Callable[[int], None]) -> msgspec.Struct:
    dimension = DIMENSIONS[len(DIMENSIONS) // 2]
    if section is Section.SEALING:
        measured = measure_sealing(sizes.sealed, dimension)
        advance(1)
        return measured
    if section is Section.INDEXES:
        return measure_indexes(sizes.vectors, DIMENSIONS, lambda: advance(1))
    if section is Section.BULK:
        return measure_bulk(sizes.portraits, sizes.tiles, dimension, lambda: advance(1))
    return measure_stores(sizes.records, DIMENSIONS, advance)


@app.command()
def render(
    *,
    json: JsonFile = RESULTS,
    document: Annotated[Path, typer.Option(help="Markdown with the place for it.")] = DOCUMENT,
    plot: Annotated[Path, typer.Option(help="SVG.")] = PLOT,
) -> None:
    """Write what was measured, and what follows by the usual assumptions, into the document."""
    report = load_scale(json)
    text = document.read_text(encoding="utf-8")
    document.write_text(fill_in(text, {"scale": render_scale(report)}), encoding="utf-8")
    if report.indexes is not None:
        save_plot(report.indexes, plot)


@app.command()
def show(
    *,
    json: JsonFile = RESULTS,
    people: Annotated[int, typer.Option(help="With one template each.")] = Assumptions().people,
    verifications_per_s: Annotated[float, typer.Option()] = Assumptions().verifications_per_s,
    searches_per_s: Annotated[float, typer.Option()] = Assumptions().searches_per_s,
    baht_per_core_hour: Annotated[float, typer.Option()] = Assumptions().baht_per_core_hour,
    machine_memory_gb: Annotated[float, typer.Option()] = Assumptions().machine_memory_gb,
) -> None:
    """Print the same by other assumptions."""
    assumed = Assumptions(
        people=people,
        verifications_per_s=verifications_per_s,
        searches_per_s=searches_per_s,
        baht_per_core_hour=baht_per_core_hour,
        machine_memory_gb=machine_memory_gb,
    )
    print(render_scale(load_scale(json), assumed))


if __name__ == "__main__":
    app()
