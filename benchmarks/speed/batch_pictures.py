"""Pictures to send through the engine in batches, made here so that any machine has them."""

from __future__ import annotations

from dataclasses import dataclass

from fvs.cli.demo_cases import build_cases
from fvs.timing.pictures import camera_card, camera_selfie

__all__ = ["MEGAPIXELS", "BatchPictures", "make_pictures"]

MEGAPIXELS = 1.0
"""Of the selfies whose throughput is measured: what browsers send after reducing a camera's."""
_SEEDS = range(8)
_OTHER_SIZES = (0.3, 3.0)


@dataclass(frozen=True, kw_only=True)
class BatchPictures:
    """JPEG files.

    Attributes:
        usual: selfies of one size, each with noise of its own.
        selfies: those, other sizes, other people, attacks, and one too dark to compare.
        cards: of both people.
    """

    usual: tuple[bytes, ...]
    selfies: tuple[bytes, ...]
    cards: tuple[bytes, ...]


def make_pictures() -> BatchPictures:
    """Make them: about ten seconds."""
    cases = build_cases()
    usual = tuple(camera_selfie(MEGAPIXELS, seed) for seed in _SEEDS)
    others = [camera_selfie(size, seed) for size in _OTHER_SIZES for seed in range(2)]
    cards = [camera_card(MEGAPIXELS, seed) for seed in range(2)]
    return BatchPictures(
        usual=usual,
        selfies=(*usual, *others, *dict.fromkeys(case.selfie_jpeg for case in cases)),
        cards=(*cards, *dict.fromkeys(case.card_jpeg for case in cases)),
    )
