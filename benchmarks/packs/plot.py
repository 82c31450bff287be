"""The packs' DET curves on LFW, and false matches by group, as one SVG (needs the extra `demo`).

`python -m benchmarks.packs.plot benchmarks/results/packs.json benchmarks/results/packs.svg`
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from benchmarks.packs.results import load_packs

if TYPE_CHECKING:
    from benchmarks.packs.results import PackReport

__all__ = ["main", "save_plot"]

COLOURS = ("#266ad2", "#b26800", "#58626f", "#168048")
SIZE_IN = (10.0, 4.6)
BAR_GROUP_WIDTH = 0.8
"""Of all packs' bars of one group, the distance of groups being 1."""
LOWEST_FMR = 1e-4
"""Where bars begin: a group without a match has none."""
KINDS = ("age and sex", "sex and origin of adults")


def save_plot(report: PackReport, path: Path) -> None:
    """Draw; the same report gives the same bytes with one version of matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    with mpl.rc_context({"svg.hashsalt": "packs", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        curves, bars = figure.subplots(1, 2, width_ratios=(2, 3))
        _draw_curves(curves, report)
        _draw_groups(bars, report)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_curves(axes: Any, report: PackReport) -> None:  # noqa: ANN401 - matplotlib is untyped here
    for (name, pack), colour in zip(report.packs.items(), COLOURS, strict=False):
        fmr, fnmr = np.array([(point.fmr, point.fnmr) for point in pack.det]).T
        axes.plot(fmr, fnmr, label=name, color=colour)
    axes.set(xscale="log", yscale="log", xlabel="FMR", ylabel="FNMR", title="LFW, all pairs")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()


def _draw_groups(axes: Any, report: PackReport) -> None:  # noqa: ANN401 - likewise
    """Bars with 95 % intervals; nominal is what the same threshold gives on LFW."""
    at = {name: pack.held_out.at[0] for name, pack in report.packs.items()}
    first = next(iter(at.values()))
    keys = [(one.kind, one.group) for kind in KINDS for one in first.groups if one.kind == kind]
    width = BAR_GROUP_WIDTH / len(at)
    for number, (name, colour) in enumerate(zip(at, COLOURS, strict=False)):
        fmr = {(one.kind, one.group): one.fmr for one in at[name].groups}
        shown = [(x, fmr[key]) for x, key in enumerate(keys) if key in fmr]
        height = np.array([max(rate.point, LOWEST_FMR) for _, rate in shown])
        bounds = [(max(rate.lower_95, LOWEST_FMR), rate.upper_95) for _, rate in shown]
        lower, upper = np.array(bounds).reshape(-1, 2).T
        axes.bar(
            [x + (number + 0.5) * width - BAR_GROUP_WIDTH / 2 for x, _ in shown],
            height,
            width,
            yerr=np.maximum([height - lower, upper - height], 0.0),
            color=colour,
            error_kw={"lw": 0.7},
            label=name,
        )
    axes.axhline(first.lfw_fmr, color="black", lw=0.8, ls=":", label="all LFW pairs")
    axes.set_xticks(range(len(keys)), [group for _, group in keys], rotation=60, ha="right")
    axes.set(yscale="log", ylim=(LOWEST_FMR, 1), ylabel="FMR", title="Held-out people by group")
    axes.legend()


def main(json: Path, svg: Path) -> None:
    """Draw a report anew."""
    report = load_packs(json)
    if report is None:
        raise typer.BadParameter(f"there is no {json}")
    save_plot(report, svg)


if __name__ == "__main__":
    typer.run(main)
