"""One picture that shows what was seen, what was measured, and why the answer is what it is.

For people who look rather than read. Importing this package needs Pillow (extra `demo`); the
engine never imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.answer import answer_verification
from fvs.explain.charts import draw_liveness, draw_quality, draw_score
from fvs.explain.pictures import draw_crops, draw_sample
from fvs.explain.theme import INK, MUTED, OUTCOME_COLOURS, WHITE, Area, Sheet
from fvs.lettering import has_thai
from fvs.status import Outcome

if TYPE_CHECKING:
    from fvs.answer import VerificationAnswer
    from fvs.decide import DecisionPolicy
    from fvs.engine import Verifications
    from fvs.records import Pixels

__all__ = ["draw_explanation"]

WIDTH_PX = 1400
HEIGHT_PX = 900

HEADER = Area(0, 0, WIDTH_PX, 84)
SELFIE = Area(20, 100, 440, 500)
CARD = Area(456, 100, 1036, 500)
CROPS = Area(1052, 100, 1380, 330)
LIVENESS = Area(1052, 346, 1380, 500)
QUALITY = Area(20, 516, 700, 880)
SCORE = Area(716, 516, 1380, 692)
REASONS = Area(716, 708, 1380, 880)

MOST_REASONS = 2
"""As many as there is room for; the gravest come first."""


def draw_explanation(verifications: Verifications, row: int, policy: DecisionPolicy) -> Pixels:
    """Draw one verification, whatever its outcome.

    Args:
        verifications: as `Engine.verify` or `Engine.compare` returned them.
        row: which.
        policy: that decided them.

    Returns:
        (900, 1400, 3) uint8.
    """
    answer = answer_verification(verifications, row, policy)
    probes, references = verifications.probes, verifications.references
    sheet = Sheet(WIDTH_PX, HEIGHT_PX)
    _draw_header(sheet, answer)
    draw_sample(sheet, SELFIE, "Selfie", probes, row)
    draw_sample(sheet, CARD, "ID card", references, row)
    draw_crops(sheet, CROPS, probes, references, row)
    draw_liveness(sheet, LIVENESS, probes, row, policy)
    draw_quality(sheet, QUALITY, probes, references, row)
    draw_score(sheet, SCORE, verifications, row, policy)
    _draw_reasons(sheet, answer)
    return sheet.pixels_rgb


def _draw_header(sheet: Sheet, answer: VerificationAnswer) -> None:
    outcome = Outcome(answer.outcome)
    sheet.draw.rectangle(HEADER.xyxy, fill=OUTCOME_COLOURS[outcome])
    middle = HEADER.height / 2
    words = outcome.replace("_", " ").upper()
    sheet.text(28, middle, words, 46, WHITE, "bold", anchor="lm")
    right = WIDTH_PX - 28
    score = _score_in_words(answer)
    facts = f"FMR {answer.target_fmr:g} · {answer.embedder}"
    if outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_COMPARED) and answer.reasons:
        headline, facts = answer.reasons[0].code.replace("_", " "), f"{score} · {facts}"
    else:
        headline = score
    sheet.text(right, middle - 12, headline, 22, WHITE, "semibold", anchor="rm")
    sheet.text(right, middle + 16, facts, 16, WHITE, anchor="rm")


def _score_in_words(answer: VerificationAnswer) -> str:
    if answer.score is None:
        return "no score"
    score = f"score {answer.score:.3f}"
    if answer.threshold is None:
        return f"{score}, no threshold at this age"
    sign = "≥" if answer.score >= answer.threshold else "<"
    return f"{score} {sign} threshold {answer.threshold:.3f}"


def _draw_reasons(sheet: Sheet, answer: VerificationAnswer) -> None:
    inside = sheet.panel(REASONS, "Reasons, and what to do")
    if not answer.reasons:
        sheet.text(inside.left, inside.top, "None: the claim is accepted.", 18)
    y = inside.top - 4
    for reason in answer.reasons[:MOST_REASONS]:
        code = f"{reason.about}: {reason.code}"
        sheet.text(inside.left, y, code, 15, INK, "semibold")
        y = sheet.fitted(Area(inside.left, y + 20, inside.right, y), reason.english, 15, MUTED)
        if has_thai():
            y = sheet.fitted(Area(inside.left, y, inside.right, y), reason.thai, 15, MUTED)
        y += 6
    more = len(answer.reasons) - MOST_REASONS
    if more > 0:
        sheet.text(REASONS.right - 16, REASONS.top + 12, f"and {more} more", 14, MUTED, anchor="ra")
