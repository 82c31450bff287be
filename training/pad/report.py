"""Error rates from live probabilities, and the tables in which they are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fvs.metrics.intervals import rate
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads the annotations
from training.common.pool import EAST_ASIAN_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fvs.records import F64
    from training.pad.index import Face

__all__ = [
    "GROUPS", "Report", "Row", "by_group", "markdown", "passed", "refused", "threshold_for",
    "trade_off",
]  # fmt: skip


class Row(msgspec.Struct, frozen=True):
    """One line of a table: a rate per system."""

    name: str
    note: str
    rates: dict[str, Rate]


class Report(msgspec.Struct, frozen=True):
    """Everything that `evaluate` measured, ready for JSON; `sha256` is of each system's weights."""

    sha256: dict[str, list[str]]
    thresholds: dict[str, float]
    threshold_rule: str
    apcer: list[Row]
    bpcer: list[Row]
    bpcer_captured: list[Row]
    bpcer_near: list[Row]
    wear: list[Row]
    trade_off: list[dict[str, float]]
    agreement: dict[str, float]
    speed_ms: dict[str, float]
    demo: list[dict[str, float | str]]


def threshold_for(live: F64, bpcer: float) -> float:
    """The highest threshold, in steps of 0.01, at which at most this share of `live` is refused."""
    steps = np.arange(1, 100) / 100
    refused = (live[None, :] < steps[:, None]).mean(axis=1)
    fine = steps[refused <= bpcer]
    return float(fine[-1]) if len(fine) else float(steps[0])


def refused(live: Mapping[str, F64], thresholds: Mapping[str, float]) -> dict[str, Rate]:
    """BPCER: live pictures called attacks."""
    return {
        name: rate(int((values < thresholds[name]).sum()), len(values))
        for name, values in live.items()
    }


def passed(live: Mapping[str, F64], thresholds: Mapping[str, float]) -> dict[str, Rate]:
    """APCER: attacks called live."""
    return {
        name: rate(int((values >= thresholds[name]).sum()), len(values))
        for name, values in live.items()
    }


def _aged(low: float, high: float) -> Callable[[Face], bool]:
    return lambda face: low <= face.age < high


def _region(*groups: str) -> Callable[[Face], bool]:
    return lambda face: face.group in groups


def _source(name: str) -> Callable[[Face], bool]:
    return lambda face: face.source == name


GROUPS: Mapping[str, Callable[[Face], bool]] = {
    "all": lambda _: True,
    "all but utk (tight crops)": lambda face: face.source != "utk",
    **{f"source {name}": _source(name) for name in ("aaf", "lfw", "web", "utk")},
    "ages 0-12": _aged(0, 13),
    "ages 13-19": _aged(13, 20),
    "ages 20-39": _aged(20, 40),
    "ages 40-59": _aged(40, 60),
    "ages 60 and over": _aged(60, 200),
    "female": lambda face: face.sex == "female",
    "male": lambda face: face.sex == "male",
    "east-asian": _region(*EAST_ASIAN_GROUPS),
    **{name: _region(name) for name in ("white", "black", "indian", "other")},
}
"""Groups of which BPCER is counted; groups but east-asian are labelled in utk only."""


def by_group(
    faces: Sequence[Face], live: Mapping[str, F64], thresholds: Mapping[str, float]
) -> list[Row]:
    """BPCER of each group that has pictures."""
    rows = []
    for name, belongs in GROUPS.items():
        chosen = np.array([belongs(face) for face in faces], bool)
        if chosen.any():
            values = {system: v[chosen] for system, v in live.items()}
            rows.append(Row(name, "", refused(values, thresholds)))
    return rows


def trade_off(
    live: Mapping[str, F64], attacks: Mapping[str, Mapping[str, F64]], seen: Sequence[str]
) -> list[dict[str, float]]:
    """APCER of each system where its BPCER is 1, 2, 5, 10 and 20 per cent (a DET curve's points).

    Args:
        live: system -> live probability of live pictures.
        attacks: species -> system -> live probability.
        seen: species that were trained on.
    """
    points = []
    for bpcer in (0.01, 0.02, 0.05, 0.10, 0.20):
        point = {"bpcer": bpcer}
        for system, values in live.items():
            threshold = float(np.quantile(values, bpcer))
            share = {s: float((a[system] >= threshold).mean()) for s, a in attacks.items()}
            known = [share[s] for s in attacks if s in seen]
            new = [share[s] for s in attacks if s not in seen]
            point |= {
                f"{system} threshold": threshold,
                f"{system} mean seen": float(np.mean(known)),
                f"{system} mean held out": float(np.mean(new)),
                f"{system} worst": max(share.values()),
            }
        points.append(point)
    return points


def markdown(report: Report) -> str:
    """All tables."""
    systems = list(report.thresholds)
    lines = [report.threshold_rule, ""]
    lines += [f"* threshold of {name}: {value:.2f}" for name, value in report.thresholds.items()]
    for title, rows in (
        ("APCER by species", report.apcer),
        ("BPCER, pictures as they are", report.bpcer),
        ("BPCER, through the simulated camera", report.bpcer_captured),
        ("BPCER, through the simulated camera, filling the frame", report.bpcer_near),
        ("JPEG and scaling", report.wear),
    ):
        lines += ["", f"### {title}", "", *_table(rows, systems)]
    lines += ["", "### Trade-off", "", *_plain(report.trade_off)]
    lines += ["", "### Agreement and speed", ""]
    lines += [f"* {name}: {value:.3f}" for name, value in report.agreement.items()]
    lines += [f"* {name}: {value:.2f} ms" for name, value in report.speed_ms.items()]
    if report.demo:
        lines += ["", "### Demo cases, live probability", "", *_plain(report.demo)]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Row], systems: Sequence[str]) -> list[str]:
    lines = [f"| | n | {' | '.join(systems)} | |", f"|---|--:|{'---|' * len(systems)}---|"]
    for row in rows:
        first = next(iter(row.rates.values()))
        cells = [f"{r.point:.3f} [{r.lower_95:.3f}, {r.upper_95:.3f}]" for r in row.rates.values()]
        lines.append(f"| {row.name} | {first.trials:,} | {' | '.join(cells)} | {row.note} |")
    return lines


def _plain(rows: Sequence[Mapping[str, float | str]]) -> list[str]:
    if not rows:
        return []
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    for row in rows:
        cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
