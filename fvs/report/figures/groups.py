"""Rates of groups or species, each with its interval, on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import LogLocator

from fvs.report.figures.canvas import BAD, MATED, NON_MATED, drawing, to_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from fvs.operating_points import Rate

__all__ = ["Bar", "BarLabels", "draw_bars"]

ROW_IN = 0.2
FRAME_IN = 0.85
MANY_DECADES = 200.0
SHARE_OF_UPPER = 0.05
BELOW_ENDS = 0.7


@dataclass(frozen=True)
class Bar:
    """One row; `is_second` sets it apart, as for groups of minors or species held out."""

    name: str
    rate: Rate
    is_second: bool = False


@dataclass(frozen=True)
class BarLabels:
    """Words of the drawing: the axis, either kind of row, and the limit."""

    axis: str
    first: str
    second: str
    limit: str


@dataclass(frozen=True)
class _Kind:
    """How rows of one kind look."""

    is_second: bool
    colour: str
    marker: str
    label: str


def draw_bars(bars: Sequence[Bar], labels: BarLabels, limit: float | None, name: str) -> str:
    """Horizontal, the first on top: point and 95 % interval, with the limit if there is one."""
    left_edge = _left_edge(bars)
    kinds = (
        _Kind(is_second=False, colour=MATED, marker="o", label=labels.first),
        _Kind(is_second=True, colour=NON_MATED, marker="s", label=labels.second),
    )
    with drawing(name, FRAME_IN + ROW_IN * len(bars)) as sheet:
        axes = sheet.subplots()
        for kind in kinds:
            _draw_rows(axes, bars, kind, left_edge)
        if limit is not None:
            axes.axvline(limit, color=BAD, lw=1.0, ls="--", label=labels.limit)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
        axes.xaxis.set_major_locator(LogLocator(subs=_steps(bars, left_edge)))
        axes.minorticks_off()
        axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axes.set(xlim=(left_edge, None), ylim=(len(bars) - 0.4, -0.6), xlabel=labels.axis)
        axes.grid(visible=False, axis="y")
        sheet.legend(loc="outside upper right", ncols=3)
        return to_svg(sheet, name)


def _steps(bars: Sequence[Bar], left_edge: float) -> tuple[float, ...]:
    """Ticks of a decade: more of them where there are few decades."""
    decades = max(bar.rate.upper_95 for bar in bars) / left_edge
    return (1.0,) if decades > MANY_DECADES else (1.0, 2.0, 5.0)


def _left_edge(bars: Sequence[Bar]) -> float:
    """Below every lower bound, and well below every upper bound that has none."""
    ends = [
        bar.rate.lower_95 if bar.rate.errors else bar.rate.upper_95 * SHARE_OF_UPPER for bar in bars
    ]
    return BELOW_ENDS * min(ends)


def _draw_rows(axes: Axes, bars: Sequence[Bar], kind: _Kind, left_edge: float) -> None:
    """A bar from bound to bound, and a point where any error was seen."""
    rows = [(y, bar.rate) for y, bar in enumerate(bars) if bar.is_second == kind.is_second]
    if not rows:
        return
    heights = [y for y, _ in rows]
    lower = [rate.lower_95 if rate.errors else left_edge for _, rate in rows]
    upper = [rate.upper_95 for _, rate in rows]
    axes.hlines(heights, lower, upper, color=kind.colour, lw=1.2)
    axes.plot(upper, heights, ls="none", marker="|", ms=5, color=kind.colour)
    seen = [(rate.point, y) for y, rate in rows if rate.errors]
    axes.plot(
        [point for point, _ in seen],
        [y for _, y in seen],
        ls="none",
        marker=kind.marker,
        ms=4.5,
        color=kind.colour,
        label=kind.label,
    )
