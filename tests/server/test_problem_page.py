"""docs/reference/problems.md says what the table says."""

from __future__ import annotations

from fvs_server.problem_page import render_problems
from tests.conftest import REPOSITORY


def test_the_page_is_rendered_from_the_table():
    """Rule: `python -m fvs_server.problem_page > docs/reference/problems.md` changes nothing."""
    page = (REPOSITORY / "docs" / "reference" / "problems.md").read_text(encoding="utf-8")
    assert page == render_problems()
