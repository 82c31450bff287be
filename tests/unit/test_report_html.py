"""The HTML file stands alone, is readable by all, and gives nothing away."""

import re
from html.parser import HTMLParser

import msgspec
import pytest

from fvs.report import render_html
from fvs.report.document import Document, Figure
from tests.report_evidence import document

VOID = {"meta", "img", "br", "path", "use", "stop"}


class Page(HTMLParser):
    """Elements in order, with their attributes; complains where tags are not closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """An element without content."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """The innermost open element ends."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        """Text between elements."""
        self.text.append(data)

    def all(self, tag):
        """Attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def text():
    """The file in both languages."""
    return render_html(document("en", "th"))


@pytest.fixture(scope="module")
def page(text):
    """The same, parsed."""
    return Page(text)


def test_stands_alone(text, page):
    """No script, no link outside, nothing to load: every address is data or in the page."""
    assert not page.all("script")
    assert not page.all("link")
    addresses = [
        value for _, attributes in page.elements for name, value in attributes.items()
        if name in {"href", "src", "xlink:href", "srcset", "action"}
    ]  # fmt: skip
    assert addresses
    assert all(re.match(r"#|data:", address) for address in addresses)
    loads = re.findall(r"url\(([^)]{1,12})|@import", text)
    assert all(re.match(r"#|data:|[\"']?#", load) for load in loads)
    outside = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_links_lead_somewhere(page):
    """Whatever is referred to inside the page is there, once."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {
        value[1:] for _, attributes in page.elements for name, value in attributes.items()
        if name in {"href", "xlink:href", "aria-labelledby"} and value.startswith("#")
    }  # fmt: skip
    assert targets <= set(ids)


def test_pictures_have_words(page):
    """Every drawing has a role and a text, every table a caption and headings."""
    drawings = page.all("svg")
    figures = sum(
        isinstance(block, Figure)
        for part in document("en", "th").parts for section in part.sections
        for block in section.blocks
    )  # fmt: skip
    assert len(drawings) == figures
    assert all(d["role"] == "img" and len(d["aria-label"]) > 20 for d in drawings)
    assert len(page.all("table")) == len(page.all("caption"))
    assert {head.get("scope") for head in page.all("th")} == {"col", "row"}


def test_languages_are_marked(page):
    """Readers of the screen know in which language to speak."""
    assert page.all("html")[0]["lang"] == "en"
    assert [main["lang"] for main in page.all("main")] == ["en", "th"]


def test_words_of_others_are_escaped(text):
    """What a caller or a file says is text, never markup."""
    assert "A &lt;test&gt; &amp; more" in text
    assert "mask &lt;rubber&gt;" in text
    assert "<test>" not in text
    assert "<rubber>" not in text


def test_is_deterministic(text):
    """Equal documents give equal files."""
    assert render_html(document("en", "th")) == text


def test_no_pictures_of_people_unless_asked(page):
    """Without thumbnails there is no photograph, and no name of a file of one."""
    assert not page.all("img")
    assert "Person_" not in "".join(page.text)


def test_empty_document_is_refused_by_its_parts():
    """A document without parts has no language; one with a part and no section is a page."""
    part = document("en").parts[0]
    empty = Document((msgspec.structs.replace(part, sections=()),))
    assert Page(render_html(empty)).all("section") == []
