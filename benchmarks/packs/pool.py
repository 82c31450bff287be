"""The part of the pool that no model was trained on, one picture a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from benchmarks.accuracy.lfw import extract_shown
from fvs.derivation.extraction import MeasuredFaces
from fvs.derivation.groups import Labels, read_labels
from fvs.folders import PictureSet
from training.embedder.lists import is_held_out

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.engine import Engine
    from fvs.records import Bool

__all__ = ["Pool"]


@dataclass(frozen=True, eq=False)
class Pool:
    """All pool pictures; `labels` has one row each, in the order of the sets.

    The whole pool is measured, not its fifth alone: deriving operating points needs the rest too
    and finds the faces in the same cache.
    """

    sets: tuple[PictureSet, ...]
    labels: tuple[Labels, ...]
    held_out: Bool

    @classmethod
    def open(cls, data: Path) -> Self:
        """The archives and labels of the folder of shared data."""
        sets = tuple(PictureSet.open(path) for path in sorted(data.glob("pool_*.tar")))
        names = [name for pictures in sets for name in pictures.pictures]
        by_name = read_labels((data / "pool_labels.csv").read_text(encoding="utf-8"))
        return cls(
            sets=sets,
            labels=tuple(by_name[name] for name in names),
            held_out=np.array([is_held_out(name) for name in names], np.bool_),
        )

    def faces(self, engine: Engine, title: str) -> MeasuredFaces:
        """Every face, from the cache where it has them."""
        parts = [extract_shown(engine, one, f"{title}: {one.name}") for one in self.sets]
        return MeasuredFaces.concatenate(parts)
