"""The sections of the matcher's benchmark, each with its progress on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.matching.all_pairs import measure_all_pairs
from benchmarks.matching.approximate import measure_approximate
from benchmarks.matching.by_key import measure_by_key
from benchmarks.matching.exact import measure_exact
from fvs.cli.output import ERROR_CONSOLE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SECTIONS", "measure_section"]

SECTIONS: dict[str, Callable[..., object]] = {
    "by_key": measure_by_key,
    "exact": measure_exact,
    "approximate": measure_approximate,
    "all_pairs": measure_all_pairs,
}
"""Field of the report -> what measures it. The registry's own, from identifiers to scores, is
`python -m benchmarks.matching.registry`."""


def measure_section(name: str, *, quick: bool) -> object:
    """Measure one section.

    Args:
        name: of `SECTIONS`.
        quick: with small galleries and few rounds, to see that it works.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=ERROR_CONSOLE) as progress:
        task = progress.add_task(name)
        return SECTIONS[name](
            quick=quick,
            on_step=lambda step: progress.update(task, description=f"{name}: {step}"),
        )
