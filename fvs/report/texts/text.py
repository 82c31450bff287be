"""One text in both languages."""

from typing import NamedTuple

__all__ = ["Text"]


class Text(NamedTuple):
    """Both with the same `{places}`."""

    english: str
    thai: str
