"""Cells that several sections share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Cell, Column, Plain
from fvs.report.requirements import SPACE

if TYPE_CHECKING:
    from fvs.operating_points import Rate
    from fvs.report.words import Words

__all__ = ["columns", "interval_words", "number", "plain", "rate_words"]

FEWEST_PER_CENT = 1e-3


def columns(words: Words, *keys: str, numbers_from: int = 1) -> tuple[Column, ...]:
    """Headings; those from `numbers_from` on are of numbers."""
    return tuple(Column(words(key), is_number=k >= numbers_from) for k, key in enumerate(keys))


def plain(*texts: str) -> tuple[Cell, ...]:
    """Cells of text."""
    return tuple(Plain(text) for text in texts)


def number(count: int | None) -> str:
    """29640749 -> `29,640,749`; nothing where it is unknown."""
    return "-" if count is None else f"{count:,}"


def rate_words(rate: float) -> str:
    """A rate as people read it: `1.85 %`, and below a tenth of a per cent `3.2e-6`."""
    return _words(rate, as_per_cent=rate >= FEWEST_PER_CENT)


def interval_words(rate: Rate) -> str:
    """The rate and its two-sided interval, all three in one unit."""
    as_per_cent = rate.upper_95 >= FEWEST_PER_CENT
    point, lower, upper = (
        _words(value, as_per_cent=as_per_cent)
        for value in (rate.point, rate.lower_95, rate.upper_95)
    )
    return f"{point} [{lower}, {upper}]"


def _words(rate: float, *, as_per_cent: bool) -> str:
    if rate == 0.0:
        return "0"
    if as_per_cent:
        return f"{100 * rate:.3g}{SPACE}%"
    return f"{rate:.1e}".replace("e-0", "e-")
