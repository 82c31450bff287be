"""Every sentence of a report, in English and Thai, filled in with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.report.texts import TEXTS

if TYPE_CHECKING:
    from fvs.report.document import Language

__all__ = ["Words"]


@dataclass(frozen=True)
class Words:
    """`words("title", pack="own")` is that text in this language."""

    language: Language

    def __call__(self, key: str, /, **values: object) -> str:
        """The text with its places filled.

        Raises:
            KeyError: there is no such text, or a place has no value.
        """
        text = TEXTS[key]
        return (text.english if self.language == "en" else text.thai).format(**values)
