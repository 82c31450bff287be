"""Error versus discard (ISO/IEC 29794-1): what leaving out low quality gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.report.figures.canvas import ACCENT, MATED, NON_MATED, drawing, to_svg

if TYPE_CHECKING:
    from fvs.metrics.discard import DiscardCurve
    from fvs.report.words import Words

__all__ = ["LARGEST_SHARE", "draw_discard"]

LARGEST_SHARE = 0.3
"""Nobody would send away more people than that."""

SHARES = np.linspace(0.0, LARGEST_SHARE, 61)


def draw_discard(curve: DiscardCurve, words: Words, name: str) -> str:
    """FNMR of the pairs left over the share discarded, between the oracle's and chance."""
    curves = (
        (curve.unordered(), ACCENT, ":", "edc_chance"),
        (curve, MATED, "-", "edc_quality"),
        (curve.oracle(), NON_MATED, "--", "edc_oracle"),
    )
    with drawing(name, 3.0) as sheet:
        axes = sheet.subplots()
        for one, colour, dashes, key in curves:
            fnmr = one.fnmr_at(SHARES)
            axes.plot(SHARES, fnmr, color=colour, ls=dashes, lw=1.6, label=words(key))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.set(xlim=(0, LARGEST_SHARE), xlabel=words("discarded_axis"), ylabel=words("fnmr_axis"))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right")
        return to_svg(sheet, name)
