"""The look of a report's drawings, and how matplotlib is made to write the same SVG every time.

Text stays text, set in Sarabun by whoever shows the drawing, so that Thai vowels and tone marks
are stacked by a text engine (matplotlib's own is not asked), words can be searched, and the reader
of the screen finds them. Blue and amber are told apart by every kind of colour vision, and lines
differ in their dashes too.
"""

from __future__ import annotations

import functools
import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fvs.errors import MissingExtraError
from fvs.explain import theme

try:
    import fontpkg
    import matplotlib as mpl
    from matplotlib import font_manager
    from matplotlib.figure import Figure as Drawing
except ImportError as error:
    raise MissingExtraError(
        f"a report needs {error.name}, which is not installed",
        advice="Install it with `pip install 'face-verification-service[report]'`.",
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.typing import RcKeyType

    from fvs.explain.theme import Colour

__all__ = [
    "ACCENT",
    "BAD",
    "FONT_FAMILY",
    "GRID",
    "INK",
    "MATED",
    "MUTED",
    "NON_MATED",
    "drawing",
    "font_path",
    "to_svg",
]


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


INK = _hex(theme.INK)
MUTED = _hex(theme.MUTED)
MATED = _hex(theme.BLUE)
NON_MATED = _hex(theme.AMBER)
ACCENT = _hex(theme.GREY)
BAD = _hex(theme.RED)
GRID = _hex(theme.TRACK)

FONT_FAMILY = "Sarabun"
FONT_SIZE_PT = 9
"""Readable on paper; a drawing is set at its own width, 6.3 in, which is that of the text."""

WIDTH_IN = 6.3

SETTINGS: dict[RcKeyType, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": [FONT_FAMILY],
    "font.size": FONT_SIZE_PT,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
"""Nothing that differs from one day to the next, and no address of anybody's."""


def font_path(weight: str = "regular") -> Path:
    """The file of Sarabun in this weight."""
    path: Path = fontpkg.path(FONT_FAMILY, weight)
    return path


@contextmanager
def drawing(name: str, height_in: float = 3.2) -> Iterator[Drawing]:
    """A sheet to draw on, as wide as the text; `to_svg` ends it."""
    _register_font()
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        yield Drawing(figsize=(WIDTH_IN, height_in), layout="constrained")


def to_svg(sheet: Drawing, name: str) -> str:
    """The `<svg>` element, with identifiers that no other drawing of the document has."""
    buffer = io.StringIO()
    sheet.savefig(buffer, format="svg", metadata=NO_METADATA, transparent=True)
    text = buffer.getvalue()
    element = text[text.index("<svg") :].strip()
    element = re.sub(r'\bid="', f'id="{name}-', element)
    element = re.sub(r"url\(#", f"url(#{name}-", element)
    return re.sub(r'href="#', f'href="#{name}-', element)


@functools.cache
def _register_font() -> None:
    for weight in ("regular", "semibold"):
        font_manager.fontManager.addfont(font_path(weight))
