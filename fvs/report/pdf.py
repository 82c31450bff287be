"""Document -> PDF of the same content, set by Typst: tagged, every figure with its text.

An English report claims PDF/UA-1 (ISO 14289-1). A Thai one does not: it is tagged just so, but in
drawings some of the glyphs into which Thai vowels and tone marks are stacked carry no characters
of their own, which that standard asks of all text.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import msgspec

from fvs.errors import MissingExtraError
from fvs.report.figures.canvas import font_path

try:
    import typst
except ImportError as error:
    raise MissingExtraError(
        f"a report in PDF needs {error.name}, which is not installed",
        advice="Install it with `pip install 'face-verification-service[report]'`.",
    ) from error

if TYPE_CHECKING:
    from fvs.report.document import Document

__all__ = ["render_pdf"]

TEMPLATE = "report.typ"
NO_DATE = 0
"""The date of making stands in the text; the file's own would make equal reports differ."""


def render_pdf(document: Document) -> bytes:
    """The whole file.

    Nothing of the document is ever part of Typst's program: it is read as data.
    """
    template = resources.files("fvs.report").joinpath("templates").joinpath(TEMPLATE)
    return typst.compile(
        template.read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        pdf_standards=_standards(document),
        sys_inputs={"document": msgspec.json.encode(document).decode()},
        timestamp=NO_DATE,
    )


@cache
def _fonts() -> typst.Fonts:
    """Sarabun, and what Typst carries for what Sarabun has not: none of the machine's own."""
    folder = str(font_path().parent)
    return typst.Fonts(include_system_fonts=False, font_paths=[folder])


def _standards(document: Document) -> Literal["ua-1"] | None:
    return "ua-1" if all(part.language == "en" for part in document.parts) else None
