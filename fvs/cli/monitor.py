"""`fvs monitor`: is the service still the one whose error rates were measured?"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fvs.cli.common import (
    DEFAULT_PACK,
    JsonOption,
    PackOption,
    open_engine,
    open_pack,
    require_writable,
)
from fvs.cli.operating_points import progress_bar
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.decide import DecisionPolicy
from fvs.errors import MissingExtraError
from fvs.folders import PictureSet

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.monitoring import Baseline, CanaryReport, CanarySet, DriftReport
    from fvs.monitoring.canary import BoundCheck
    from fvs.monitoring.drift import SignalDrift

__all__ = ["MonitorCode", "app"]

app = typer.Typer(
    name="monitor",
    help="Drift of live scores, quality and liveness; canaries with known answers.",
    no_args_is_help=True,
)

ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A column to watch (repeatable). [default: similarity, quality and live_probability, "
        "as far as the table has them]"
    ),
]
PicturesOption = Annotated[
    Path, typer.Option(help="A folder or tar of the canary pictures, a folder per person.")
]


class MonitorCode(IntEnum):
    """What `check` and `canary` exit with; 3 is wrong use, as everywhere."""

    HOLDS = 0
    BROKEN = 1
    CANNOT_TELL = 2


@app.command()
def baseline(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet of good comparisons.")],
    *,
    out: Annotated[Path, typer.Option(help="The baseline file to write.")],
    column: ColumnOption = None,
    of: Annotated[str, typer.Option(help="What the numbers are of, for the record.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Remember how signals were distributed while the service was good.

    The file holds quantiles and a sample of at most 4,096 numbers a column, and nothing of whom
    they are of. At least 500 rows are needed. Needs the extra `eval`.

    Exit codes: 0 written, 3 wrong use.

    Examples:
      fvs monitor baseline pilot.csv --out baseline.json --of 'pilot, March 2027'
      fvs monitor baseline audit.parquet --column similarity --out baseline.json
    """
    monitoring = _offline()
    require_writable(out)
    signals = monitoring.read_signals(table, column or ())
    made = monitoring.make_baseline(signals, of=of or table.name, created=_now())
    monitoring.save_record(made, out)
    if as_json:
        print_json(made)
    else:
        _print_baseline(made, out)


