"""Step 4: the student beside its teacher on LFW and on held-out pool pictures, as Markdown.

`python -m training.embedder.evaluate --shared ../shared --data RUNS/data --student STUDENT.onnx`
"""

from __future__ import annotations

import argparse
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.embedder.data import Pool
from training.embedder.lists import person_of
from training.embedder.metrics import (
    all_pairs,
    false_matches,
    fnmr_at_fmr,
    ten_fold_accuracy,
    threshold_at_fmr,
)
from training.embedder.prepare import inner
from training.embedder.teacher import STUDENT_PIXELS, OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fvs.records import F32, Bool, Int
    from training.embedder.data import Label

__all__ = ["GROUPS", "Pairs", "Report", "evaluate", "main", "read_pairs"]

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


class Pairs(NamedTuple):
    """The pairs of the protocol as rows of the evaluation pictures."""

    first: Int
    second: Int
    is_mated: Bool
    fold: Int


class Report(NamedTuple):
    """Error rates of one embedder; `fmr` is per operating FMR and group (matches, pairs)."""

    accuracy: float
    accuracy_error: float
    fnmr: dict[str, float]
    thresholds: dict[float, float]
    fmr: dict[float, dict[str, tuple[int, int]]]


def read_pairs(text: str, files: list[str]) -> Pairs:
    """LFW's `pairs.txt`: 10 folds of 300 mated, then 300 non-mated pairs."""
    row_of = {PurePosixPath(file).stem: row for row, file in enumerate(files)}
    lines = [line.split() for line in text.splitlines() if line.strip()]
    folds, per_kind = int(lines[0][0]), int(lines[0][1])
    rows = []
    for number, fields in enumerate(lines[1:]):
        mated = len(fields) == 3  # noqa: PLR2004 - "name 1 2", else "name 1 other 2"
        names = (fields[0], fields[0]) if mated else (fields[0], fields[2])
        numbers = (fields[1], fields[2] if mated else fields[3])
        stems = [f"{n}_{int(i):04d}" for n, i in zip(names, numbers, strict=True)]
        rows.append((row_of[stems[0]], row_of[stems[1]], mated, number // (2 * per_kind)))
    if len(rows) != folds * 2 * per_kind:
        raise ValueError(f"pairs.txt states {folds * 2 * per_kind} pairs and has {len(rows)}")
    first, second, mated_column, fold = (np.array(column) for column in zip(*rows, strict=True))
    return Pairs(first, second, mated_column.astype(bool), fold)


def evaluate(lfw: F32, files: list[str], pairs: Pairs, heldout: F32, labels: list[Label]) -> Report:
    """All rates from unit embeddings of the LFW pictures and of held-out pool pictures."""
    products = lfw[pairs.first] * lfw[pairs.second]
    scores = np.asarray(products.sum(axis=1, dtype=np.float64))
    accuracy, error = ten_fold_accuracy(scores, pairs.is_mated, pairs.fold)
    people = [person_of(file) or file for file in files]
    every = all_pairs(lfw, np.unique(people, return_inverse=True)[1])
    mated, nonmated = scores[pairs.is_mated], scores[~pairs.is_mated]
    fnmr = {f"6,000 pairs, FMR {fmr:g}": fnmr_at_fmr(mated, nonmated, fmr) for fmr in (1e-2, 1e-3)}
    fnmr |= {f"all pairs, FMR {f:g}": fnmr_at_fmr(*every, f) for f in (1e-3, 1e-4)}
    thresholds = {fmr: threshold_at_fmr(every.nonmated, fmr) for fmr in OPERATING_FMRS}
    members = {
        name: np.flatnonzero([belongs(label) for label in labels])
        for name, belongs in GROUPS.items()
    }
    fmr = {
        nominal: {name: false_matches(heldout[rows], t) for name, rows in members.items()}
        for nominal, t in thresholds.items()
    }
    return Report(accuracy, error, fnmr, thresholds, fmr)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--student", type=Path, required=True)
    args = parser.parse_args()
    lfw, pool = Pool.open(args.data, "lfw"), Pool.open(args.data, "pool")
    files = [label.file for label in lfw.labels]
    with tarfile.open(args.shared / "data" / "lfw_eval.tar") as archive:
        stream = archive.extractfile("pairs.txt")
        pairs = read_pairs(stream.read().decode() if stream else "", files)
    rows = pool.rows("heldout")
    labels = [pool.labels[row] for row in rows]
    network = OnnxEmbedder(args.student, STUDENT_PIXELS)
    student = evaluate(
        network.embed(inner(lfw.crops_rgb)), files, pairs,
        network.embed(inner(pool.crops_rgb[rows])), labels,
    )  # fmt: skip
    teacher = evaluate(lfw.teacher, files, pairs, pool.teacher[rows], labels)
    sys.stdout.write("\n".join(_table({"student": student, "teacher": teacher})) + "\n")


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
        for name, (_, count) in first.fmr[nominal].items():
            rates = [f"{r.fmr[nominal][name][0] / max(count, 1):.2e}" for r in columns]
            add(f"FMR there, {name} ({count:,} pairs)", rates)
        add(f"max / geometric mean over adult groups, {nominal:g}", [
            f"{_inequity(r.fmr[nominal]):.1f}" for r in columns
        ])  # fmt: skip
    return lines


def _inequity(counts: Mapping[str, tuple[int, int]]) -> float:
    """Maximum of FMR over its geometric mean (ISO/IEC 19795-10); no match counts as half a one."""
    rates = [max(m, 0.5) / n for name, (m, n) in counts.items() if name.startswith(ADULTS) and n]
    return float(max(rates) / np.exp(np.mean(np.log(rates)))) if rates else float("nan")


if __name__ == "__main__":
    main()
