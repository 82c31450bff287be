"""How much a picture may suffer before a person is not recognised, by kind of harm.

    python -m benchmarks.accuracy.robustness --shared ../shared --pack P
        --json benchmarks/results/robustness.json

One mated pair of each of a few hundred people of LFW; one picture of the pair is harmed by degrees,
for cards the reference is rendered into a specimen card and photographed. `--pictures FOLDER` takes
pictures of your own, in a folder per person. What is done is kept in this user's cache folder, so
that a run that was stopped goes on. The JSON keeps the results of other packs; an SVG is beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.robustness_measure import (
    RobustnessReport,
    RobustnessResult,
    measure_robustness,
)
from benchmarks.markdown import NOT_MEASURED, circumstances_words, table
from benchmarks.report_files import read_report, write_report
from fvs.deployment.packs import DEFAULT_PACK

if TYPE_CHECKING:
    from benchmarks.accuracy.robustness_measure import AtSeverity, CurveResult
    from fvs.operating_points import Rate

__all__ = ["draw_robustness", "load_robustness", "render_robustness", "save_robustness"]

PEOPLE = 200
"""About ten minutes on two cores."""
CURVES_SHOWN = "![FNMR by harm and degree](../../benchmarks/results/robustness.svg)"
"""As a page in docs/explanation shows them."""

COLUMNS = 3
PANEL_IN = (3.6, 2.6)


def load_robustness(path: Path) -> RobustnessReport:
    """Read the file, or an empty report where there is none."""
    return read_report(path, RobustnessReport) or RobustnessReport()


def save_robustness(report: RobustnessReport, path: Path) -> None:
    """Write the file, indented, and draw its curves beside it."""
    write_report(report, path)
    draw_robustness(report, path.with_suffix(".svg"))


def render_robustness(results_dir: Path) -> str:
    """Markdown of what `robustness.json` in this folder says of every pack."""
    report = load_robustness(results_dir / "robustness.json")
    if not report.packs:
        return NOT_MEASURED
    return "\n\n".join([*(_section(*pack) for pack in report.packs.items()), CURVES_SHOWN])


def _section(pack: str, result: RobustnessResult) -> str:
    summary = (
        f"Pack {pack}, one mated pair of each of {result.people} people of {result.data} "
        f"({result.left_out} more were left out, whose pictures are not usable as they are). FNMR "
        "[95 %] over the pairs that were compared, at the shipped thresholds; *no face* is the "
        "share of degraded pictures without one, *refused* that which the engine refuses, for "
        "quality too."
    )
    head = ("harm", "degree", "no face", "refused", *_targets(result))
    rows = [row for curve in result.curves for row in _rows(curve)]
    return "\n\n".join([summary, table(head, rows), circumstances_words(result.circumstances)])


def _targets(result: RobustnessResult) -> list[str]:
    return [f"FNMR at FMR {target:g}" for target in result.targets_fmr]


def _rows(curve: CurveResult) -> list[list[str]]:
    return [
        [
            f"{curve.name}: {curve.axis}" if index == 0 else "",
            _degree(at),
            f"{at.failed_to_acquire.point:.3f}",
            f"{at.refused.point:.3f}",
            *(_rate(one) for one in at.fnmr),
        ]
        for index, at in enumerate(curve.at)
    ]


def _degree(at: AtSeverity) -> str:
    return at.label or f"{at.severity:g}"


def _rate(one: Rate | None) -> str:
    return "-" if one is None else f"{one.point:.3f} [{one.lower_95:.3f}, {one.upper_95:.3f}]"


def draw_robustness(report: RobustnessReport, path: Path) -> None:
    """Draw a panel a curve, a line a pack, at the strictest target; same report, same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    names = [curve.name for curve in next(iter(report.packs.values())).curves]
    rows = -(-len(names) // COLUMNS)
    with mpl.rc_context({"svg.hashsalt": "robust", "svg.fonttype": "none", "font.size": 8}):
        size = PANEL_IN[0] * COLUMNS, PANEL_IN[1] * rows
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for panel, name in zip(axes, names, strict=False):
            for pack, result in report.packs.items():
                curve = next(one for one in result.curves if one.name == name)
                _draw_curve(panel, f"{pack}, FMR {result.targets_fmr[-1]:g}", curve)
        for panel in axes[len(names) :]:
            panel.set_axis_off()
        axes[0].legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_curve(
    axes: Any,  # noqa: ANN401 - matplotlib is untyped here
    label: str,
    curve: CurveResult,
) -> None:
    places = list(range(len(curve.at)))
    rates = [at.fnmr[-1] for at in curve.at]
    drawn = [(place, one) for place, one in zip(places, rates, strict=True) if one is not None]
    x, y = [place for place, _ in drawn], [one.point for _, one in drawn]
    (line,) = axes.plot(x, y, marker="o", markersize=3, label=label)
    low, high = [one.lower_95 for _, one in drawn], [one.upper_95 for _, one in drawn]
    axes.fill_between(x, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    unusable = [at.failed_to_acquire.point for at in curve.at]
    axes.plot(places, unusable, ":", color=line.get_color(), linewidth=1)
    axes.set(title=curve.name, xlabel=curve.axis, ylabel="FNMR (dotted: no face)", ylim=(0, 1))
    turned = {"rotation": 30, "ha": "right"} if curve.at[0].label else {}
    axes.set_xticks(places, [_degree(at) for at in curve.at], **turned)


def _print(pack: str, result: RobustnessResult) -> None:
    shown = Table(title=f"{result.data}, pack {pack}, {result.people} people")
    for heading in ("harm", "degree", "no face", "refused", *_targets(result)):
        shown.add_column(heading)
    for curve in result.curves:
        for row in _rows(curve):
            shown.add_row(*row)
    Console().print(shown)


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder or tar, a folder a person, instead of LFW.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many people to draw.", min=1)] = PEOPLE,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print a table, and write the result and its curves."""
    result = measure_robustness(pack, shared, pictures or shared / "data" / "lfw_eval.tar", people)
    _print(pack, result)
    if json is not None:
        packs = {**load_robustness(json).packs, pack: result}
        save_robustness(RobustnessReport(packs=packs), json)


if __name__ == "__main__":
    typer.run(main)
