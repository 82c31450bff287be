"""Progress of work on many records: how many, how fast, and how long it still takes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fvs.cli.output import ERROR_CONSOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    OnProgress = Callable[[int, int], None]

__all__ = ["counting"]

_WORTH_A_BAR = 2000
"""Items: what takes less than a second needs no bar."""


class _RateColumn(ProgressColumn):
    """Items per second, over the last moments."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:.0f}/s")


@contextmanager
def counting(title: str, *, worth_a_bar: int = _WORTH_A_BAR) -> Iterator[OnProgress]:
    """A function of (done, total) that shows a bar on standard error, where there is much to do."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, _RateColumn(), TimeRemainingColumn(), console=ERROR_CONSOLE)
    task = bar.add_task(title, total=None)
    shown = False

    def on_progress(done: int, total: int) -> None:
        nonlocal shown
        if not shown and total >= worth_a_bar:
            bar.start()
            shown = True
        bar.update(task, completed=done, total=total)

    try:
        yield on_progress
    finally:
        if shown:
            bar.stop()
