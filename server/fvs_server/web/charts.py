"""Geometry of the dashboard's charts; templates draw it as SVG, without inline styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HEIGHT", "WIDTH", "Bar", "BarChart", "Line", "LineChart", "draw_bars", "draw_lines"]

WIDTH, HEIGHT = 720.0, 200.0
"""Units of the plot's own coordinates; labels stand outside."""
_GAP = 0.25
"""Share of a column that is left empty."""
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """A part of a column.

    Attributes:
        name: of the series.
        x, y, width, height: in the plot's units; y grows downwards.
    """

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class BarChart:
    """Stacked columns; `top` is the value at the upper edge."""

    bars: tuple[Bar, ...]
    top: float


@dataclass(frozen=True)
class Line:
    """One series; `pieces` are SVG's points of each run without a gap."""

    name: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class LineChart:
    """Lines over the same columns; `top` is the value at the upper edge."""

    lines: tuple[Line, ...]
    top: float


def draw_bars(names: Sequence[str], columns: Sequence[Sequence[float]]) -> BarChart:
    """Stack each column from the bottom.

    Args:
        names: of the series, the lowest first.
        columns: each with one value a series, none below 0.
    """
    top = _round_up(max((sum(column) for column in columns), default=0.0))
    width = WIDTH / max(len(columns), 1)
    bars = []
    for number, column in enumerate(columns):
        bottom = HEIGHT
        for name, value in zip(names, column, strict=True):
            height = HEIGHT * value / top
            bottom -= height
            if height > 0:
                x = (number + _GAP / 2) * width
                bars.append(Bar(name, x, bottom, width * (1 - _GAP), height))
    return BarChart(tuple(bars), top)


def draw_lines(names: Sequence[str], columns: Sequence[Sequence[float | None]]) -> LineChart:
    """Join each series' values at the columns' middles; None interrupts it.

    Args:
        names: of the series.
        columns: each with one value a series.
    """
    known = [value for column in columns for value in column if value is not None]
    top = _round_up(max(known, default=0.0))
    lines = []
    for row, name in enumerate(names):
        lines.append(Line(name, _pieces([column[row] for column in columns], top)))
    return LineChart(tuple(lines), top)


def _pieces(values: Sequence[float | None], top: float) -> tuple[str, ...]:
    width = WIDTH / max(len(values), 1)
    pieces: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        x, y = (number + 0.5) * width, HEIGHT * (1 - value / top)
        # A short dash, so that a value between two gaps can be seen.
        pieces[-1] += [f"{x - width / 4:.1f},{y:.1f}", f"{x + width / 4:.1f},{y:.1f}"]
    return tuple(" ".join(piece) for piece in pieces if piece)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 ..."""
    power = 1.0
    while True:
        for step in _STEPS:
            if value <= step * power:
                return step * power
        power *= 10
