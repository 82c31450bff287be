"""What was measured: quality bars, liveness, and the score on its scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.explain.theme import (
    AMBER,
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    OUTCOME_COLOURS,
    RED,
    TRACK,
    WHITE,
    Area,
)
from fvs.quality import QualityPolicy
from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from fvs.decide import DecisionPolicy
    from fvs.engine import Samples, Verifications
    from fvs.explain.theme import Colour, Sheet
    from fvs.records import Quality

__all__ = ["draw_liveness", "draw_quality", "draw_score"]

SCALE_FROM = -0.2
SCALE_TO = 1.0
"""Cosines of faces lie within; what lies outside is drawn at the edge."""
SCALE_HEIGHT_PX = 30
TICK_EVERY = 0.2
PALE = 0.72
"""Share of white in the zones behind the score."""

BAR_HEIGHT_PX = 9
NAME_SHARE = 0.34
"""Width of the component names over the panel's."""
FIGURE_WIDTH_PX = 34

NO_LIVENESS = "Liveness was not required"
NO_THRESHOLD = "no threshold holds at this age"


def draw_quality(sheet: Sheet, area: Area, probe: Samples, reference: Samples, row: int) -> None:
    """A bar per component and picture; red where it refuses, grey where it never could."""
    inside = sheet.panel(
        area, "Quality, 0 worst to 100 best; red: refuses the picture; grey: information only"
    )
    components = probe.quality.components
    policies = QualityPolicy.for_selfie(), QualityPolicy.for_card_portrait()
    names = inside.width * NAME_SHARE
    half = (inside.width - names) / 2
    step = (inside.height - 18) / max(1, len(components))
    tops = [inside.top + 18 + (k + 0.5) * step for k in range(len(components))]
    sides = zip(("selfie", "card"), (probe, reference), policies, strict=True)
    for column, (title, samples, policy) in enumerate(sides):
        left = inside.left + names + column * half
        sheet.text(left, inside.top - 4, title, 14, MUTED, "semibold")
        for k, y in enumerate(tops):
            line = Area(left, y, left + half - 14, y)
            _draw_measure(sheet, line, samples.quality, (row, k), policy)
    for name, y in zip(components, tops, strict=True):
        may_refuse = any(policy.minimum(name) > 0 for policy in policies)
        sheet.text(inside.left, y, _spaced(name), 14, INK if may_refuse else MUTED, anchor="lm")


def _draw_measure(
    sheet: Sheet, line: Area, quality: Quality, cell: tuple[int, int], policy: QualityPolicy
) -> None:
    scalar = float(quality.scalar[cell])
    middle = BAR_HEIGHT_PX / 2
    bar = Area(line.left, line.top - middle, line.right - FIGURE_WIDTH_PX, line.top + middle)
    if math.isnan(scalar):
        sheet.draw.rounded_rectangle(bar.xyxy, middle, fill=TRACK)
        sheet.text(line.right, line.top, "-", 13, MUTED, anchor="rm")
        return
    if quality.refused[cell]:
        fill, figure = RED, RED
    elif policy.minimum(quality.components[cell[1]]) > 0:
        fill, figure = BLUE, INK
    else:
        fill, figure = FAINT, MUTED
    sheet.bar(bar, scalar / 100, fill)
    sheet.text(line.right, line.top, f"{scalar:.0f}", 13, figure, anchor="rm")


def _spaced(name: str) -> str:
    """`inter_eye_distance` -> `Inter eye distance`."""
    return name.replace("_", " ").capitalize()


def draw_liveness(
    sheet: Sheet, area: Area, verifications: Verifications, row: int, policy: DecisionPolicy
) -> None:
    """The selfie's live probability, and what followed from it: often nothing."""
    inside = sheet.panel(area, "Liveness of the selfie (PAD)")
    liveness = verifications.probes.liveness
    probability = float(liveness.live_probability[row])
    is_assessed = liveness.status[row] == Status.OK and not math.isnan(probability)
    bar = Area(inside.left, inside.top + 34, inside.right, inside.top + 48)
    caption = NO_LIVENESS if policy.pad is None else "probability of a live person"
    sheet.text(inside.left, inside.bottom - 14, caption, 13, MUTED)
    if not is_assessed:
        sheet.draw.rounded_rectangle(bar.xyxy, bar.height / 2, fill=TRACK)
        sheet.text(inside.left, inside.top - 2, "not assessed", 20, MUTED, "semibold")
        return
    if policy.pad is None or verifications.decisions.outcome[row] is Outcome.NOT_COMPARED:
        verdict, fill, ink = "not judged", FAINT, MUTED
    else:
        verdict, fill = _liveness_verdict(probability, policy.pad.threshold)
        ink = fill
        _draw_pad_threshold(sheet, bar, policy.pad.threshold)
    sheet.bar(bar, probability, fill)
    sheet.text(inside.left, inside.top - 2, f"{probability:.3f}", 22, ink, "bold")
    sheet.text(inside.right, inside.top + 2, verdict, 16, ink, "semibold", anchor="ra")


