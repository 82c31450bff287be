"""What a score is worth as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Figure, Paragraph, Section
from fvs.report.figures.calibration import draw_entropy, draw_reliability
from fvs.report.sections.tables import number

if TYPE_CHECKING:
    from fvs.report.evidence import Evidence
    from fvs.report.words import Words

__all__ = ["calibration_section"]


def calibration_section(evidence: Evidence, words: Words) -> Section | None:
    """Cllr and its parts on people held out; nothing where there are too few of them."""
    measures = evidence.measures
    if measures is None or measures.calibration is None:
        return None
    calibration = measures.calibration
    quality = calibration.quality
    values = {
        "cllr": f"{quality.cllr:.3f}",
        "least": f"{quality.min_cllr:.3f}",
        "loss": f"{quality.calibration_loss:.3f}",
        "fitted": number(calibration.fitted_subjects),
        "subjects": number(quality.subjects),
        "mated": number(quality.mated),
        "non_mated": number(quality.non_mated),
    }
    figures = tuple(
        Figure(
            name=f"{key}-{words.language}",
            svg=draw(calibration, words, f"{key}-{words.language}"),
            alt=words(f"{key}_alt", **values),
            caption=words(f"{key}_caption"),
        )
        for key, draw in (("reliability", draw_reliability), ("entropy", draw_entropy))
    )
    intro = Paragraph(words("calibration_intro", **values))
    return Section(name="calibration", title=words("calibration"), blocks=(intro, *figures))
