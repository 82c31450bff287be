"""Operating points and certificates as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from fvs.cli.output import OUTPUT_CONSOLE, print_line
from fvs.operating_points import EITHER_SEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.certificates import Certificate
    from fvs.certificates.diff import Change
    from fvs.operating_points import (
        BandEvidence,
        OperatingPoint,
        OperatingPoints,
        PadPoint,
        Rate,
        SameCapturePoint,
    )

__all__ = ["print_certificate", "print_changes", "same_capture_words"]

PAD_CAVEAT = (
    "One picture in eight was looked at. The shares are no BPCER unless these are captures at a "
    "camera; published photographs, many of them scans of prints, are not."
)


def print_certificate(certificate: Certificate) -> None:
    """Everything that is in it, the groups one by one excepted."""
    _print_points(certificate)
    for kind, reason in certificate.unsupported_conditions.items():
        print_line(f"{kind.replace('_', ' ')}: {reason}")
    for limit in certificate.limits:
        print_line(f"- {limit}")
    print_line(f"licence: {certificate.licence}")
    print_line(f"issued by {certificate.issuer}")
    print_line(f"valid from {certificate.issued} until {certificate.expires}")
    print_line(f"certificate {certificate.certificate_id}")


def print_changes(changes: Sequence[Change]) -> None:
    """A row a value that differs."""
    if not changes:
        print_line("no difference")
        return
    table = Table("where", "before", "after")
    for change in changes:
        table.add_row(change.where, _value_words(change.before), _value_words(change.after))
    OUTPUT_CONSOLE.print(table)


def same_capture_words(point: SameCapturePoint | None, source: str) -> str:
    """What is known of the score of one capture, counted on the mated pairs of some data."""
    if point is None:
        return "no score tells one capture seen twice from two captures of a person"
    return (
        f"one capture is suspected from a score of {point.threshold:.4f}, which "
        f"{point.reached.errors} of {point.reached.trials} mated pairs of {source} reach, and "
        f"{point.caught.errors} of {point.caught.trials} copies of a picture"
    )


def _print_points(points: OperatingPoints) -> None:
    OUTPUT_CONSOLE.print(_point_table(points))
    if points.points:
        OUTPUT_CONSOLE.print(_band_table(points))
    for target, reason in points.unsupported_targets.items():
        print_line(f"no point for FMR {target}: {reason}")
    for point in points.points:
        _print_reasons(point)
    if points.pad is not None and points.pad.refused:
        _print_pad(points.pad)
    print_line(same_capture_words(points.same_capture, _mated_source(points)))
    if points.distributions:
        OUTPUT_CONSOLE.print(_distribution_table(points))
    pictures = sum(source.pictures for source in points.data)
    print_line(
        f"measured on {pictures} pictures or scores at commit {points.commit}, {points.created}; "
        "brackets are exact 95 % intervals that take pairs as independent"
    )


def _mated_source(points: OperatingPoints) -> str:
    """What the mated pairs are of: the data that is named first."""
    return points.data[0].name if points.data else "this data"


def _print_reasons(point: OperatingPoint) -> None:
    for evidence in point.bands:
        if evidence.status == "not_supported":
            print_line(f"FMR {point.target_fmr:g} at {_band_name(evidence)}: {evidence.reason}")
    for condition in point.conditions:
        where = f"{condition.kind.replace('_', ' ')} {condition.lowest:g} to {condition.highest:g}"
        fnmr = "" if condition.fnmr is None else f", FNMR {_rate_words(condition.fnmr)}"
        why = f": {condition.reason}" if condition.reason else ""
        status = condition.status.replace("_", " ")
        print_line(f"FMR {point.target_fmr:g} with {where}: {status}{why}{fnmr}")
    if point.review is not None:
        print_line(
            f"FMR {point.target_fmr:g}: a person looks from {point.review.no_match_below:.4f}, "
            f"{point.review.rule}; {_rate_words(point.review.wrongly_refused)} of mated pairs are "
            "below"
        )
    if point.held_out is not None:
        print_line(
            f"FMR {point.target_fmr:g}, {point.held_out.subjects} people held out: FMR "
            f"{point.held_out.fmr.point:.2g}, at most {point.held_out.upper_bound:.2g} "
            f"({point.held_out.bound_method.replace('_', ' ')}); FNMR "
            f"{_rate_words(point.held_out.fnmr)}"
        )


def _print_pad(pad: PadPoint) -> None:
    """How many pictures the PAD networks took for an attack, by data set."""
    table = Table(title=f"Refused by PAD: live probability below {pad.threshold:g}")
    for heading in ("pictures", "refused", "share of them"):
        table.add_column(heading)
    for name, rate in pad.refused.items():
        table.add_row(name, f"{rate.errors} of {rate.trials}", _rate_words(rate))
    OUTPUT_CONSOLE.print(table)
    OUTPUT_CONSOLE.print(PAD_CAVEAT)


def _distribution_table(points: OperatingPoints) -> Table:
    """What `fvs monitor check --pack` compares live signals with."""
    table = Table(title="Distributions, for live signals to be compared with")
    for heading in ("signal", "of", "values", "missing", "5 %", "median", "95 %"):
        table.add_column(heading)
    for one in points.distributions:
        name, of, values, missing, *numbers = one.summary
        share = f"{missing} ({missing / values:.2%})"
        table.add_row(name, of, str(values), share, *(f"{number:.4g}" for number in numbers))
    return table


def _point_table(points: OperatingPoints) -> Table:
    table = Table(title=f"Operating points of pack {points.pack}")
    for heading in ("target FMR", "threshold", "strictest adult group", "FNMR of mated pairs"):
        table.add_column(heading)
    for point in points.points:
        table.add_row(
            f"{point.target_fmr:g}",
            f"{point.threshold:.4f}",
            point.strictest_group,
            _rate_words(point.fnmr),
        )
    return table


def _band_table(points: OperatingPoints) -> Table:
    """A row for each age, and for each sex of it that has a row of its own at some target."""
    table = Table(title="Threshold by age and sex of the subject, as the register knows them")
    table.add_column("age, sex")
    for point in points.points:
        table.add_column(f"FMR {point.target_fmr:g}")
    rows = {(b.band.youngest, b.sex): b for point in points.points for b in point.bands}
    for youngest, sex in sorted(rows):
        shown = rows[youngest, sex]
        cells = [point.band_of(youngest, sex) for point in points.points]
        table.add_row(_band_name(shown), *("-" if c is None else _band_words(c) for c in cells))
    return table


def _band_name(evidence: BandEvidence) -> str:
    sex = "either sex" if evidence.sex == EITHER_SEX else evidence.sex
    return f"age {evidence.band.name}, {sex}"


def _band_words(evidence: BandEvidence) -> str:
    return "not supported" if evidence.threshold is None else f"{evidence.threshold:.4f}"


def _rate_words(rate: Rate) -> str:
    return f"{rate.point:.4f} [{rate.lower_95:.4f}, {rate.upper_95:.4f}]"


def _value_words(value: object) -> str:
    return "-" if value is None else str(value)
