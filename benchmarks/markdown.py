"""Numbers in Markdown: tables, rates with their intervals, and what they were measured on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.machine import Circumstances
    from fvs.operating_points import Rate

__all__ = [
    "NOT_MEASURED",
    "circumstances_words",
    "fill_in",
    "rate_words",
    "sections_in",
    "small_rate_words",
    "table",
]

NOT_MEASURED = "Not measured yet."


def fill_in(document: str, sections: Mapping[str, str]) -> str:
    """Replace what stands between each section's markers.

    Raises:
        ValueError: the document lacks a section's markers.
    """
    for name, text in sections.items():
        begin, end = f"<!-- results:{name} -->", f"<!-- /results:{name} -->"
        if (document.count(begin), document.count(end)) != (1, 1):
            raise ValueError(f"expected {begin} ... {end} once")
        before, _, rest = document.partition(begin)
        document = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return document


def sections_in(document: str) -> tuple[str, ...]:
    """Names of the sections that a document has a place for, in order."""
    return tuple(re.findall(r"<!-- results:(\w+) -->", document))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def rate_words(rate: Rate) -> str:
    """A rate and its interval."""
    return f"{rate.point:.4f} [{rate.lower_95:.4f}, {rate.upper_95:.4f}]"


def small_rate_words(rate: Rate) -> str:
    """A rate that may be far below a thousandth, and its interval."""
    return f"{rate.point:.1e} [{rate.lower_95:.1e}, {rate.upper_95:.1e}]"


def circumstances_words(measured: Circumstances) -> str:
    """When, at which commit and on what something was measured, in small print."""
    load, versions = measured.load_average[0], measured.versions
    runtime = versions.get("onnxruntime") or versions["onnxruntime-gpu"]
    return (
        f"<sub>{measured.measured_at[:10]}, commit {measured.commit}, {measured.cpu}, "
        f"{measured.cores} cores, load average {load:g} at the start, "
        f"onnxruntime {runtime}, OpenCV {versions['opencv-python-headless']}.</sub>"
    )
