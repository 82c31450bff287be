"""What one comparison by key costs, by size of the gallery, as SVG (needs the extra `demo`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.matching.results import MatchingReport

__all__ = ["save_plot"]

SIZE_IN = (9.0, 3.6)
COLOURS = ("#266ad2", "#b26800", "#58626f", "#168048")


def save_plot(report: MatchingReport, path: Path) -> None:
    """Draw a curve for each precision, a panel for each dimension; nothing if not measured."""
    if report.by_key is None:
        return
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    rows = report.by_key.rows
    dimensions = sorted({row.dimension for row in rows})
    precisions = list(dict.fromkeys(row.precision for row in rows))
    with mpl.rc_context({"svg.hashsalt": "matching", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        panels = figure.subplots(1, len(dimensions), sharey=True, squeeze=False)[0]
        for axes, dimension in zip(panels, dimensions, strict=True):
            for precision, colour in zip(precisions, COLOURS, strict=False):
                shown = [r for r in rows if (r.dimension, r.precision) == (dimension, precision)]
                sizes = [row.vectors for row in shown]
                axes.plot(
                    sizes, [r.batch_us.median for r in shown], "o-", color=colour, label=precision
                )
                low, high = zip(
                    *((r.batch_us.lower_95, r.batch_us.upper_95) for r in shown), strict=True
                )
                axes.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.set(xscale="log", xlabel="vectors in the gallery", title=f"{dimension} dimensions")
            axes.set_ylim(bottom=0)
            axes.grid(visible=True, alpha=0.3)
        panels[0].set_ylabel(f"µs a comparison, batches of {report.by_key.batch:,}")
        panels[0].legend()
        figure.savefig(path, format="svg", metadata={"Date": None})
