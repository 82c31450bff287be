"""`Accept-Language` -> Thai or English."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Language", "preferred_language"]


class Language(StrEnum):
    """What the service speaks."""

    ENGLISH = "en"
    THAI = "th"


def preferred_language(header: str) -> Language:
    """The language that RFC 9110 section 12.5.4 prefers; English where nothing is asked for.

    Args:
        header: `th, en;q=0.8`, or anything else that a caller sent.
    """
    weights = {Language.ENGLISH: 0.0, Language.THAI: 0.0}
    for item in header.lower().split(","):
        name, _, parameter = item.partition(";")
        primary = name.strip().partition("-")[0]
        if primary in weights:
            language = Language(primary)
            weights[language] = max(weights[language], _weight(parameter.strip()))
    thai = weights[Language.THAI] > weights[Language.ENGLISH]
    return Language.THAI if thai else Language.ENGLISH


def _weight(parameter: str) -> float:
    """Of `q=0.8`; what is no weight weighs nothing."""
    if not parameter:
        return 1.0
    try:
        weight = float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
