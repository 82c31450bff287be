"""The PDF says what the document says, in text that can be searched, Thai included."""

import ctypes
import re

import pytest

from fvs.report import render_pdf
from fvs.report.document import Bullets, Document, Figure, Paragraph, Part, Section
from tests.report_evidence import document

pdfium = pytest.importorskip("pypdfium2", reason="reads the PDF back (pip install pypdfium2)")


STACKED_TWICE = re.compile("([\u0e01-\u0e2e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]+)\\1")
"""PDFium reads some stacks of three glyphs twice."""


@pytest.fixture(scope="module")
def english():
    """The English report."""
    return render_pdf(document("en"))


def text_of(content):
    """All text of a file, without spaces and line breaks."""
    pages = pdfium.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)


def squeezed(words):
    """Words without spaces."""
    return "".join(words.split())


def paragraphs(part):
    """Running text of a part."""
    for section in part.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                yield block.text
            elif isinstance(block, Bullets):
                yield from block.items


def alternatives(content):
    """Texts that stand for what is drawn, of all pages."""
    raw = pdfium.raw
    for page in pdfium.PdfDocument(content):
        tree = raw.FPDF_StructTree_GetForPage(page)
        for child in range(raw.FPDF_StructTree_CountChildren(tree)):
            yield from _alternatives(raw.FPDF_StructTree_GetChildAtIndex(tree, child))
        raw.FPDF_StructTree_Close(tree)


def _alternatives(element):
    raw = pdfium.raw
    size = raw.FPDF_StructElement_GetAltText(element, None, 0)
    if size:
        buffer = ctypes.create_string_buffer(size)
        raw.FPDF_StructElement_GetAltText(element, buffer, size)
        yield buffer.raw.decode("utf-16-le").rstrip("\0")
    for child in range(raw.FPDF_StructElement_CountChildren(element)):
        below = raw.FPDF_StructElement_GetChildAtIndex(element, child)
        if below:
            yield from _alternatives(below)


def test_holds_every_paragraph(english):
    """All running text can be extracted, from pages of A4."""
    pages = pdfium.PdfDocument(english)
    assert 4 <= len(pages) <= 20
    assert pages[0].get_size() == pytest.approx((595.3, 841.9), abs=0.5)
    text = text_of(english)
    for words in paragraphs(document("en").parts[0]):
        assert squeezed(words)[:60] in text


def test_thai_can_be_searched():
    """Thai stands in the file as Thai, vowels and tone marks in the order of writing."""
    part = document("th").parts[0]
    text = STACKED_TWICE.sub(r"\1", text_of(render_pdf(document("th"))))
    for words in (part.title, *(section.title for section in part.sections)):
        assert squeezed(words) in text


def test_is_accessible(english):
    """It is tagged, has a title and a language, and every figure has its text (PDF/UA-1)."""
    file = pdfium.PdfDocument(english)
    assert pdfium.raw.FPDFCatalog_IsTagged(file)
    assert file.get_metadata_dict()["Title"] == document("en").title
    assert b"<pdfuaid:part>1</pdfuaid:part>" in english
    figures = {
        block.alt for section in document("en").parts[0].sections for block in section.blocks
        if isinstance(block, Figure)
    }  # fmt: skip
    assert figures
    assert figures <= set(alternatives(english))


def test_is_deterministic(english):
    """Equal documents give equal files."""
    assert render_pdf(document("en")) == english


def test_words_of_others_are_no_program():
    """Marks that mean something to Typst are set as they are."""
    hostile = '#panic() $x$ *b* `c` @d <e> // \\ #read("/etc/passwd")'
    section = Section("s", hostile, (Paragraph(hostile), Bullets((hostile,))))
    text = text_of(render_pdf(Document((Part("en", hostile, hostile, "", (section,)),))))
    assert text.count(squeezed(hostile)) == 5
