"""Presentation attacks (ISO/IEC 30107-3): species by species, never pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Figure, Paragraph, Section, Table
from fvs.report.figures.groups import Bar, BarLabels, draw_bars
from fvs.report.sections.tables import columns, interval_words, number, plain

if TYPE_CHECKING:
    from fvs.report.document import Block
    from fvs.report.evidence import Evidence
    from fvs.report.pad import PadEvidence
    from fvs.report.words import Words

__all__ = ["pad_section"]

IAPAR_LIMIT = 0.07


def pad_section(evidence: Evidence, words: Words) -> Section:
    """APCER of each species and its maximum, BPCER beside it; or that nothing was measured."""
    pad = evidence.pad
    if pad is None:
        missing = Paragraph(words("pad_missing"))
        return Section(name="pad", title=words("pad"), blocks=(missing,))
    threshold = f"{pad.threshold:g}"
    intro = Paragraph(words("pad_intro", system=pad.system, threshold=threshold))
    notes = [intro, Paragraph(words("pad_caveat"))]
    in_force = None if evidence.certificate is None else evidence.certificate.pad
    if in_force is not None and in_force.threshold != pad.threshold:
        values = {"in_force": f"{in_force.threshold:g}", "threshold": threshold}
        notes.append(Paragraph(words("pad_other_threshold", **values)))
    tables = (_species_table(pad, words), _live_table(pad, words))
    blocks: tuple[Block, ...] = (*notes, _figure(pad, words), *tables)
    return Section(name="pad", title=words("pad"), blocks=blocks)


def _figure(pad: PadEvidence, words: Words) -> Figure:
    name = f"apcer-{words.language}"
    bars = [Bar(species, rate, held_out) for species, rate, held_out in pad.apcer]
    labels = BarLabels(
        axis=words("apcer_axis"),
        first=words("species_known"),
        second=words("species_held_out"),
        limit=words("limit_is", limit=f"{100 * IAPAR_LIMIT:g} %"),
    )
    worst = max(bars, key=lambda bar: bar.rate.point)
    return Figure(
        name=name,
        svg=draw_bars(bars, labels, IAPAR_LIMIT, name),
        alt=words("apcer_alt", n=len(bars), worst=worst.name, rate=interval_words(worst.rate)),
        caption=words("apcer_caption"),
    )


def _species_table(pad: PadEvidence, words: Words) -> Table:
    return Table(
        caption=words("apcer_table_caption"),
        columns=columns(words, "species", "seen_in_training", "trials", "apcer", numbers_from=2),
        rows=tuple(
            plain(
                species,
                words("no") if held_out else words("yes"),
                number(rate.trials),
                interval_words(rate),
            )
            for species, rate, held_out in pad.apcer
        ),
    )


def _live_table(pad: PadEvidence, words: Words) -> Table:
    return Table(
        caption=words("bpcer_table_caption"),
        columns=columns(words, "live_pictures", "trials", "bpcer"),
        rows=tuple(
            plain(name, number(rate.trials), interval_words(rate)) for name, rate in pad.bpcer
        ),
    )
