"""Text is set in Thai where the font is there, and in Latin where it is not."""

import importlib
import sys

import numpy as np
import pytest

from fvs.errors import MissingExtraError

pytest.importorskip("PIL", reason="drawing needs the demo extra")

from fvs import lettering


def ink(text, face):
    """The pixels of a text on a page."""
    page = lettering.Image.new("L", (200, 80))
    lettering.ImageDraw.Draw(page).text((10, 10), text, 255, face)
    return np.asarray(page)


@pytest.fixture
def without_thai_font(monkeypatch):
    """As if the font package were not installed."""
    monkeypatch.setitem(sys.modules, "fontpkg", None)
    lettering.font.cache_clear()
    yield
    lettering.font.cache_clear()


class TestFont:
    """`font` and `has_thai`."""

    def test_thai_letters_are_no_boxes(self):
        """Different letters look different, which the box for a missing glyph does not."""
        if not lettering.has_thai():
            pytest.skip("needs fontpkg-sarabun of the demo extra")
        face = lettering.font(32)
        assert not np.array_equal(ink("ก", face), ink("ข", face))

    def test_thai_marks_stack(self):
        """A vowel above and a tone mark take no width of their own."""
        if not lettering.has_thai():
            pytest.skip("needs fontpkg-sarabun of the demo extra")
        face = lettering.font(32)
        assert face.getlength("ที่") == pytest.approx(face.getlength("ท"), abs=1)

    def test_weights_differ(self):
        """Bold puts more ink on the page."""
        if not lettering.has_thai():
            pytest.skip("needs fontpkg-sarabun of the demo extra")
        regular, bold = (ink("ABC", lettering.font(32, weight)) for weight in ("regular", "bold"))
        assert bold.sum() > regular.sum()

    @pytest.mark.usefixtures("without_thai_font")
    def test_falls_back_to_latin(self):
        """Without the font package Latin text is still set, and `has_thai` says so."""
        assert not lettering.has_thai()
        assert ink("ABC", lettering.font(32)).any()


class TestMissingPillow:
    """Importing without Pillow."""

    def test_says_which_extra_to_install(self, monkeypatch):
        """The error is ours and names the extra."""
        monkeypatch.setitem(sys.modules, "PIL", None)
        monkeypatch.delitem(sys.modules, "fvs.lettering")
        with pytest.raises(MissingExtraError, match="Pillow") as caught:
            importlib.import_module("fvs.lettering")
        assert "[demo]" in caught.value.advice
