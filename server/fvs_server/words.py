"""What people are told, in both languages; the edge chooses by `Accept-Language`."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Words"]


class Words(NamedTuple):
    """The same in both; `{name}` stands for what `filled` is given.

    Attributes:
        english: plain text.
        thai: the same.
    """

    english: str
    thai: str

    def filled(self, **values: object) -> Words:
        """With values of the service's own, never one that was sent."""
        return Words(self.english.format(**values), self.thai.format(**values))

    def then(self, other: Words) -> Words:
        """Both, one after the other."""
        return Words(f"{self.english} {other.english}", f"{self.thai} {other.thai}")