@app.command()
def check(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet of live rows, oldest first.")],
    *,
    against: Annotated[Path, typer.Option(help="The file that `baseline` wrote.")],
    column: ColumnOption = None,
    false_alarms: Annotated[
        float, typer.Option(help="Probability, at most, of an alarm while nothing has changed.")
    ] = 0.01,
    plot: Annotated[Path | None, typer.Option(help="Draw live and baseline (.png, .svg).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold live signals to their baseline.

    Give the whole table so far, each time: the sequential test may be looked at as often as you
    like. A missing number counts as a value of its own. Rows must be independent as the baseline's
    were: a baseline of daytime calls nights a change. Needs the extra `eval`, --plot also `report`.

    Exit codes: 0 steady, 1 a signal drifted: the measured error rates need no longer hold,
    2 too few rows to tell, 3 wrong use.

    Examples:
      fvs monitor check today.csv --against baseline.json
      fvs monitor check audit.parquet --against baseline.json --plot drift.png --json
    """
    monitoring = _offline()
    if plot is not None:
        require_writable(plot)
    known = monitoring.load_baseline(against)
    live = monitoring.read_signals(table, column or ())
    compared = monitoring.compare_live(known, live, false_alarms)
    if plot is not None:
        from fvs.monitoring.plot import draw_comparison  # noqa: PLC0415 - needs another extra

        draw_comparison(known, compared, plot)
    if as_json:
        print_json(compared.report)
    else:
        _print_drift(compared.report)
    codes = {
        "steady": MonitorCode.HOLDS,
        "drifted": MonitorCode.BROKEN,
        "too_few": MonitorCode.CANNOT_TELL,
    }
    raise typer.Exit(codes[compared.report.verdict])


@app.command()
def canary_record(
    *,
    pictures: PicturesOption,
    out: Annotated[Path, typer.Option(help="The canary file to write.")],
    fmr: Annotated[
        float, typer.Option(help="Target FMR of the operating point to watch.", metavar="RATE")
    ] = 1e-4,
    fnmr_at_most: Annotated[
        float | None,
        typer.Option(help="Bound of FNMR on these pictures. [default: the upper bound found now]"),
    ] = None,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Remember what this installation finds in pictures with known answers.

    Up to three pairs of each person and the first pictures of any two people are compared. The file
    names the pictures and belongs beside them. Needs the extra `eval`.

    Exit codes: 0 written, 3 wrong use.

    Examples:
      fvs monitor canary-record --pictures canaries/ --out canary.json
      fvs monitor canary-record --pictures canaries.tar --fmr 1e-3 --out canary.json --json
    """
    monitoring = _offline()
    require_writable(out)
    opened, files = open_pack(pack), PictureSet.open(pictures)
    limits = monitoring.Limits(
        threshold=DecisionPolicy.from_pack(opened, fmr).point.threshold,
        fmr_at_most=fmr,
        fnmr_at_most=fnmr_at_most,
    )
    with progress_bar() as progress:
        task = progress.add_task("pictures", total=len(files.pictures))
        made = monitoring.record_canary(
            open_engine(opened),
            files,
            limits,
            pack=opened.name,
            created=_now(),
            on_progress=lambda done: progress.update(task, completed=done),
        )
    monitoring.save_record(made, out)
    if as_json:
        print_json(made)
    else:
        _print_canary_set(made, out)


@app.command()
def canary(
    known: Annotated[Path, typer.Argument(help="The file that `canary-record` wrote.")],
    *,
    pictures: PicturesOption,
    pack: Annotated[
        str | None,
        typer.Option(help="The pack that serves now. [default: the one recorded]", metavar="NAME"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the canary pictures anew; run it every day and at every start.

    Similarities must be the same within 1e-4, live probabilities within 1e-3, quality within 0.5 of
    100, and no bound of FMR or FNMR may be broken: the lower 95 % bound of what is counted beyond
    it. A bound that so few pairs cannot show is said to be so, and is no failure.
    Needs the extra `eval`.

    Exit codes: 0 all as recorded, 1 not so: do not serve, 3 wrong use.

    Examples:
      fvs monitor canary canary.json --pictures canaries/
      fvs monitor canary canary.json --pictures canaries.tar --json || systemctl stop fvs
    """
    monitoring = _offline()
    recorded = monitoring.load_canary(known)
    files = PictureSet.open(pictures)
    engine = open_engine(open_pack(pack or recorded.pack))
    with progress_bar() as progress:
        task = progress.add_task("pictures", total=len(recorded.pictures))
        report = monitoring.check_canary(
            engine, recorded, files, lambda done: progress.update(task, completed=done)
        )
    if as_json:
        print_json(report)
    else:
        _print_canary(report)
    raise typer.Exit(MonitorCode.HOLDS if report.alive else MonitorCode.BROKEN)


def _offline() -> ModuleType:
    try:
        from fvs import monitoring  # noqa: PLC0415 - needs scipy
    except ImportError as error:
        raise MissingExtraError(
            f"monitoring needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    return monitoring


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _print_baseline(made: Baseline, out: Path) -> None:
    table = Table(title=f"Baseline of {made.of}")
    for heading in ("signal", "values", "missing", "lowest", "median", "highest"):
        table.add_column(heading)
    for one in made.signals:
        sample = one.sample
        numbers = (sample[0], sample[len(sample) // 2], sample[-1])
        counts = (str(one.total), str(one.counts[-1]))
        table.add_row(one.name, *counts, *(f"{number:.4g}" for number in numbers))
    OUTPUT_CONSOLE.print(table)
    print_line(f"written to {out}")


def _print_drift(report: DriftReport) -> None:
    table = Table(title="Live signals against their baseline")
    for heading in ("signal", "values", "missing", "PSI (limit)", "KS distance (p)", "evidence"):
        table.add_column(heading)
    for one in report.signals:
        table.add_row(one.name, str(one.values), str(one.missing), *_numbers(one))
    OUTPUT_CONSOLE.print(table)
    for one in report.signals:
        print_line(f"{one.name}: {_drift_words(one)}")
    print_line(
        "while nothing changes, the probability of any alarm is at most "
        f"{report.false_alarm_rate:g}; evidence is the log10 of a bet's wealth, and its limit"
    )


def _numbers(one: SignalDrift) -> tuple[str, str, str]:
    distance = "-"
    if one.distance is not None:
        distance = f"{one.distance:.3f} ({one.distance_p:.1e})"
    evidence = f"{one.evidence:.1f} ({one.evidence_limit:.1f})"
    return f"{one.psi:.3f} ({one.psi_limit:.3f})", distance, evidence


def _drift_words(one: SignalDrift) -> str:
    if one.verdict == "too_few":
        return f"too few values to tell: {one.values}, need {one.needed}"
    if one.verdict == "steady":
        return "steady"
    since = f", seen after {one.changed_by} values" if one.changed_by is not None else ""
    return f"drifted (by {', '.join(one.alarms)}{since})"


def _print_canary_set(made: CanarySet, out: Path) -> None:
    mated = sum(pair.mated for pair in made.pairs)
    usable = len({n for pair in made.pairs for n in (pair.first, pair.second)})
    print_line(
        f"{len(made.pictures)} pictures ({usable} compared), {mated} mated and "
        f"{len(made.pairs) - mated} non-mated pairs of pack {made.pack}"
    )
    print_line(
        f"at threshold {made.threshold:.4f}: FMR at most {made.fmr_at_most:g}, FNMR at most "
        f"{made.fnmr_at_most:.4f}; written to {out}"
    )


def _print_canary(report: CanaryReport) -> None:
    print_line("alive: all as recorded" if report.alive else ("NOT as recorded", "bold red"))
    if not report.same_models:
        print_line("these are not the weights that were recorded")
    print_line(f"{report.pictures_changed} of {report.pictures} pictures changed")
    print_line(
        f"{report.pairs_changed} of {report.pairs} pairs changed, by up to "
        f"{report.largest_difference:.1e}; {report.decisions_changed} decisions changed"
    )
    for name, one in (("FMR", report.fmr), ("FNMR", report.fnmr)):
        if one is not None:
            print_line(f"{name}: {_bound_words(one)}")


def _bound_words(one: BoundCheck) -> str:
    counted = one.rate
    words = (
        f"{counted.errors} of {counted.trials} [{counted.lower_95:.4f}, {counted.upper_95:.4f}], "
        f"bound {one.at_most:.4g}: {one.verdict.replace('_', ' ')}"
    )
    if one.verdict == "cannot_tell":
        return f"{words} (needs {one.trials_needed} pairs without an error)"
    return words
