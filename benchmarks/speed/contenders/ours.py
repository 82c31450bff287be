"""This engine with its default pack: one worker, one thread.

`complete` does what a verification does: decoding, detection, choice of the face, alignment,
quality of both pictures, PAD of the selfie, embedding, comparison, decision. `without_pad` leaves
out the PAD networks, because the other contenders have none; quality, which they also lack, stays
(its cost stands in the table of stages).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fvs.deployment.packs import DEFAULT_PACK
from fvs.engine import Engine, EngineSettings
from fvs.packs import load_pack, shipped_models_dir
from fvs.raster import limit_opencv_threads
from fvs.timing import TIMING_POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.packs import Pack

__all__ = ["Ours", "complete", "opened", "without_pad"]


class Ours:
    """`Engine.verify` of one pair at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def compare(self, selfie: bytes, card: bytes) -> float:
        """Verify one pair."""
        verifications = self._engine.verify([selfie], [card], TIMING_POLICY)
        return float(verifications.scores.similarity[0])


def complete(weights_dir: Path) -> Ours:
    """With quality and PAD."""
    return opened(load_pack(DEFAULT_PACK, shipped_models_dir(), [weights_dir]))


def without_pad(weights_dir: Path) -> Ours:
    """With quality, without PAD."""
    return opened(replace(load_pack(DEFAULT_PACK, shipped_models_dir(), [weights_dir]), pad=()))


def opened(pack: Pack) -> Ours:
    """Any pack, on one thread."""
    limit_opencv_threads(1)
    return Ours(Engine.from_pack(pack, EngineSettings(workers=1)))
