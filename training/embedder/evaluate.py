"""Step 4: the student beside its teacher on LFW and on held-out pool pictures, as Markdown.

`python -m training.embedder.evaluate --shared ../shared --data RUNS/data --student STUDENT.onnx`
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.metrics.folds import fold_accuracy
from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.rates import Sweep
from training.embedder.lists import person_of
from training.embedder.material import open_material
from training.embedder.teacher import STUDENT_PIXELS, OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fvs.operating_points import Rate
    from fvs.records import F32
    from training.embedder.data import Label
    from training.embedder.material import Pairs

__all__ = ["GROUPS", "Report", "evaluate", "inequity", "main"]

OPERATING_FMRS = (1e-3, 1e-4)
"""FMRs on all pairs of LFW whose thresholds are carried over to the pool's groups."""

ADULTS = "adults 20-59, "


def _aged(low: float, high: float) -> Callable[[Label], bool]:
    return lambda label: low <= label.age < high


def _adults(region: str, sex: str) -> Callable[[Label], bool]:
    return lambda label: 20 <= label.age < 60 and (label.region, label.sex) == (region, sex)  # noqa: PLR2004


GROUPS: Mapping[str, Callable[[Label], bool]] = {
    "ages 0-1": _aged(0, 2),
    "ages 2-12": _aged(2, 13),
    "ages 13-19": _aged(13, 20),
    "ages 20-39": _aged(20, 40),
    "ages 40-59": _aged(40, 60),
    "ages 60 and over": _aged(60, 200),
    **{
        f"{ADULTS}{region}, {sex}": _adults(region, sex)
        for region in ("east-asian", "white", "indian")
        for sex in ("female", "male")
    },
}
"""Groups within which FMR is counted; those of fewer than a few hundred pictures say little."""


class Report(NamedTuple):
    """Error rates of one embedder; `fmr` is per operating FMR and group."""

    accuracy: float
    accuracy_error: float
    fnmr: dict[str, float]
    thresholds: dict[float, float]
    fmr: dict[float, dict[str, Rate]]


def evaluate(lfw: F32, files: list[str], pairs: Pairs, heldout: F32, labels: list[Label]) -> Report:
    """All rates from unit embeddings of the LFW pictures and of held-out pool pictures."""
    products = lfw[pairs.first] * lfw[pairs.second]
    scores = products.sum(axis=1, dtype=np.float64).astype(np.float32)
    accuracy = fold_accuracy(scores, pairs.is_mated, pairs.fold)
    people = [person_of(file) or file for file in files]
    every = compare_all_pairs(lfw, np.unique(people, return_inverse=True)[1])
    protocol = Sweep.of(scores[pairs.is_mated], scores[~pairs.is_mated])
    whole = Sweep.of(every.mated, every.non_mated)
    fnmr = {f"6,000 pairs, FMR {f:g}": protocol.fnmr_at_fmr(f).point for f in (1e-2, 1e-3)}
    fnmr |= {f"all pairs, FMR {f:g}": whole.fnmr_at_fmr(f).point for f in (1e-3, 1e-4)}
    thresholds = {fmr: whole.threshold_at_fmr(fmr) for fmr in OPERATING_FMRS}
    groups = {
        name: compare_all_pairs(heldout[[belongs(label) for label in labels]]).non_mated
        for name, belongs in GROUPS.items()
    }
    fmr = {
        nominal: {name: tail.fmr_at(t) for name, tail in groups.items() if tail.trials}
        for nominal, t in thresholds.items()
    }
    return Report(accuracy.mean, accuracy.standard_error, fnmr, thresholds, fmr)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--student", type=Path, required=True)
    args = parser.parse_args()
    material = open_material(args.shared, args.data)
    network = OnnxEmbedder(args.student, STUDENT_PIXELS)
    student = network.embed(material.lfw), network.embed(material.heldout)
    teacher = material.lfw_teacher, material.heldout_teacher
    reports = {
        name: evaluate(lfw, material.files, material.pairs, heldout, material.labels)
        for name, (lfw, heldout) in {"student": student, "teacher": teacher}.items()
    }
    sys.stdout.write("\n".join(_table(reports)) + "\n")


def _table(reports: Mapping[str, Report]) -> list[str]:
    first = next(iter(reports.values()))
    columns = list(reports.values())
    lines = [f"| | {' | '.join(reports)} |", f"|---|{'---|' * len(columns)}"]

    def add(title: str, cells: list[str]) -> None:
        lines.append(f"| {title} | {' | '.join(cells)} |")

    errors = [f"{r.accuracy:.4f} ± {r.accuracy_error:.4f}" for r in columns]
    add("LFW accuracy, 10 folds", errors)
    for name in first.fnmr:
        add(f"LFW FNMR, {name}", [f"{r.fnmr[name]:.4f}" for r in columns])
    for nominal in first.fmr:
        add(f"threshold, LFW FMR {nominal:g}", [f"{r.thresholds[nominal]:.3f}" for r in columns])
        for name, rate in first.fmr[nominal].items():
            rates = [_with_interval(r.fmr[nominal][name]) for r in columns]
            add(f"FMR there, {name} ({rate.trials:,} pairs)", rates)
        add(f"max / geometric mean over adult groups, {nominal:g}", [
            f"{inequity(r.fmr[nominal]):.1f}" for r in columns
        ])  # fmt: skip
    return lines


def _with_interval(rate: Rate) -> str:
    return f"{rate.point:.2e} [{rate.lower_95:.2e}, {rate.upper_95:.2e}]"


def inequity(fmr: Mapping[str, Rate]) -> float:
    """Maximum of FMR over its geometric mean (ISO/IEC 19795-10); no match counts as half a one."""
    adults = [rate for name, rate in fmr.items() if name.startswith(ADULTS)]
    rates = [max(rate.errors, 0.5) / rate.trials for rate in adults]
    return float(max(rates) / np.exp(np.mean(np.log(rates)))) if rates else float("nan")


if __name__ == "__main__":
    main()
