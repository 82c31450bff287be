"""Whether quality tells beforehand which comparisons fail: error versus discard on LFW.

    python -m benchmarks.accuracy.edc --shared ../shared --pack P --json benchmarks/results/edc.json

The JSON keeps the results of other packs that it holds; beside it an SVG shows the curves of all.
Nothing is chosen by what is seen here, but for the one of the ISO measures that is drawn: it is the
best of them in hindsight.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.edc_measure import (
    BEYOND_ISO,
    ORACLE,
    SHARES,
    EdcReport,
    EdcResult,
    measure_pack,
)
from benchmarks.markdown import NOT_MEASURED, circumstances_words, rate_words, table
from benchmarks.report_files import read_report, write_report
from fvs.deployment.packs import DEFAULT_PACK
from fvs.metrics.discard import PARTIAL_SHARE
from fvs.recognisability import UNIFIED_QUALITY_SCORE

if TYPE_CHECKING:
    from benchmarks.accuracy.edc_measure import EdcAtTarget, MeasureResult

__all__ = ["draw_edc", "load_edc", "render_edc", "save_edc"]

TABLED_SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
HEAD = ("measure", "recovered [95 %]", *(f"{share:.0%}" for share in TABLED_SHARES))
ISO_SHOWN = 3
"""ISO measures in the tables, the best first; all of them are in the JSON."""

PANEL_IN = (5.0, 3.8)
BOLD_PT, THIN_PT = 2.2, 1.2


def load_edc(path: Path) -> EdcReport:
    """Read the file, or an empty report where there is none."""
    return read_report(path, EdcReport) or EdcReport()


def save_edc(report: EdcReport, path: Path) -> None:
    """Write the file, indented, and draw its curves beside it."""
    write_report(report, path)
    draw_edc(report, path.with_suffix(".svg"))


def render_edc(results_dir: Path, pack: str) -> str:
    """Markdown of what `edc.json` in this folder says of a pack."""
    result = load_edc(results_dir / "edc.json").packs.get(pack)
    if result is None:
        return NOT_MEASURED
    summary = (
        f"Error versus discard (ISO/IEC 29794-1) of pack {pack} on LFW: FNMR over the "
        f"{result.mated_pairs:,} mated pairs that are left when the given share of them is "
        "discarded, lowest quality of the worse picture first, and the threshold stays. "
        f"*Recovered* is the part of an oracle's gain over chance up to {PARTIAL_SHARE:.0%} "
        "discarded: 1 is the oracle, 0 is chance; intervals are over draws of subjects. "
        f"{result.left_out} of {result.pictures:,} pictures, of several faces above all, are left "
        "out."
    )
    parts = [f"{_in_words(at)}\n\n{table(HEAD, _rows(at))}" for at in result.at]
    return "\n\n".join([summary, *parts, circumstances_words(result.circumstances)])


def _in_words(at: EdcAtTarget) -> str:
    words = f"At FMR {at.target_fmr:g} (threshold {at.threshold:.3f}) FNMR is {rate_words(at.fnmr)}"
    if at.ahead_of_best_iso is None:
        return f"{words}; this embedder has no unified quality score."
    lead = at.ahead_of_best_iso
    return (
        f"{words}. The unified quality score recovers {lead.point:+.2f} [{lead.lower_95:+.2f}, "
        f"{lead.upper_95:+.2f}] against {at.best_iso}, the best ISO measure in hindsight."
    )


def _rows(at: EdcAtTarget) -> list[list[str]]:
    """The unified score, the other general measures, the best of ISO's, the oracle."""
    iso = sorted(
        (name for name in at.measures if name not in BEYOND_ISO),
        key=lambda name: -(at.measures[name].area_recovered or 0.0),
    )
    names = [name for name in BEYOND_ISO if name in at.curves] + iso[:ISO_SHOWN]
    shown = [[name, _recovered(at.measures[name]), *_rates(at, name)] for name in names]
    return [*shown, [ORACLE, "1", *_rates(at, ORACLE)]]


def _rates(at: EdcAtTarget, name: str) -> list[str]:
    """FNMR at the tabled shares; blank where the curve was not kept."""
    curve = at.curves.get(name)
    return ["" if curve is None else f"{curve[SHARES.index(s)]:.4f}" for s in TABLED_SHARES]


def _recovered(measure: MeasureResult) -> str:
    if measure.area_recovered is None:
        return "-"
    if measure.interval is None:
        return f"{measure.area_recovered:.2f}"
    lower, upper = measure.interval
    return f"{measure.area_recovered:.2f} [{lower:.2f}, {upper:.2f}]"


def draw_edc(report: EdcReport, path: Path) -> None:
    """Draw a row of curves a pack into an SVG; the same report gives the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    columns = max(len(result.at) for result in report.packs.values())
    size = PANEL_IN[0] * columns, PANEL_IN[1] * len(report.packs)
    with mpl.rc_context({"svg.hashsalt": "edc", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(len(report.packs), columns, squeeze=False)
        for row, (pack, result) in zip(axes, report.packs.items(), strict=True):
            for panel, at in zip(row, result.at, strict=False):
                _draw_target(panel, f"{pack} pack on LFW at FMR {at.target_fmr:g}", result, at)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_target(
    axes: Any,  # noqa: ANN401 - matplotlib is untyped here
    title: str,
    result: EdcResult,
    at: EdcAtTarget,
) -> None:
    percent = [100.0 * share for share in result.shares]
    for name, curve in at.curves.items():
        axes.plot(
            percent,
            [100.0 * rate for rate in curve],
            ":" if name == ORACLE else "-",
            label=name.replace("_", " "),
            linewidth=BOLD_PT if name == UNIFIED_QUALITY_SCORE else THIN_PT,
            color="black" if name == ORACLE else None,
        )
    axes.axhline(100.0 * at.fnmr.point, color="grey", linewidth=THIN_PT, label="chance")
    axes.set(
        title=title,
        xlabel="mated pairs discarded, lowest quality first (%)",
        ylabel="FNMR of those left (%)",
        xlim=(0, percent[-1]),
        ylim=(0, None),
    )
    axes.legend(frameon=False)


def _print(pack: str, result: EdcResult) -> None:
    console = Console()
    for at in result.at:
        shown = Table(title=f"LFW, pack {pack}: FNMR by share discarded, FMR {at.target_fmr:g}")
        for heading in HEAD:
            shown.add_column(heading)
        for row in _rows(at):
            shown.add_row(*row)
        console.print(shown)
        console.print(_in_words(at), markup=False)
    console.print(f"{result.mated_pairs:,} mated pairs; {result.left_out} pictures left out")


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print a table, and write the result and its curves."""
    result = measure_pack(pack, shared)
    _print(pack, result)
    if json is not None:
        save_edc(EdcReport(packs={**load_edc(json).packs, pack: result}), json)


if __name__ == "__main__":
    typer.run(main)
