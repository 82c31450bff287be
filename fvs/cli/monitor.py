"""`fvs monitor`: is the service still the one whose error rates were measured?"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.certificates import load_certificate
from fvs.certificates.records import is_certificate
from fvs.cli.common import JsonOption, PackOption, require_writable
from fvs.cli.measuring import progress_bar
from fvs.cli.monitor_view import (
    print_baseline,
    print_bounds,
    print_canary,
    print_canary_set,
    print_drift,
)
from fvs.cli.output import print_json, print_note
from fvs.decide import DecisionPolicy
from fvs.deployment.certificates import certificate_path, trust_store
from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.errors import MissingExtraError, UsageError
from fvs.folders import PictureSet

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.monitoring import Baseline, Signal

__all__ = ["MonitorCode", "app"]

app = typer.Typer(
    name="monitor",
    help="Drift of live scores, quality and liveness; bounds of error rates; canaries.",
    no_args_is_help=True,
)

ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A column to watch (repeatable). \\[default: similarity, quality and "
        "live_probability, as far as the table has them]"
    ),
]
FalseAlarmsOption = Annotated[
    float,
    typer.Option(help="Probability, at most, of an alarm while all is well.", metavar="RATE"),
]
PicturesOption = Annotated[
    Path, typer.Option(help="A folder or tar of the canary pictures, a folder per person.")
]


class MonitorCode(IntEnum):
    """What `check`, `bound` and `canary` exit with; 3 is wrong use, as everywhere."""

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
        print_baseline(made, out)


@app.command()
def check(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet of live rows, oldest first.")],
    *,
    against: Annotated[
        Path | None,
        typer.Option(help="A file that `baseline` wrote, or a certificate.json.", metavar="FILE"),
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option(help="In place of --against: the certificate of this pack.", metavar="NAME"),
    ] = None,
    column: ColumnOption = None,
    false_alarms: FalseAlarmsOption = 0.01,
    plot: Annotated[Path | None, typer.Option(help="Draw live and baseline (.png, .svg).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold live signals to their baseline, or to what a certificate was measured on.

    A certificate must be signed and valid, as for decisions; without --column those signals are
    watched that it has and the table too. What its distributions are of is printed: they are of
    the calibration's pictures, and no cameras of yours unless it was calibrated on those.

    Give the whole table so far, each time: the sequential test may be looked at as often as you
    like. A missing number counts as a value of its own. Rows must be independent as the baseline's
    were: a baseline of daytime calls nights a change. Needs the extra `eval`, --plot also `report`.

    Exit codes: 0 steady, 1 a signal drifted: the measured error rates need no longer hold,
    2 too few rows to tell, 3 wrong use.

    Examples:
      fvs monitor check today.csv --against baseline.json
      fvs monitor check today.csv --pack standard --column similarity
      fvs monitor check audit.parquet --against baseline.json --plot drift.png --json
    """
    monitoring = _offline()
    if plot is not None:
        require_writable(plot)
    known = _baseline(monitoring, against, pack)
    live = monitoring.read_signals(table, column or ())
    if not column:
        live = _watched(live, known)
    compared = monitoring.compare_live(known, live, false_alarms)
    if plot is not None:
        from fvs.monitoring.plot import draw_comparison  # noqa: PLC0415 - needs another extra

        draw_comparison(known, compared, plot)
    if as_json:
        print_json(compared.report)
    else:
        print_drift(compared.report, known)
    codes = {
        "steady": MonitorCode.HOLDS,
        "drifted": MonitorCode.BROKEN,
        "too_few": MonitorCode.CANNOT_TELL,
    }
    raise typer.Exit(codes[compared.report.verdict])


@app.command()
def bound(
    table: Annotated[
        Path, typer.Argument(help="CSV or Parquet of known cases, oldest first: similarity, mated.")
    ],
    *,
    fmr: Annotated[
        float, typer.Option(help="Target FMR of the operating point to watch.", metavar="RATE")
    ] = 1e-4,
    fnmr_at_most: Annotated[
        float | None, typer.Option(help="Bound of FNMR. \\[default: none]", metavar="RATE")
    ] = None,
    false_alarms: FalseAlarmsOption = 0.01,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Hold the error rates of known cases to what the pack's operating point states.

    For cases of which it became known who was who: `mated` is 1 (or true) where both pictures show
    one person. Errors are counted at the point's threshold. Give all cases so far, each time: the
    test may be looked at as often as you like. Needs the extra `eval`.

    Exit codes: 0 every bound is shown to hold, 1 one is broken: do not rely on it, 2 these cases
    cannot tell, 3 wrong use.

    Examples:
      fvs monitor bound cases.csv --fmr 1e-3
      fvs monitor bound cases.parquet --fnmr-at-most 0.05 --json
    """
    monitoring = _offline()
    similarity, mated = monitoring.read_signals(table, ("similarity", "mated"))
    limits = monitoring.Limits(
        threshold=_threshold(pack, fmr), fmr_at_most=fmr, fnmr_at_most=fnmr_at_most
    )
    report = monitoring.check_live_bounds(similarity, mated, limits, false_alarms)
    if as_json:
        print_json(report)
    else:
        print_bounds(report)
    codes = {
        "holds": MonitorCode.HOLDS,
        "broken": MonitorCode.BROKEN,
        "cannot_tell": MonitorCode.CANNOT_TELL,
    }
    raise typer.Exit(codes[report.verdict])


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
        typer.Option(
            help="Bound of FNMR on these pictures. \\[default: the upper bound found now]"
        ),
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
        threshold=_threshold(pack, fmr),
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
        print_canary_set(made, out)


@app.command()
def canary(
    known: Annotated[Path, typer.Argument(help="The file that `canary-record` wrote.")],
    *,
    pictures: PicturesOption,
    pack: Annotated[
        str | None,
        typer.Option(
            help="The pack that serves now. \\[default: the one recorded]", metavar="NAME"
        ),
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
        print_canary(report)
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


def _baseline(monitoring: ModuleType, against: Path | None, pack: str | None) -> Baseline:
    """What live signals are held to: a file, or a certificate that decisions may rest on."""
    if (against is None) == (pack is None):
        raise UsageError(
            "name one thing to compare with",
            advice="--against a file that `fvs monitor baseline` wrote or a certificate.json, or "
            "--pack for the certificate of a pack.",
        )
    path = against or certificate_path(pack or DEFAULT_PACK)
    made: Baseline = (
        monitoring.baseline_of_points(load_certificate(path, trust_store()))
        if against is None or _is_certificate(against)
        else monitoring.load_baseline(against)
    )
    return made


def _is_certificate(path: Path) -> bool:
    try:
        return is_certificate(path.read_bytes())
    except OSError:
        return False  # who reads it next says why it cannot be read


def _watched(live: tuple[Signal, ...], known: Baseline) -> tuple[Signal, ...]:
    """The signals that the baseline has too, and a word on the others; all where it has none."""
    watched = tuple(signal for signal in live if signal.name in known.names)
    for signal in live:
        if watched and signal not in watched:
            print_note(f"{signal.name} is not watched: there is nothing to compare it with")
    return watched or live


def _threshold(pack: str, fmr: float) -> float:
    return DecisionPolicy.from_pack(open_pack(pack), fmr).point.threshold


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
