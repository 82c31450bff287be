"""Charts are drawn to scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.web.charts import HEIGHT, WIDTH, draw_bars, draw_lines

NAMES = ("a", "b")
COLUMNS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=40)


class TestBars:
    def test_nothing_is_an_empty_chart(self):
        """No columns, no bars, and an axis all the same."""
        chart = draw_bars(NAMES, [])
        assert chart.bars == ()
        assert chart.top == 1

    @given(columns=COLUMNS)
    def test_heights_are_values(self, columns):
        """A series' bars are as high together as its values are, on the scale of the axis."""
        chart = draw_bars(NAMES, columns)
        for row, name in enumerate(NAMES):
            drawn = sum(bar.height for bar in chart.bars if bar.name == name)
            total = sum(column[row] for column in columns)
            assert drawn * chart.top / HEIGHT == pytest.approx(total)

    @given(columns=COLUMNS)
    def test_all_is_inside(self, columns):
        """No bar leaves the plot."""
        for bar in draw_bars(NAMES, columns).bars:
            assert bar.y >= -1e-6
            assert bar.y + bar.height <= HEIGHT + 1e-6
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH


class TestLines:
    def test_gaps_interrupt(self):
        """A column without a value breaks the line, and joins nothing across."""
        chart = draw_lines(["p50"], [[10.0], [None], [20.0]])
        assert len(chart.lines[0].pieces) == 2

    def test_the_axis_is_a_round_number(self):
        """The upper edge is the next of 1, 2, 5, 10 ..."""
        tops = [draw_lines(["x"], [[value]]).top for value in (0.0, 1.0, 3.0, 51.0, 117.0)]
        assert tops == [1, 1, 5, 100, 200]
