"""What was measured: quality bars, liveness, and the score on its scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fvs.explain.theme import (
    AMBER,
    BLUE,
    GREEN,
    INK,
    MUTED,
    OUTCOME_COLOURS,
    RED,
    TRACK,
    WHITE,
    Area,
)

if TYPE_CHECKING:
    from fvs.decide import DecisionPolicy
    from fvs.engine import Samples, Verifications
    from fvs.explain.theme import Colour, Sheet

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


def draw_quality(sheet: Sheet, area: Area, probe: Samples, reference: Samples, row: int) -> None:
    """A bar per component and picture; red where it refuses the capture."""
    inside = sheet.panel(area, "Quality, 0 worst to 100 best (red refuses the picture)")
    components = probe.quality.components
    names = inside.width * NAME_SHARE
    half = (inside.width - names) / 2
    step = (inside.height - 18) / max(1, len(components))
    for column, (title, samples) in enumerate((("selfie", probe), ("card", reference))):
        left = inside.left + names + column * half
        sheet.text(left, inside.top - 4, title, 14, MUTED, "semibold")
        for k in range(len(components)):
            y = inside.top + 18 + (k + 0.5) * step
            _draw_measure(sheet, Area(left, y, left + half - 14, y), samples, row, k)
    for k, name in enumerate(components):
        y = inside.top + 18 + (k + 0.5) * step
        sheet.text(inside.left, y, _spaced(name), 14, INK, anchor="lm")


def _draw_measure(sheet: Sheet, line: Area, samples: Samples, row: int, k: int) -> None:
    scalar = float(samples.quality.scalar[row, k])
    refused = bool(samples.quality.refused[row, k])
    middle = BAR_HEIGHT_PX / 2
    bar = Area(line.left, line.top - middle, line.right - FIGURE_WIDTH_PX, line.top + middle)
    if math.isnan(scalar):
        sheet.draw.rounded_rectangle(bar.xyxy, middle, fill=TRACK)
        sheet.text(line.right, line.top, "-", 13, MUTED, anchor="rm")
        return
    colour = RED if refused else BLUE
    sheet.bar(bar, scalar / 100, colour)
    figure = colour if refused else MUTED
    sheet.text(line.right, line.top, f"{scalar:.0f}", 13, figure, anchor="rm")


def _spaced(name: str) -> str:
    """`inter_eye_distance` -> `Inter eye distance`."""
    return name.replace("_", " ").capitalize()


def draw_liveness(
    sheet: Sheet, area: Area, samples: Samples, row: int, policy: DecisionPolicy
) -> None:
    """The selfie's live probability with the threshold, or why there is none."""
    inside = sheet.panel(area, "Liveness of the selfie (PAD)")
    probability = float(samples.liveness.live_probability[row])
    threshold = None if policy.pad is None else policy.pad.threshold
    bar = Area(inside.left, inside.top + 34, inside.right, inside.top + 48)
    if math.isnan(probability):
        sheet.draw.rounded_rectangle(bar.xyxy, bar.height / 2, fill=TRACK)
        sheet.text(inside.left, inside.top - 2, "not assessed", 20, MUTED, "semibold")
        return
    verdict, colour = _liveness_verdict(probability, threshold)
    sheet.bar(bar, probability, colour)
    sheet.text(inside.left, inside.top - 2, f"{probability:.3f}", 22, colour, "bold")
    if threshold is not None:
        x = bar.left + threshold * bar.width
        sheet.draw.line((x, bar.top - 5, x, bar.bottom + 5), fill=INK, width=2)
        sheet.text(x, bar.bottom + 6, f"threshold {threshold:g}", 13, MUTED, anchor="ma")
    sheet.text(inside.right, inside.top + 2, verdict, 16, colour, "semibold", anchor="ra")
    sheet.text(inside.left, inside.bottom - 14, "probability of a live person", 13, MUTED)


def _liveness_verdict(probability: float, threshold: float | None) -> tuple[str, Colour]:
    if threshold is None:
        return "not required", BLUE
    # In float32, as the decision compares them.
    is_live = np.float32(probability) >= np.float32(threshold)
    return ("live", GREEN) if is_live else ("attack suspected", RED)


def draw_score(
    sheet: Sheet, area: Area, verifications: Verifications, row: int, policy: DecisionPolicy
) -> None:
    """The score on the scale of cosines, with what each zone means at this operating point."""
    target = policy.point.target_fmr
    inside = sheet.panel(
        area, f"Score (cosine); at FMR {target:g} at most 1 stranger in {1 / target:,.0f} passes"
    )
    track = Area(inside.left, inside.top + 46, inside.right, inside.top + 46 + SCALE_HEIGHT_PX)
    threshold = float(verifications.decisions.threshold[row])
    _draw_zones(sheet, track, threshold, policy.point.threshold)
    for tick in np.arange(SCALE_FROM, SCALE_TO + TICK_EVERY / 2, TICK_EVERY):
        x = _at(track, tick)
        sheet.draw.line((x, track.bottom, x, track.bottom + 5), fill=MUTED)
        sheet.text(x, track.bottom + 7, f"{tick:.1f}", 13, MUTED, anchor="ma")
    _draw_marker(sheet, track, verifications, row)


def _draw_zones(sheet: Sheet, track: Area, threshold: float, adult_threshold: float) -> None:
    """Red below the adult threshold, green from the subject's own, amber in between."""
    own = SCALE_TO if math.isnan(threshold) else threshold
    first, second = _at(track, adult_threshold), _at(track, max(own, adult_threshold))
    edges = (track.left, first, second, track.right)
    for start, end, colour in zip(edges[:-1], edges[1:], (RED, AMBER, GREEN), strict=True):
        if end > start:
            sheet.draw.rectangle((start, track.top, end, track.bottom), fill=_pale(colour))
    if math.isnan(threshold):
        words, x = "no threshold holds at this age", first
    else:
        words, x = f"threshold {threshold:.3f}", second
    sheet.draw.line((x, track.top - 7, x, track.bottom + 5), fill=INK, width=2)
    sheet.text(x, track.bottom + 24, words, 14, INK, "semibold", anchor="ma")


def _draw_marker(sheet: Sheet, track: Area, verifications: Verifications, row: int) -> None:
    score = float(verifications.scores.similarity[row])
    if math.isnan(score):
        sheet.text(track.left, track.top - 44, "no score", 22, MUTED, "semibold")
        return
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
