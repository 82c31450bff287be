"""One score per person from the scores of several templates."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F32, Int

__all__ = ["FusionRule", "fuse"]


class FusionRule(StrEnum):
    """What several templates of one person are worth together.

    An operating point's FMR is that of single templates, so the rule must not exceed it. What each
    does was measured on LFW (benchmarks/matching/fusion.py, docs/explanation/registry.md).
    """

    MEAN = "mean"
    """The mean, the default: of two to four templates the FMR is a tenth to two thirds of the
    operating point's, and fewer genuine people are refused than with one."""
    MAX = "max"
    """The best one: every further template is a further chance, for impostors too. The FMR grows
    nearly with the number of templates, so an operating point does *not* hold."""
    NEWEST = "newest"
    """That of the template that was enrolled last."""


def fuse(rule: FusionRule, scores: F32, rows: Int, count: int) -> tuple[F32, Int]:
    """Fuse the scores of each row.

    Args:
        rule: how.
        scores: (K,) cosines; NaN where a template could not be compared, which is left out.
        rows: (K,) row of each, ascending; within a row the oldest template first.
        count: N rows.

    Returns:
        (N,) fused scores, NaN where nothing could be compared, and (N,) how many went in.
    """
    usable = np.isfinite(scores)
    kept, kept_rows = scores[usable], rows[usable]
    templates = np.bincount(kept_rows, minlength=count)
    fused = np.full(count, np.nan, np.float32)
    if len(kept):
        starts = np.flatnonzero(np.diff(kept_rows, prepend=-1))
        fused[kept_rows[starts]] = _of_groups(rule, kept, starts)
    return fused, templates


def _of_groups(rule: FusionRule, scores: F32, starts: Int) -> F32:
    """One score for each group of consecutive scores."""
    ends = np.append(starts[1:], len(scores))
    fused: F32
    if rule is FusionRule.MAX:
        fused = np.maximum.reduceat(scores, starts)
    elif rule is FusionRule.NEWEST:
        fused = scores[ends - 1]
    else:
        sums = np.add.reduceat(scores, starts, dtype=np.float64)
        fused = (sums / (ends - starts)).astype(np.float32)
    return fused
