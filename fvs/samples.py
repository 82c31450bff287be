"""What the engine hands out: all that was found in pictures, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.quality import quality_reasons
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import (
        Crops,
        Decisions,
        Embeddings,
        Faces,
        Images,
        Liveness,
        Quality,
        Scores,
    )

__all__ = ["Judgements", "Samples", "Verifications"]


@dataclass(frozen=True, eq=False)
class Samples:
    """All that the stages found in N pictures; row i of every record is picture i."""

    images: Images
    faces: Faces
    crops: Crops
    quality: Quality
    liveness: Liveness
    embeddings: Embeddings

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: Sequence[int]) -> Self:
        """The pictures at `rows`, in that order."""
        return type(self)(**{f.name: getattr(self, f.name).take(rows) for f in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All pictures of `parts`, renumbered so that `image_index` is the row again."""
        joined = {}
        for name in (column.name for column in fields(cls)):
            records = [getattr(part, name) for part in parts]
            record = type(records[0]).concatenate(records)
            if hasattr(record, "image_index"):
                record = replace(record, image_index=np.arange(len(record)))
            joined[name] = record
        return cls(**joined)

    def refusals(self, row: int) -> tuple[str, ...]:
        """Codes why a picture may not be compared; empty where it may."""
        status = Status(int(self.quality.status[row]))
        if status == Status.QUALITY_TOO_LOW:
            return quality_reasons(self.quality, row)
        if status == Status.OK:
            status = Status(int(self.embeddings.status[row]))
        return () if status == Status.OK else (status.code,)


@dataclass(frozen=True, eq=False)
class Judgements:
    """N selfies, their scores against references that were enrolled, and the answers."""

    probes: Samples
    scores: Scores
    decisions: Decisions

    def __len__(self) -> int:
        return len(self.decisions)


@dataclass(frozen=True, eq=False)
class Verifications(Judgements):
    """N comparisons of a selfie with an ID card, and all that led to the answers."""

    references: Samples
