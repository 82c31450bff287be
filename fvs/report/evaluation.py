"""Scores with what is known of their pairs, from a CSV or Parquet file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F32, Bool, Int


@dataclass(frozen=True, eq=False)
class Evaluation:
    similarity: F32
    mated: Bool
    first_subject: Int
    second_subject: Int
    group: np.ndarray | None = None
    quality: F32 | None = None
    first_picture: np.ndarray | None = None
    second_picture: np.ndarray | None = None

    def take(self, rows):
        import dataclasses
        return Evaluation(**{f.name: None if getattr(self,f.name) is None else getattr(self,f.name)[rows] for f in dataclasses.fields(self)})
