"""The report of packs as Markdown: side by side, and the held-out people of one pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.markdown import (
    NOT_MEASURED,
    circumstances_words,
    rate_words,
    small_rate_words,
    table,
)
from benchmarks.packs.groups import order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.packs.groups import GroupFmr, Inequity, Kind
    from benchmarks.packs.results import AtThreshold, HeldOut, PackReport, PackResult
    from benchmarks.speed.results import Interval

    Row = tuple[str, Callable[[PackResult], str]]

__all__ = ["SIDE_BY_SIDE_KINDS", "render_held_out", "render_packs"]

BYTES_PER_MB = 1e6
LFW_TARGETS_SHOWN = (1e-2, 1e-3, 1e-4)

SIDE_BY_SIDE_KINDS: tuple[Kind, ...] = ("age and sex", "sex and origin of adults", "unlabelled")
"""Kinds of groups that packs are compared by; the finest kind stands in the cards alone."""

REFERENCE_DETECTOR = "detect-yunet-202310"
"""Whose faces and landmarks the other detectors are measured against."""

UNKNOWN = "not measured"
NO_GROUP = "-"


def render_packs(report: PackReport | None) -> str:
    """All packs side by side: errors and costs, then false matches by group."""
    if report is None or not report.packs:
        return NOT_MEASURED
    parts = [
        _side_by_side(report, [*_accuracy_rows(), *_presentation_rows(), *_cost_rows()]),
        _costs_words(report),
        _groups_words(report),
        _groups_side_by_side(report),
        *(f"Pack {name} was not measured: {why}" for name, why in report.missing.items()),
        circumstances_words(report.circumstances),
    ]
    return "\n\n".join(parts)


def render_held_out(report: PackReport | None, pack: str) -> str:
    """Every group of one pack's held-out people, at each threshold."""
    if report is None or pack not in report.packs:
        return NOT_MEASURED
    held_out = report.packs[pack].held_out
    parts = [_held_out_words(pack, held_out)]
    for at in held_out.at:
        rows = [
            [one.group, f"{one.people:,}", f"{one.fmr.errors:,} / {one.fmr.trials:,}"]
            + [f"{value:.1e}" for value in (one.fmr.point, one.fmr.lower_95, one.fmr.upper_95)]
            for one in at.groups
        ]
        head = ["group", "people", "false matches", "FMR", "from", "to (95 %)"]
        title = f"At {at.threshold:.4f}, where all LFW pairs have FMR {at.lfw_fmr:g}:"
        parts += [title, table(head, rows), _inequities(at)]
    return "\n\n".join([*parts, circumstances_words(report.circumstances)])


def _side_by_side(report: PackReport, rows: Sequence[Row]) -> str:
    return table(
        ["", *report.packs],
        [[title, *(cell(pack) for pack in report.packs.values())] for title, cell in rows],
    )


def _accuracy_rows() -> list[Row]:
    def fnmr(target: float) -> Callable[[PackResult], str]:
        return lambda pack: next(
            rate_words(at.fnmr) for at in pack.lfw.all_pairs if at.target_fmr == target
        )

    return [
        ("LFW, ten folds: accuracy ± standard error", _accuracy),
        *((f"LFW, all pairs: FNMR at FMR {one:g} [95 %]", fnmr(one)) for one in LFW_TARGETS_SHOWN),
        ("LFW: pictures without a usable face", _failed),
    ]


def _accuracy(pack: PackResult) -> str:
    return f"{pack.lfw.accuracy:.4f} ± {pack.lfw.accuracy_standard_error:.4f}"


def _failed(pack: PackResult) -> str:
    return f"{pack.lfw.failed_to_acquire.errors:,} of {pack.lfw.failed_to_acquire.trials:,}"


def _presentation_rows() -> list[Row]:
    """What detectors and PAD networks were found to do by their own evaluations."""
    return [
        ("detector, LFW: main faces of the reference detector missed [95 %]", _missed),
        ("refined landmarks: error over distance of the eyes, median, 95th percentile", _landmarks),
        ("PAD, live pictures: BPCER [95 %] and the evaluation's own threshold", _bpcer),
        ("PAD, attacks trained on: highest APCER [95 %] there", lambda p: _apcer(p, False)),
        ("PAD, attacks held out: highest APCER [95 %] there", lambda p: _apcer(p, True)),
    ]


def _missed(pack: PackResult) -> str:
    return rate_words(pack.detector.missed) if pack.detector else _without_errors(pack)


def _without_errors(pack: PackResult) -> str:
    is_reference = pack.costs.networks[0].model_id == REFERENCE_DETECTOR
    return "is the reference" if is_reference else UNKNOWN


def _landmarks(pack: PackResult) -> str:
    if pack.detector is None:
        return _without_errors(pack)
    found = pack.detector
    return f"{found.landmark_error_median:.1%}, {found.landmark_error_p95:.1%}"


def _apcer(pack: PackResult, held_out: bool) -> str:  # noqa: FBT001 - one of two, named by its rows
    worst = pack.pad.worst(held_out=held_out) if pack.pad else None
    return UNKNOWN if worst is None else f"{rate_words(worst.apcer)} ({worst.species})"


def _bpcer(pack: PackResult) -> str:
    if pack.pad is None:
        return UNKNOWN
    return f"{rate_words(pack.pad.bpcer)}, {pack.pad.threshold:.2f}"


