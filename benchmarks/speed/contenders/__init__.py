"""Who is timed: each file holds one way of comparing a selfie with an ID card.

A contender is made once, in a process of its own, and then compares pairs of JPEG files; nothing
is kept between pairs. Weights of others are read where they lie and never copied into the
repository.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["CONTENDERS", "OURS", "Contender", "all_contenders", "open_contender"]

OURS = "fvs"
"""The contender that the others are compared with."""

CONTENDERS = {
    OURS: ("ours", "complete"),
    "fvs without PAD": ("ours", "without_pad"),
    "insightface, one thread": ("insightface_app", "one_thread"),
    "insightface, defaults": ("insightface_app", "defaults"),
    "OpenCV, one thread": ("opencv_zoo", "one_thread"),
    "OpenCV, defaults": ("opencv_zoo", "defaults"),
}
"""Name -> module of this package and the function in it that opens the contender.

Modules are imported only in the contender's own process, so that no one pays for another's
imports, threads or memory.
"""


class Contender(Protocol):
    """Compares two pictures."""

    def compare(self, selfie: bytes, card: bytes) -> float:
        """Cosine similarity of the faces in two JPEG files; NaN where one has none."""


def open_contender(name: str, weights_dir: Path) -> Contender:
    """Make a contender.

    Args:
        name: a key of `CONTENDERS`.
        weights_dir: folder of reference weights.
    """
    module, function = CONTENDERS[name]
    opener = getattr(import_module(f"{__name__}.{module}"), function)
    return cast("Callable[[Path], Contender]", opener)(weights_dir)


def all_contenders(weights_dir: Path) -> dict[str, Callable[[], Contender]]:
    """Name -> what opens it, to be called in the contender's own process."""
    return {name: partial(open_contender, name, weights_dir) for name in CONTENDERS}
