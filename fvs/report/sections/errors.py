"""Error rates of scores: at the threshold, and at every other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Figure, Paragraph, Section, Table
from fvs.report.figures.errors import draw_det, draw_histogram, draw_rates
from fvs.report.figures.quality import draw_discard
from fvs.report.sections.tables import columns, interval_words, number, plain, rate_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.report.document import Block
    from fvs.report.evidence import Evidence
    from fvs.report.measures import ErrorMeasures
    from fvs.report.words import Words

__all__ = ["errors_section", "quality_section"]

EXAMPLE_SHARES = (0.05, 0.1, 0.2)


def errors_section(evidence: Evidence, words: Words) -> Section | None:
    """The curves of the scores; nothing where there are no scores."""
    measures = evidence.measures
    if measures is None:
        return None
    values = {
        "threshold": f"{measures.threshold:.4f}",
        "fmr": interval_words(measures.fmr.rate),
        "fnmr": interval_words(measures.fnmr.rate),
        "mated": number(measures.sweep.mated_trials),
        "non_mated": number(measures.sweep.non_mated_trials),
        "subjects": number(measures.subjects),
    }
    blocks: tuple[Block, ...] = (
        Paragraph(words("errors_intro", **values)),
        Paragraph(words(f"origin_{measures.origin}", target=f"{evidence.target_fmr:g}")),
        *([_targets_table(measures, words)] if measures.targets else []),
        *_figures(measures, words, values),
    )
    return Section(name="errors", title=words("errors"), blocks=blocks)


def quality_section(evidence: Evidence, words: Words) -> Section | None:
    """Error versus discard; nothing where no quality is known."""
    measures = evidence.measures
    if measures is None or measures.discard is None:
        return None
    name = f"edc-{words.language}"
    curve = measures.discard
    shares = ", ".join(
        words("edc_example", share=f"{100 * share:g} %", fnmr=rate_words(fnmr))
        for share, fnmr in zip(EXAMPLE_SHARES, curve.fnmr_at(EXAMPLE_SHARES), strict=True)
    )
    start = rate_words(float(curve.fnmr_at(0.0)))
    figure = Figure(
        name=name,
        svg=draw_discard(curve, words, name),
        alt=words("edc_alt", start=start, shares=shares),
        caption=words("edc_caption", pairs=number(curve.pairs)),
    )
    intro = Paragraph(words("edc_intro", start=start, shares=shares))
    return Section(name="quality", title=words("quality"), blocks=(intro, figure))


def _figures(measures: ErrorMeasures, words: Words, values: dict[str, str]) -> Iterator[Figure]:
    for key, draw in (("det", draw_det), ("rates", draw_rates), ("histogram", draw_histogram)):
        name = f"{key}-{words.language}"
        yield Figure(
            name=name,
            svg=draw(measures, words, name),
            alt=words(f"{key}_alt", **values),
            caption=words(f"{key}_caption", **values),
        )


def _targets_table(measures: ErrorMeasures, words: Words) -> Table:
    return Table(
        caption=words("targets_caption"),
        columns=columns(words, "target_fmr", "threshold", "fmr_column", "fnmr_column"),
        rows=tuple(
            plain(
                f"{target.target_fmr:g}",
                f"{target.threshold:.4f}",
                interval_words(target.fmr.rate),
                interval_words(target.fnmr.rate),
            )
            for target in measures.targets
        ),
    )
