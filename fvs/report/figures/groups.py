"""Rates of groups or species, each with its interval, on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import LogLocator

from fvs.report.figures.canvas import BAD, MATED, NON_MATED, drawing, to_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.operating_points import Rate
    from fvs.report.figures.canvas import Axes

__all__ = ["Bar", "BarLabels", "draw_bars"]

ROW_IN = 0.2
FRAME_IN = 0.85
MANY_DECADES = 200.0
FLOOR_SHARE = 0.5
"""A rate of 0 stands at half of the smallest rate that any of the trials can show."""


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
    lowest = min(FLOOR_SHARE / bar.rate.trials for bar in bars)
    kinds = (
        _Kind(is_second=False, colour=MATED, marker="o", label=labels.first),
        _Kind(is_second=True, colour=NON_MATED, marker="s", label=labels.second),
    )
    with drawing(name, FRAME_IN + ROW_IN * len(bars)) as sheet:
        axes = sheet.subplots()
        for kind in kinds:
            _draw_rows(axes, bars, kind, lowest)
        if limit is not None:
            axes.axvline(limit, color=BAD, lw=1.0, ls="--", label=labels.limit)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
        axes.xaxis.set_major_locator(LogLocator(subs=_steps(bars, lowest)))
        axes.minorticks_off()
        axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axes.set(xlim=(lowest * 0.8, None), ylim=(len(bars) - 0.4, -0.6), xlabel=labels.axis)
        axes.grid(visible=False, axis="y")
        sheet.legend(loc="outside upper right", ncols=3)
        return to_svg(sheet, name)


def _steps(bars: Sequence[Bar], lowest: float) -> tuple[float, ...]:
    """Ticks of a decade: more of them where there are few decades."""
    decades = max(bar.rate.upper_95 for bar in bars) / lowest
    return (1.0,) if decades > MANY_DECADES else (1.0, 2.0, 5.0)


def _draw_rows(axes: Axes, bars: Sequence[Bar], kind: _Kind, lowest: float) -> None:
    rows = [(y, bar.rate) for y, bar in enumerate(bars) if bar.is_second == kind.is_second]
    if not rows:
        return
    heights = [y for y, _ in rows]
    points = [max(rate.point, lowest) for _, rate in rows]
    left = [max(0.0, x - max(rate.lower_95, lowest)) for x, (_, rate) in zip(points, rows, strict=True)]
    right = [max(0.0, rate.upper_95 - x) for x, (_, rate) in zip(points, rows, strict=True)]
    axes.errorbar(
        points,
        heights,
        xerr=(left, right),
        fmt=kind.marker,
        ms=4,
        lw=1.2,
        capsize=2,
        color=kind.colour,
        label=kind.label,
    )
