"""What `fvs monitor` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from fvs.cli.output import OUTPUT_CONSOLE, print_line

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.monitoring import (
        Baseline,
        BoundCheck,
        CanaryReport,
        CanarySet,
        DriftReport,
        LiveBounds,
    )
    from fvs.monitoring.drift import SignalDrift

__all__ = ["print_baseline", "print_bounds", "print_canary", "print_canary_set", "print_drift"]


def print_baseline(made: Baseline, out: Path) -> None:
    """What a baseline holds, a row a signal."""
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


def print_drift(report: DriftReport, known: Baseline) -> None:
    """Every look at every signal, then the verdicts in words, and what the baseline is of."""
    table = Table(title="Live signals against their baseline")
    for heading in ("signal", "values", "missing", "PSI (limit)", "KS distance (p)", "evidence"):
        table.add_column(heading)
    for one in report.signals:
        table.add_row(one.name, str(one.values), str(one.missing), *_numbers(one))
    OUTPUT_CONSOLE.print(table)
    for one in report.signals:
        print_line(f"{one.name}: {_drift_words(one)}")
    print_line(f"compared with {known.of} ({known.created})")
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


def print_bounds(report: LiveBounds) -> None:
    """Both rates of known cases against their bounds."""
    print_line(f"{report.verdict.replace('_', ' ')}, at threshold {report.threshold:.4f}")
    for name, one in (("FMR", report.fmr), ("FNMR", report.fnmr)):
        if one is not None:
            print_line(f"{name}: {_bound_words(one)}")
    print_line(
        f"{report.not_compared} rows without a score left out; while both bounds hold, the "
        f"probability of ever calling one broken is at most {report.false_alarm_rate:g}"
    )


def print_canary_set(made: CanarySet, out: Path) -> None:
    """What was recorded, in numbers."""
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


def print_canary(report: CanaryReport) -> None:
    """What a canary run found, in numbers: never which pictures."""
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
    if one.broken_by is not None:
        return f"{words} (seen after {one.broken_by} pairs)"
    if one.verdict == "cannot_tell":
        return f"{words} (needs {one.trials_needed} pairs without an error)"
    return words
