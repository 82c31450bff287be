"""Measures the matcher: 1:1 by key, 1:N exact and approximate, and all pairs.

    python -m benchmarks.matching --json benchmarks/results/matching.json

One section after the other, each in a process of its own, so that one's memory is not another's.
Each is saved when it is done; a run that was stopped goes on with the next. The whole takes about
an hour on two cores, most of it building HNSW graphs; `--quick` a minute.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks.matching.plot import save_plot
from benchmarks.matching.results import load_matching, save_matching
from benchmarks.matching.sections import SECTIONS, measure_section
from benchmarks.matching.tables import render_matching

__all__ = ["main"]


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Small galleries: to see that it works.")] = False,
    sections: Annotated[str, typer.Option(help="Names, comma separated.")] = ",".join(SECTIONS),
    anew: Annotated[bool, typer.Option(help="Measure what the file has already.")] = False,
    json: Annotated[Path, typer.Option(help="Report, also to go on from.")] = Path("matching.json"),
    plot: Annotated[Path | None, typer.Option(help="Draw the cost by size here (SVG).")] = None,
) -> None:
    """Measure the matcher and print the tables."""
    report = load_matching(json)
    for name in sections.split(","):
        done = getattr(report, name)
        if done is not None and done.quick == quick and not anew:
            typer.echo(f"{name}: measured already on {done.circumstances.measured_at}", err=True)
            continue
        report = msgspec.structs.replace(report, **{name: _apart(name, quick=quick)})
        save_matching(report, json)
    print(render_matching(report))
    if plot is not None:
        save_plot(report, plot)


def _apart(name: str, *, quick: bool) -> object:
    """Measure a section in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure_section, name, quick=quick).result()


if __name__ == "__main__":
    typer.run(main)
