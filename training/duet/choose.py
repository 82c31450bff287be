"""Step 2: measures, on pool pictures alone, how strongly to whiten and how much to add.

`python -m training.duet.choose --data RUNS/duet`

Mated pairs are those among LFW's people of no evaluation pair; groups are of held-out pictures. At
the engine's operating points the strictest group decides, so settings are ordered by the geometric
mean of the FNMR at the thresholds that hold FMR 1e-2, 1e-3 and 1e-4 within the largest groups,
women and men of 20 to 39 years of All-Age-Faces; LFW's own FMR stands beside.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.rates import Sweep
from training.duet.graph import Whitening, whitening_of
from training.embedder.lists import person_of

if TYPE_CHECKING:
    from fvs.records import F32, Bool

__all__ = ["Choice", "PoolVectors", "main", "score"]

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
OWN_SHARES = (0.0, 0.2, 0.3, 0.4, 0.5, 1.0)
TARGETS_FMR = (1e-2, 1e-3, 1e-4)
GROUP_SOURCE = "aaf"
GROUP_YEARS = (20, 39)


class Choice(NamedTuple):
    """One setting and its FNMR at each target: by LFW's FMR, and by that of women and men."""

    power: float
    own_share: float
    by_lfw: tuple[float, ...]
    by_groups: tuple[float, ...]
    mated_pairs: int

    @property
    def cost(self) -> float:
        """Geometric mean of the rates by groups, each with one error more than was counted."""
        rates = np.array(self.by_groups) + 1 / self.mated_pairs
        return float(np.exp(np.log(rates).mean()))


@dataclass(frozen=True)
class PoolVectors:
    """Raw vectors (N, 128) of both networks and the index rows of their pictures."""

    dlib: F32
    own: F32
    rows: list[dict[str, str]]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """What `training.duet.extract` wrote."""
        with np.load(folder / "vectors.npz") as vectors, (folder / "pool.csv").open() as stream:
            return cls(vectors["dlib"], vectors["own"], list(csv.DictReader(stream)))

    @property
    def strangers(self) -> Bool:
        """LFW's people of no evaluation pair, who alone have several pictures."""
        return np.array([row["source"] == "lfw" for row in self.rows])

    def whitening(self, power: float) -> Whitening:
        """Of the training pictures, without the people whose mated pairs choose."""
        names = [person_of(row["file"]) for row in self.rows]
        pictures = Counter(names)
        alone = np.array([name is None or pictures[name] == 1 for name in names])
        train = np.array([row["use"] == "train" for row in self.rows])
        return whitening_of(self.dlib[alone & train], power)

    def groups(self) -> list[list[int]]:
        """Rows of held-out women and men."""
        groups = defaultdict(list)
        for index, row in enumerate(self.rows):
            held_out = row["use"] == "heldout" and row["source"] == GROUP_SOURCE
            if held_out and GROUP_YEARS[0] <= float(row["age"] or -1) <= GROUP_YEARS[1]:
                groups[row["sex"]].append(index)
        return [groups[sex] for sex in sorted(groups)]


def main() -> None:
    """Print the table, best first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True)
    vectors = PoolVectors.open(parser.parse_args().data)
    settings = product(POWERS, OWN_SHARES)
    choices = [score(vectors, power, share) for power, share in settings]
    write = sys.stdout.write
    write(f"FNMR of {choices[0].mated_pairs} mated pairs\n\n")
    write("| power | own share | LFW 1e-2 | 1e-3 | 1e-4 | women 1e-2 | 1e-3 | 1e-4 ")
    write("| men 1e-2 | 1e-3 | 1e-4 | mean by groups |\n")
    write(f"|{'--:|' * 12}\n")
    for one in sorted(choices, key=lambda one: one.cost):
        rates = " | ".join(f"{rate:.3f}" for rate in (*one.by_lfw, *one.by_groups))
        write(f"| {one.power} | {one.own_share} | {rates} | {one.cost:.4f} |\n")


def score(vectors: PoolVectors, power: float, own_share: float) -> Choice:
    """Measure one setting."""
    whitening = vectors.whitening(power)
    dlib = _unit((vectors.dlib - whitening.centre) @ whitening.matrix)
    parts = [np.sqrt(1 - own_share) * dlib, np.sqrt(own_share) * _unit(vectors.own)]
    joined = np.concatenate(parts, axis=1).astype(np.float32)
    strangers = np.flatnonzero(vectors.strangers)
    names = [person_of(vectors.rows[row]["file"]) for row in strangers]
    pairs = compare_all_pairs(joined[strangers], np.unique(names, return_inverse=True)[1])
    sweep = Sweep.of(pairs.mated, pairs.non_mated)
    by_lfw = [sweep.threshold_at_fmr(target) for target in TARGETS_FMR]
    by_groups = [
        _group_threshold(joined[rows], target)
        for rows in vectors.groups()
        for target in TARGETS_FMR
    ]
    return Choice(
        power,
        own_share,
        tuple(sweep.fnmr_at(threshold).point for threshold in by_lfw),
        tuple(sweep.fnmr_at(threshold).point for threshold in by_groups),
        sweep.mated_trials,
    )


def _group_threshold(vectors: F32, target_fmr: float) -> float:
    scores = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return float(np.quantile(scores, 1 - target_fmr))


def _unit(vectors: F32) -> F32:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
