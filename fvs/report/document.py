"""What a report consists of, before it is HTML or PDF: parts, sections and blocks.

Both renderers read nothing but this, so that the two files say the same. Every text stands in the
language of its part; every picture has a text that stands for it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "Badge",
    "Block",
    "Bullets",
    "Cell",
    "Column",
    "Document",
    "Figure",
    "Gallery",
    "Language",
    "Paragraph",
    "Part",
    "Picture",
    "Plain",
    "Section",
    "Table",
    "Tone",
]

Language = Literal["en", "th"]
Tone = Literal["good", "bad", "open"]


class Badge(msgspec.Struct, frozen=True, tag="badge"):
    """A verdict: a word, and a tone that colours it; the word alone says all."""

    text: str
    tone: Tone


class Plain(msgspec.Struct, frozen=True, tag="plain"):
    """A cell of text."""

    text: str


Cell = Badge | Plain


class Column(msgspec.Struct, frozen=True):
    """Heading of a column; numbers are set flush right."""

    title: str
    is_number: bool = False


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """Running text."""

    text: str


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    """A list."""

    items: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows below headings; the first cell of a row is its heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse a row that has another number of cells than there are columns."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(
                f"a row of {self.caption!r} does not fit its {len(self.columns)} columns"
            )


class Figure(msgspec.Struct, frozen=True, tag="figure"):
    """A drawing.

    Attributes:
        name: unique in the document, of letters, digits and hyphens.
        svg: the `<svg>` element.
        alt: what it shows, for those who do not see it.
        caption: below it.
    """

    name: str
    svg: str
    alt: str
    caption: str

    def __post_init__(self) -> None:
        """Refuse a figure that only some can read."""
        if not self.alt.strip():
            raise ValueError(f"figure {self.name!r} has no alternative text")


class Picture(msgspec.Struct, frozen=True):
    """A small photograph, PNG; its caption never names a file or a person."""

    name: str
    png: bytes
    alt: str
    caption: str


class Gallery(msgspec.Struct, frozen=True, tag="gallery"):
    """Pictures side by side."""

    caption: str
    pictures: tuple[Picture, ...]


Block = Paragraph | Bullets | Table | Figure | Gallery


class Section(msgspec.Struct, frozen=True):
    """A heading and what follows; `name` is unique in its part."""

    name: str
    title: str
    blocks: tuple[Block, ...]


class Part(msgspec.Struct, frozen=True):
    """The whole report in one language."""

    language: Language
    title: str
    subtitle: str
    contents_title: str
    sections: tuple[Section, ...]


class Document(msgspec.Struct, frozen=True):
    """One part per language."""

    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """Of the first part."""
        return self.parts[0].title
