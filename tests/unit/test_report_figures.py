"""Drawings: the same numbers give the same SVG, whose words are text."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.report.figures.errors import draw_det
from fvs.report.figures.groups import Bar, BarLabels, draw_bars
from fvs.report.figures.probit import HIGHEST, LOWEST, probit
from fvs.report.words import Words
from tests.report_evidence import document, evidence, rate

LABELS = BarLabels("an axis", "first", "second", "a limit")


def texts(svg):
    """All words of a drawing."""
    root = ET.fromstring(svg)  # noqa: S314 - matplotlib wrote it, just now
    return [element.text for element in root.iter() if element.tag.endswith("text")]


class TestSvg:
    def test_is_deterministic(self):
        """Drawn twice, byte for byte the same: no date, no random identifier."""
        one, other = (draw_det(evidence().measures, Words("en"), "det") for _ in range(2))
        assert one == other
        assert not re.search(r"20\d\d-\d\d-\d\d", one)

    def test_words_are_text_in_sarabun(self):
        """Words can be searched and spoken, and are set by whoever shows the drawing."""
        svg = draw_det(evidence().measures, Words("th"), "det")
        assert Words("th")("fmr_axis") in texts(svg)
        assert "Sarabun" in svg

    def test_no_mark_of_text_is_a_formula(self):
        """What looks like mathematics in a name is drawn as it stands."""
        svg = draw_bars([Bar("$x^2$ & <y>", rate(1, 100))], LABELS, None, "bars")
        assert "$x^2$ & <y>" in texts(svg)

    def test_identifiers_bear_the_name(self):
        """So that two drawings on one page do not take each other's parts."""
        for part in document("en", "th").parts:
            for section in part.sections:
                for block in section.blocks:
                    svg = getattr(block, "svg", "")
                    assert all(i.startswith(block.name) for i in re.findall(r'\bid="([^"]+)', svg))
                    assert all(
                        i.startswith(block.name)
                        for i in re.findall(r"(?:url\(|href=\")#([\w-]+)", svg)
                    )


class TestBars:
    @pytest.mark.parametrize("errors", [[0], [5], [0, 0, 7], [150, 0, 1]])
    def test_any_counts_are_drawn(self, errors):
        """Zero, few and nothing but errors: each row is named on the axis."""
        bars = [Bar(f"row {k}", rate(e, 150), k % 2 == 1) for k, e in enumerate(errors)]
        shown = texts(draw_bars(bars, LABELS, 0.07, "bars"))
        assert {bar.name for bar in bars} <= set(shown)
        assert "a limit" in shown


class TestProbit:
    @given(st.floats(LOWEST, HIGHEST), st.floats(LOWEST, HIGHEST))
    def test_keeps_order(self, one, other):
        """A higher rate stands further, and one half in the middle."""
        low, high = sorted((one, other))
        assert probit(low) <= probit(high)
        assert probit(0.5) == pytest.approx(0.0)

    def test_ends_are_finite(self):
        """0 and 1, which have no deviate, are drawn at the edge."""
        assert np.isfinite(probit([0.0, 1.0])).all()
