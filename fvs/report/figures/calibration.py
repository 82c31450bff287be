"""How good likelihood ratios are: against the best that the scores allow, and over the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.metrics.cllr import pool_adjacent_violators
from fvs.report.figures.canvas import ACCENT, MATED, NON_MATED, drawing, to_svg

if TYPE_CHECKING:
    from fvs.report.calibration import Calibration
    from fvs.report.words import Words

__all__ = ["draw_entropy", "draw_reliability"]


MOST_BITS = 1.05
HEADROOM = 2.5
"""The curve of knowing nothing peaks at 1 bit, and is cut off where the others would vanish."""


def draw_reliability(calibration: Calibration, words: Words, name: str) -> str:
    """Stated log ratios against those that pooling adjacent violators gives; a line if perfect."""
    steps = pool_adjacent_violators(calibration.mated, calibration.non_mated)
    stated = np.column_stack([steps.lowest, steps.highest]).ravel()
    counted = np.repeat(steps.log10_lr, 2)
    known = np.concatenate([stated, counted[np.isfinite(counted)]])
    ends = [float(known.min()), float(known.max())]
    with drawing(name, 3.4) as sheet:
        axes = sheet.subplots()
        axes.plot(ends, ends, color=ACCENT, ls=":", lw=1.2, label=words("perfect"))
        counted = np.clip(counted, ends[0], ends[1])
        axes.plot(stated, counted, color=MATED, lw=1.6, label=words("counted_ratio"))
        axes.set(xlabel=words("stated_axis"), ylabel=words("counted_axis"))
        axes.legend(loc="upper left")
        return to_svg(sheet, name)


def draw_entropy(calibration: Calibration, words: Words, name: str) -> str:
    """Empirical cross-entropy over the prior (Ramos and Gonzalez-Rodriguez 2013)."""
    curves = calibration.curves
    drawn = (
        (curves.entropy_neutral, ACCENT, ":", "ece_neutral"),
        (curves.entropy, MATED, "-", "ece_measured"),
        (curves.entropy_calibrated, NON_MATED, "--", "ece_calibrated"),
    )
    with drawing(name, 3.0) as sheet:
        axes = sheet.subplots()
        for values, colour, dashes, key in drawn:
            axes.plot(
                curves.prior_log10_odds, values, color=colour, ls=dashes, lw=1.6, label=words(key)
            )
        highest = HEADROOM * float(max(curves.entropy.max(), curves.entropy_calibrated.max()))
        axes.set(
            ylim=(0, min(highest, MOST_BITS)), xlabel=words("prior_axis"), ylabel=words("bits_axis")
        )
        axes.legend(loc="upper left")
        return to_svg(sheet, name)
