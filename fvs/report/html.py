"""Document -> one HTML file that needs nothing beside it: no script, no network, no font."""

from __future__ import annotations

import base64
import functools
from functools import cache

from fvs.errors import MissingExtraError
from fvs.report.figures.canvas import ACCENT, GRID, INK, MUTED, font_path

try:
    import jinja2
    from markupsafe import Markup
except ImportError as error:
    raise MissingExtraError(
        f"a report needs {error.name}, which is not installed",
        advice="Install it with `pip install 'face-verification-service[report]'`.",
    ) from error

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs.report.document import Block, Document, Figure

__all__ = ["render_html"]

TEMPLATE = "report.html.j2"

PAGE_COLOURS = {
    INK: "currentColor",
    MUTED: "currentColor",
    ACCENT: "var(--muted)",
    GRID: "var(--line)",
}


def render_html(document: Document) -> str:
    """The whole file."""
    return _environment().get_template(TEMPLATE).render(document=document)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fvs.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"kind": _kind, "drawing": _drawing, "base64": _base64}
    environment.globals |= {"font_base64": _font_base64}
    return environment


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _drawing(figure: Figure) -> Markup:
    """The drawing with a role and a text, in the colours of the page, light or dark.

    Text, axes and grid take the colours of the page; data keep theirs.
    """
    labelled = figure.svg.replace("<svg ", '<svg role="img" aria-label="{}" ', 1)
    coloured = functools.reduce(_recoloured, PAGE_COLOURS.items(), labelled)
    before, after = coloured.split("{}", 1)
    return Markup(before) + figure.alt + Markup(after)  # noqa: S704 - matplotlib wrote it; alt is escaped


def _recoloured(svg: str, colours: tuple[str, str]) -> str:
    return svg.replace(*colours)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


@cache
def _font_base64(weight: str) -> str:
    return _base64(font_path(weight).read_bytes())
