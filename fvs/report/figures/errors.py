"""DET curve, histograms, and both rates over the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.report.figures.canvas import (
    ACCENT,
    INK,
    MATED,
    NON_MATED,
    drawing,
    to_svg,
)
from fvs.report.figures.probit import label_probit, probit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fvs.metrics.subject_intervals import RateBand
    from fvs.records import Bool
    from fvs.report.measures import Curves, ErrorMeasures
    from fvs.report.words import Words

__all__ = ["draw_det", "draw_histogram", "draw_rates"]

BAND_ALPHA = 0.2
LOWEST_DRAWN, HIGHEST_DRAWN = 1e-8, 0.9
LEAST_SHOWN = 0.1
"""Errors among all trials: rates below say nothing of this data."""
MARGIN = 0.7
"""Of the lowest bound drawn, where an axis begins."""


def draw_det(measures: ErrorMeasures, words: Words, name: str) -> str:
    """FNMR over FMR on probit axes, with the band of both intervals and the threshold's point."""
    curves = measures.curves
    with drawing(name, 4.2) as sheet:
        axes = sheet.subplots()
        _fill_band(axes, curves, words)
        seen = _seen(curves.fmr) & _seen(curves.fnmr)
        rates = curves.fmr.point[seen], curves.fnmr.point[seen]
        axes.plot(*(probit(rate) for rate in rates), color=MATED, lw=1.6, label=words("det"))
        limits = _limits(curves.fmr), _limits(curves.fnmr)
        points = measures.fmr.rate.point, measures.fnmr.rate.point
        axes.plot(
            *(probit([np.clip(rate, *ends)]) for rate, ends in zip(points, limits, strict=True)),
            ls="none",
            marker="o",
            ms=6,
            color=INK,
            clip_on=False,
            label=words("at_threshold", threshold=f"{measures.threshold:.3f}"),
        )
        label_probit(axes, "x", *limits[0])
        label_probit(axes, "y", *limits[1])
        axes.set(xlabel=words("fmr_axis"), ylabel=words("fnmr_axis"))
        axes.legend(loc="upper right")
        return to_svg(sheet, name)


def draw_histogram(measures: ErrorMeasures, words: Words, name: str) -> str:
    """Share of the scores of either kind in each bin, and the threshold."""
    histogram = measures.histogram
    kinds = (
        (histogram.non_mated, NON_MATED, "non_mated_pairs", "///"),
        (histogram.mated, MATED, "mated_pairs", ""),
    )
    with drawing(name, 2.9) as sheet:
        axes = sheet.subplots()
        for counts, colour, key, hatch in kinds:
            share = counts / max(1, counts.sum())
            axes.stairs(share, histogram.edges, color=colour, lw=1.2)
            axes.stairs(
                share,
                histogram.edges,
                fill=True,
                alpha=0.3,
                color=colour,
                hatch=hatch,
                label=words(key),
            )
        _mark_threshold(axes, measures, words)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        filled = np.flatnonzero(histogram.mated + histogram.non_mated)
        axes.set_xlim(histogram.edges[filled[0]], histogram.edges[filled[-1] + 1])
        axes.set(xlabel=words("score_axis"), ylabel=words("share_axis"))
        axes.legend(loc="upper right")
        return to_svg(sheet, name)


def draw_rates(measures: ErrorMeasures, words: Words, name: str) -> str:
    """FMR and FNMR over the threshold, with intervals, on a logarithmic scale."""
    curves = measures.curves
    drawn = (
        (curves.fmr, NON_MATED, "--", "FMR"),
        (curves.fnmr, MATED, "-", "FNMR"),
    )
    lowest = 0.3 / measures.sweep.non_mated_trials
    with drawing(name, 3.2) as sheet:
        axes = sheet.subplots()
        for band, colour, dashes, label in drawn:
            seen = _seen(band)
            x, upper = band.thresholds[seen], band.upper_95[seen]
            lower = np.maximum(band.lower_95[seen], lowest)
            axes.fill_between(x, lower, upper, color=colour, alpha=BAND_ALPHA, lw=0)
            axes.plot(x, band.point[seen], color=colour, ls=dashes, lw=1.6, label=label)
        _mark_threshold(axes, measures, words)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
        axes.minorticks_off()
        axes.set(ylim=(lowest, 1.2), xlabel=words("threshold_axis"), ylabel=words("rate_axis"))
        axes.legend(loc="lower left")
        return to_svg(sheet, name)


def _seen(band: RateBand) -> Bool:
    """Where some comparisons erred and some did not; elsewhere only the number of people counts."""
    return np.asarray((band.errors > 0) & (band.errors < band.trials))


def _fill_band(axes: Axes, curves: Curves, words: Words) -> None:
    """Between the curve of all lower and that of all upper bounds, threshold by threshold."""
    fmr, fnmr = curves.fmr, curves.fnmr
    seen = _seen(fmr) & _seen(fnmr)
    x = np.concatenate([fmr.lower_95[seen], fmr.upper_95[seen][::-1]])
    y = np.concatenate([fnmr.lower_95[seen], fnmr.upper_95[seen][::-1]])
    axes.fill(probit(x), probit(y), color=MATED, alpha=BAND_ALPHA, lw=0, label=words("band_95"))


def _limits(band: RateBand) -> tuple[float, float]:
    """Around the bounds that are drawn."""
    seen = _seen(band)
    lower, upper = band.lower_95[seen], band.upper_95[seen]
    return (
        max(LOWEST_DRAWN, LEAST_SHOWN / band.trials, MARGIN * float(lower.min(initial=0.1))),
        min(HIGHEST_DRAWN, float(upper.max(initial=0.2)) / MARGIN),
    )


def _mark_threshold(axes: Axes, measures: ErrorMeasures, words: Words) -> None:
    label = words("threshold_is", threshold=f"{measures.threshold:.3f}")
    axes.axvline(measures.threshold, color=ACCENT, lw=1.0, ls=":", label=label)
