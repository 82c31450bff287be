"""The one table of a report's texts: key -> (English, Thai); `{places}` are filled with numbers.

Thai writes rates by their abbreviations, as its standards do, beside a word that explains them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.texts.background import BACKGROUND
from fvs.report.texts.drawings import DRAWINGS
from fvs.report.texts.results import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.report.texts.text import Text

__all__ = ["TEXTS"]

TEXTS: Mapping[str, Text] = {**RESULTS, **DRAWINGS, **BACKGROUND}
