"""A small scatter plot as SVG text, so that training needs no plotting library."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dot", "scatter_svg"]

WIDTH_PX, HEIGHT_PX = 760, 420

MARGIN_PX = 56

X_TICK, Y_TICK = 1.0, 0.1

HEADROOM = 1.1
"""Room for the names of the outermost dots."""


class Dot(NamedTuple):
    """One labelled point; those on the curve are joined in their order."""

    name: str
    x: float
    y: float
    on_curve: bool


def scatter_svg(title: str, dots: Sequence[Dot]) -> str:
    """The picture; both axes begin at 0."""
    right = X_TICK * ceil(HEADROOM * max(dot.x for dot in dots) / X_TICK)
    top = Y_TICK * ceil(HEADROOM * max(dot.y for dot in dots) / Y_TICK)

    def place(x: float, y: float) -> tuple[float, float]:
        across = MARGIN_PX + (WIDTH_PX - 2 * MARGIN_PX) * x / right
        return across, HEIGHT_PX - MARGIN_PX - (HEIGHT_PX - 2 * MARGIN_PX) * y / top

    look = 'font-family="sans-serif" font-size="11" fill="#222"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" {look}>',
        f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="#fff"/>',
        _text(MARGIN_PX, 24, title, 13),
    ]
    for tick in range(round(right / X_TICK) + 1):
        x, y = place(tick * X_TICK, 0)
        parts.append(_text(x - 4, y + 18, f"{tick * X_TICK:g}"))
    for tick in range(round(top / Y_TICK) + 1):
        x, y = place(0, tick * Y_TICK)
        parts.append(_text(x - 30, y + 4, f"{tick * Y_TICK:.1f}"))
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH_PX - MARGIN_PX}" stroke="#ddd"/>')
    curve = [place(dot.x, dot.y) for dot in dots if dot.on_curve]
    track = " ".join(f"{x:.1f},{y:.1f}" for x, y in curve)
    parts.append(f'<polyline points="{track}" stroke="#1f6feb" fill="none"/>')
    for dot in dots:
        x, y = place(dot.x, dot.y)
        colour = "#1f6feb" if dot.on_curve else "#b35900"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        parts.append(_text(x + 7, y - 5, dot.name))
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, words: str, size_px: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size_px}">{escape(words)}</text>'
