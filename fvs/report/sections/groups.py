"""Error rates by group: whom the system confuses, and whom it refuses (ISO/IEC 19795-10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.metrics.differentials import max_over_geometric_mean
from fvs.report.document import Figure, Paragraph, Section, Table
from fvs.report.figures.groups import Bar, BarLabels, draw_bars
from fvs.report.sections.tables import columns, interval_words, number, plain, rate_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.operating_points import BandEvidence, OperatingPoint, Rate
    from fvs.report.document import Block
    from fvs.report.evidence import Evidence
    from fvs.report.words import Words

__all__ = ["groups_section"]


@dataclass(frozen=True)
class _Group:
    """What either source, scores or the pack, knows of one group."""

    name: str
    subjects: int
    fmr: Rate | None
    fnmr: Rate | None = None
    is_minor: bool = False


def groups_section(evidence: Evidence, words: Words) -> Section | None:
    """FMR and, where scores tell it, FNMR of each group; and the pack's ages."""
    groups = _groups_of(evidence)
    if not groups:
        return None
    blocks: list[Block] = [Paragraph(words("groups_intro"))]
    compared = [group for group in groups if group.fmr is not None]
    if compared:
        blocks += [_figure(compared, evidence, words), Paragraph(_spread(compared, words))]
    blocks.append(_table(groups, words))
    if evidence.point is not None:
        blocks.append(_band_table(evidence.point, words))
    return Section(name="groups", title=words("groups"), blocks=tuple(blocks))


def _groups_of(evidence: Evidence) -> list[_Group]:
    if evidence.measures is not None and evidence.measures.groups:
        return [
            _Group(
                group.name,
                group.subjects,
                None if group.fmr is None else group.fmr.rate,
                None if group.fnmr is None else group.fnmr.rate,
            )
            for group in evidence.measures.groups
        ]
    if evidence.point is None:
        return []
    return [
        _Group(group.group, group.subjects, group.fmr, is_minor=not group.adult)
        for group in evidence.point.groups
    ]


def _figure(groups: Sequence[_Group], evidence: Evidence, words: Words) -> Figure:
    name = f"groups-{words.language}"
    ordered = sorted(groups, key=lambda group: (group.is_minor, group.name))
    bars = [Bar(g.name, g.fmr, g.is_minor) for g in ordered if g.fmr is not None]
    target = None if evidence.point is None else evidence.point.target_fmr
    labels = BarLabels(
        axis=words("group_fmr_axis"),
        first=words("adults") if any(bar.is_second for bar in bars) else words("det"),
        second=words("minors"),
        limit="" if target is None else words("target_is", target=f"{target:g}"),
    )
    highest = max(bars, key=lambda bar: bar.rate.point)
    return Figure(
        name=name,
        svg=draw_bars(bars, labels, target, name),
        alt=words("groups_alt", n=len(bars), worst=highest.name, rate=interval_words(highest.rate)),
        caption=words("groups_caption"),
    )


def _spread(groups: Sequence[_Group], words: Words) -> str:
    """Highest over geometric mean, of adults where that is known."""
    rates = [g.fmr.point for g in groups if g.fmr is not None and not g.is_minor]
    ratio = max_over_geometric_mean(rates)
    if not math.isfinite(ratio):
        zero = sum(rate == 0.0 for rate in rates)
        return words("spread_undefined", zero=zero, n=len(rates))
    return words("spread", ratio=f"{ratio:.1f}", n=len(rates))


def _table(groups: Sequence[_Group], words: Words) -> Table:
    rows = tuple(
        plain(
            group.name,
            number(group.subjects),
            number(None if group.fmr is None else group.fmr.trials),
            "-" if group.fmr is None else interval_words(group.fmr),
            "-" if group.fnmr is None else interval_words(group.fnmr),
        )
        for group in groups
    )
    has_fnmr = any(group.fnmr is not None for group in groups)
    keys = ("group", "subjects", "non_mated_column", "fmr_column", "fnmr_column")
    shown = len(keys) if has_fnmr else len(keys) - 1
    return Table(
        caption=words("groups_table_caption"),
        columns=columns(words, *keys[:shown]),
        rows=tuple(row[:shown] for row in rows),
    )


def _band_table(point: OperatingPoint, words: Words) -> Table:
    return Table(
        caption=words("bands_caption", target=f"{point.target_fmr:g}"),
        columns=columns(words, "age_band", "threshold", "band_says", numbers_from=3),
        rows=tuple(
            plain(_band_name(band), _band_threshold(band), _band_words(band, words))
            for band in point.bands
        ),
    )


def _band_name(band: BandEvidence) -> str:
    return f"{band.band.name} {band.sex}".strip()


def _band_threshold(band: BandEvidence) -> str:
    return "-" if band.threshold is None else f"{band.threshold:.4f}"


def _band_words(band: BandEvidence, words: Words) -> str:
    if band.threshold is None:
        return words("band_not_supported", reason=band.reason)
    rate = "-" if band.fmr is None else rate_words(band.fmr.upper_95)
    return words("band_held", group=band.worst_group, upper=rate)