def _cost_rows() -> list[Row]:
    return [
        ("weights, MB", lambda p: f"{p.costs.size_bytes / BYTES_PER_MB:.1f}"),
        ("detector, ms a picture of 320 px", lambda p: f"{p.costs.networks[0].cpu_ms.p50:.1f}"),
        ("embedder, ms a face", lambda p: f"{p.costs.networks[1].cpu_ms.p50:.1f}"),
        ("PAD, ms a face", _pad_ms),
        ("whole pair, CPU ms (times the first pack's [95 %])", _pair),
        ("start to first decision, s", lambda p: _interval(p.costs.start_up.wall_s, 2)),
        ("the same, CPU s", lambda p: _interval(p.costs.start_up.cpu_s, 2)),
        ("peak MB until then", lambda p: f"{p.costs.start_up.peak_rss_mb.median:.0f}"),
        ("peak MB with pictures of 12 MP", _peak_after_large),
    ]


def _pad_ms(pack: PackResult) -> str:
    return f"{sum(one.cpu_ms.p50 for one in pack.costs.networks[2:]):.1f}"


def _pair(pack: PackResult) -> str:
    cpu_ms, ratio = pack.costs.pair.cpu_ms, pack.costs.pair.cpu_over_ours
    words = f"{ratio.median:.2f} [{ratio.lower_95:.2f}, {ratio.upper_95:.2f}]"
    return f"{cpu_ms.p50:.0f} ({words})"


def _peak_after_large(pack: PackResult) -> str:
    return f"{pack.costs.start_up.peak_rss_after_12_mp_mb.median:.0f}"


def _interval(interval: Interval, digits: int) -> str:
    low, high = f"{interval.lower_95:.{digits}f}", f"{interval.upper_95:.{digits}f}"
    return f"{interval.median:.{digits}f} [{low}, {high}]"


def _costs_words(report: PackReport) -> str:
    models = "; ".join(
        f"{name}: {', '.join(f'`{one.model_id}`' for one in pack.costs.networks)}"
        for name, pack in report.packs.items()
    )
    costs = next(iter(report.packs.values())).costs
    return (
        f"The packs took turns: medians of {costs.networks[0].cpu_ms.n} runs of each network on "
        f"one thread, {costs.pair.cpu_ms.n} whole pairs of a 2 MP selfie and card, and "
        f"{costs.start_up.wall_s.n} fresh processes. Their networks are {models}.{_busy(report)}"
    )


def _busy(report: PackReport) -> str:
    """A warning where other work held the processors up, which CPU time hardly shows."""
    load = max(report.circumstances.load_average[0], report.load_average_after[0])
    if load <= report.circumstances.cores:
        return ""
    return (
        f" Other work kept the machine busy (load average up to {load:.0f} on "
        f"{report.circumstances.cores} cores): the seconds to the first decision are too long by "
        "far, the CPU seconds are not."
    )


def _groups_words(report: PackReport) -> str:
    first = next(iter(report.packs.values())).held_out
    return (
        "False match rates [95 %] between different people of one group, on the fifth of the pool "
        "that none of our models was trained on, at the threshold of each pack where all LFW pairs "
        f"have FMR {first.at[0].lfw_fmr:g}. One picture a person ({first.doubles:,} pictures of "
        "people who stand there already were dropped), pairs within one source. The intervals take "
        "pairs as independent, which pairs that share a picture are not quite."
    )


def _groups_side_by_side(report: PackReport) -> str:
    held_out = [pack.held_out for pack in report.packs.values()]
    by_key = [{(one.kind, one.group): one for one in each.at[0].groups} for each in held_out]
    keys = sorted({key for groups in by_key for key in groups}, key=lambda key: order_of(*key))
    rows = [
        [_title(*key), _pairs(groups := [each.get(key) for each in by_key])]
        + [small_rate_words(one.fmr) if one else NO_GROUP for one in groups]
        for key in keys
        if key[0] in SIDE_BY_SIDE_KINDS
    ]
    for number, at in enumerate(held_out[0].at):
        title = (
            f"adults by sex and origin: highest over geometric mean, at LFW's FMR {at.lfw_fmr:g}"
        )
        cells = [_inequity(each.at[number].by_sex_and_origin) for each in held_out]
        rows.append([title, "", *cells])
    return table(["group", "pairs", *report.packs], rows)


def _title(kind: Kind, group: str) -> str:
    words = ", ".join(group.split("/"))
    return {
        "age and sex": f"ages {words}",
        "sex and origin of adults": f"adults, {words}",
        "unlabelled": f"ages unknown ({words})",
    }.get(kind, words)


def _pairs(groups: Sequence[GroupFmr | None]) -> str:
    return f"{max(one.fmr.trials for one in groups if one):,}"


def _inequity(inequity: Inequity | None) -> str:
    if inequity is None:
        return NO_GROUP
    return f"{inequity.max_over_geometric_mean:.1f} ({inequity.groups} groups)"


def _held_out_words(pack: str, held_out: HeldOut) -> str:
    failed = held_out.failed_to_acquire
    return (
        f"False matches of the {pack} pack between different people of one group, on the fifth of "
        f"the pool that none of our models was trained on: {failed.trials:,} pictures after "
        f"{held_out.doubles:,} of people shown twice were dropped, {failed.errors:,} of them "
        "without a usable face. Pairs are formed within one source."
    )


def _inequities(at: AtThreshold) -> str:
    kinds = {
        "sex and origin": at.by_sex_and_origin,
        "age, sex and origin": at.by_age_sex_and_origin,
    }
    words = [
        f"{one.max_over_geometric_mean:.1f} over {one.groups} groups by {kind} (worst: {one.worst})"
        for kind, one in kinds.items()
        if one is not None
    ]
    return f"Highest over geometric mean of adult groups: {'; '.join(words) or NO_GROUP}."