def _liveness_verdict(probability: float, threshold: float) -> tuple[str, Colour]:
    # In float32, as the decision compares them.
    is_live = np.float32(probability) >= np.float32(threshold)
    return ("live", GREEN) if is_live else ("attack suspected", RED)


def _draw_pad_threshold(sheet: Sheet, bar: Area, threshold: float) -> None:
    x = bar.left + threshold * bar.width
    sheet.draw.line((x, bar.top - 5, x, bar.bottom + 5), fill=INK, width=2)
    sheet.text(x, bar.bottom + 6, f"threshold {threshold:g}", 13, MUTED, anchor="ma")


def draw_score(
    sheet: Sheet, area: Area, verifications: Verifications, row: int, policy: DecisionPolicy
) -> None:
    """The score on the scale of cosines, with what each zone means at this operating point.

    Without a threshold nothing is promised of any score, so that no zone is drawn; pictures that
    were not compared have no score, whatever number their record holds.
    """
    target = policy.point.target_fmr
    threshold = float(verifications.decisions.threshold[row])
    title = f"Score (cosine); at FMR {target:g} at most 1 stranger in {1 / target:,.0f} passes"
    inside = sheet.panel(area, "Score (cosine)" if math.isnan(threshold) else title)
    track = Area(inside.left, inside.top + 46, inside.right, inside.top + 46 + SCALE_HEIGHT_PX)
    if math.isnan(threshold):
        middle = (track.left + track.right) / 2
        sheet.draw.rectangle(track.xyxy, fill=TRACK)
        sheet.text(middle, track.bottom + 24, NO_THRESHOLD, 14, INK, "semibold", anchor="ma")
    else:
        _draw_zones(sheet, track, threshold, policy)
        _draw_threshold(sheet, track, threshold)
    for tick in np.arange(SCALE_FROM, SCALE_TO + TICK_EVERY / 2, TICK_EVERY):
        x = _at(track, tick)
        sheet.draw.line((x, track.bottom, x, track.bottom + 5), fill=MUTED)
        sheet.text(x, track.bottom + 7, f"{tick:.1f}", 13, MUTED, anchor="ma")
    if verifications.decisions.outcome[row] is Outcome.NOT_COMPARED:
        sheet.text(track.left, track.top - 44, "not compared", 22, MUTED, "semibold")
    else:
        _draw_marker(sheet, track, verifications, row)


def _draw_zones(sheet: Sheet, track: Area, threshold: float, policy: DecisionPolicy) -> None:
    """Red: no match; green: match; amber: neither, for the age or for likeness beyond belief."""
    twice = policy.same_capture.threshold if policy.same_capture is not None else SCALE_TO
    adult = _at(track, policy.point.threshold)
    own = max(_at(track, threshold), adult)
    edges = (track.left, adult, own, max(_at(track, twice), own), track.right)
    colours = (RED, AMBER, GREEN, AMBER)
    for start, end, colour in zip(edges[:-1], edges[1:], colours, strict=True):
        if end > start:
            sheet.draw.rectangle((start, track.top, end, track.bottom), fill=_pale(colour))


def _draw_threshold(sheet: Sheet, track: Area, threshold: float) -> None:
    x = _at(track, threshold)
    words = f"threshold {threshold:.3f}"
    sheet.draw.line((x, track.top - 7, x, track.bottom + 5), fill=INK, width=2)
    sheet.text(x, track.bottom + 24, words, 14, INK, "semibold", anchor="ma")


def _draw_marker(sheet: Sheet, track: Area, verifications: Verifications, row: int) -> None:
    score = float(verifications.scores.similarity[row])
    colour = OUTCOME_COLOURS[verifications.decisions.outcome[row]]
    x = _at(track, score)
    tip = track.top + SCALE_HEIGHT_PX * 0.6
    sheet.draw.polygon(((x, tip), (x - 10, track.top - 8), (x + 10, track.top - 8)), fill=colour)
    label_x = min(max(x, track.left + 40), track.right - 40)
    sheet.text(label_x, track.top - 12, f"{score:.3f}", 26, colour, "bold", anchor="ms")


def _at(track: Area, value: float) -> float:
    share = (value - SCALE_FROM) / (SCALE_TO - SCALE_FROM)
    return track.left + min(max(share, 0.0), 1.0) * track.width


def _pale(colour: Colour) -> Colour:
    red, green, blue = (round(c + PALE * (w - c)) for c, w in zip(colour, WHITE, strict=True))
    return red, green, blue
