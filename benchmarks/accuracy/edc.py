"""Whether quality tells beforehand which comparisons fail: error versus discard on LFW.

    python -m benchmarks.accuracy.edc --shared ../shared --json benchmarks/results/edc.json

The curves are drawn beside the JSON, under the same name. Nothing is chosen by what is seen here,
but for the one of the ISO measures that is drawn: it is the best of them in hindsight.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import matplotlib as mpl
import msgspec
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.edc_measure import (
    BEYOND_ISO,
    ORACLE,
    SHARES,
    EdcResult,
    measure_pack,
)
from fvs.cli.common import DEFAULT_PACK
from fvs.metrics.discard import PARTIAL_SHARE
from fvs.recognisability import UNIFIED_QUALITY_SCORE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from benchmarks.accuracy.edc_measure import EdcAtTarget, MeasureResult

__all__ = ["draw_edc", "render_edc"]

TABLED_SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
ISO_SHOWN = 3
"""ISO measures in the tables, the best first; all of them are in the JSON."""

BOLD_PT, THIN_PT = 2.2, 1.2


def render_edc(results_dir: Path) -> str:
    """Markdown of `edc.json` in this folder; empty where there is none."""
    path = results_dir / "edc.json"
    if not path.exists():
        return ""
    result = msgspec.json.decode(path.read_bytes(), type=EdcResult)
    summary = (
        f"Error versus discard (ISO/IEC 29794-1) of pack {result.pack} on LFW: FNMR over the "
        f"{result.mated_pairs:,} mated pairs that are left when the given share, those with the "
        "lowest quality of the worse picture, is discarded and the threshold stays. *Recovered* "
        f"is the part of an oracle's gain over chance up to {PARTIAL_SHARE:.0%} discarded: 1 is "
        "the oracle, 0 is chance."
    )
    return "\n\n".join([summary, *(_markdown(at) for at in result.at)])


def _markdown(at: EdcAtTarget) -> str:
    head = ["measure", "recovered [95 %]", *(f"{share:.0%}" for share in TABLED_SHARES)]
    rule = ["---", *("---:" for _ in head[1:])]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, rule, *_rows(at))]
    title = f"At FMR {at.target_fmr:g} (threshold {at.threshold:.3f}):"
    return f"{title}{_lead_in_words(at)}\n\n" + "\n".join(lines)


def _lead_in_words(at: EdcAtTarget) -> str:
    if at.ahead_of_best_iso is None:
        return ""
    lead = at.ahead_of_best_iso
    return (
        f" the unified quality score recovers {lead.point:+.2f} [{lead.lower_95:+.2f}, "
        f"{lead.upper_95:+.2f}] against {at.best_iso}, the best ISO measure in hindsight."
    )


def _rows(at: EdcAtTarget) -> list[list[str]]:
    """The unified score, the other general measures, the best of ISO's, the oracle."""
    iso = sorted(
        (name for name in at.measures if name not in BEYOND_ISO),
        key=lambda name: -(at.measures[name].area_recovered or 0.0),
    )
    names = [name for name in BEYOND_ISO if name in at.curves] + iso[:ISO_SHOWN]
    columns = [SHARES.index(share) for share in TABLED_SHARES]
    rows = []
    for name in names:
        curve = at.curves.get(name)
        rates = ["" if curve is None else f"{curve[k]:.4f}" for k in columns]
        rows.append([name, _recovered(at.measures[name]), *rates])
    return [*rows, [ORACLE, "1", *(f"{at.curves[ORACLE][k]:.4f}" for k in columns)]]


def _recovered(measure: MeasureResult) -> str:
    if measure.area_recovered is None:
        return "-"
    if measure.interval is None:
        return f"{measure.area_recovered:.2f}"
    lower, upper = measure.interval
    return f"{measure.area_recovered:.2f} [{lower:.2f}, {upper:.2f}]"


def draw_edc(result: EdcResult, path: Path) -> None:
    """Draw the curves of every target into a PNG."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(5.5 * len(result.at), 4.2), layout="constrained")
        axes = figure.subplots(1, len(result.at), squeeze=False)[0]
        for axis, at in zip(axes, result.at, strict=True):
            _draw_target(axis, result, at)
        figure.suptitle(f"LFW, pack {result.pack}, {result.embedder}")
        figure.savefig(path, dpi=150)


def _draw_target(axis: Axes, result: EdcResult, at: EdcAtTarget) -> None:
    percent = [100.0 * share for share in result.shares]
    for name, curve in at.curves.items():
        is_ours = name == UNIFIED_QUALITY_SCORE
        style = ":" if name == ORACLE else "-"
        axis.plot(
            percent,
            [100.0 * rate for rate in curve],
            style,
            label=name.replace("_", " "),
            linewidth=BOLD_PT if is_ours else THIN_PT,
            color="black" if name == ORACLE else None,
        )
    axis.axhline(100.0 * at.fnmr.point, color="grey", linewidth=THIN_PT, label="chance")
    axis.set(
        title=f"FMR {at.target_fmr:g} (all pairs)",
        xlabel="mated pairs discarded, lowest quality first (%)",
        ylabel="FNMR of those left (%)",
        xlim=(0, percent[-1]),
        ylim=(0, None),
    )
    axis.legend(frameon=False)


def _print(result: EdcResult) -> None:
    console = Console()
    for at in result.at:
        table = Table(
            title=f"LFW, pack {result.pack}: FNMR by share discarded, at FMR {at.target_fmr:g}"
        )
        for heading in ("measure", "recovered", *(f"{share:.0%}" for share in TABLED_SHARES)):
            table.add_column(heading)
        for row in _rows(at):
            table.add_row(*row)
        console.print(table)
        console.print(_lead_in_words(at).strip())
    console.print(f"{result.mated_pairs:,} mated pairs; {result.left_out} pictures left out")


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print a table, and write the result and its curves."""
    result = measure_pack(pack, shared)
    _print(result)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
        draw_edc(result, json.with_suffix(".png"))


if __name__ == "__main__":
    typer.run(main)
