"""Step 2: measures, on pool pictures alone, what share each network should have.

`python -m training.duet.choose --data RUNS/duet`

Mated pairs are those among LFW's people of no evaluation pair; groups are of held-out pictures.
Shares are ordered by the geometric mean of four FNMRs: at FMR 1e-2, 1e-3 and 1e-4 among those LFW
people, and at the threshold that holds FMR 1e-2 in every adult group.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.metrics.pairs import compare_all_pairs
from fvs.metrics.rates import Sweep
from training.embedder.lists import person_of

if TYPE_CHECKING:
    from fvs.records import F32, Bool

__all__ = ["Choice", "PoolVectors", "main", "score"]

OWN_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)
TARGETS_FMR = (1e-2, 1e-3, 1e-4)
GROUP_TARGET_FMR = 1e-2
ADULT_BANDS_YEARS = ((20, 39), (40, 59), (60, 200))
FEWEST_PEOPLE = 60
"""Smaller groups have fewer than 18 pairs in the hundredth that counts."""


class Choice(NamedTuple):
    """One share and what it gives; `fnmr` at the three targets, then at the strictest group."""

    own_share: float
    fnmr: tuple[float, ...]
    mated_pairs: int

    @property
    def cost(self) -> float:
        """Geometric mean of the four rates, each with one error more than was counted."""
        rates = np.array(self.fnmr) + 1 / self.mated_pairs
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

    @property
    def dlib_centre(self) -> F32:
        """(128,) mean of training pictures, without the people whose mated pairs choose."""
        names = [person_of(row["file"]) for row in self.rows]
        pictures = Counter(names)
        alone = np.array([name is None or pictures[name] == 1 for name in names])
        train = np.array([row["use"] == "train" for row in self.rows])
        return self.dlib[alone & train].mean(axis=0)

    def adult_groups(self) -> list[list[int]]:
        """Rows of held-out adults by source, age band, sex and group."""
        groups = defaultdict(list)
        for index, row in enumerate(self.rows):
            age = int(float(row["age"])) if row["age"] else -1
            band = next((b for b in ADULT_BANDS_YEARS if b[0] <= age <= b[1]), None)
            if row["use"] == "heldout" and band is not None:
                groups[row["source"], band, row["sex"], row["group"]].append(index)
        return [rows for rows in groups.values() if len(rows) >= FEWEST_PEOPLE]


def main() -> None:
    """Print the table, best first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True)
    vectors = PoolVectors.open(parser.parse_args().data)
    choices = [score(vectors, share) for share in OWN_SHARES]
    print(f"FNMR of {choices[0].mated_pairs} mated pairs\n")  # noqa: T201 - a program's output
    print("| own share | 1e-2 | 1e-3 | 1e-4 | 1e-2 in every adult group | mean |")  # noqa: T201
    print("|--:|--:|--:|--:|--:|--:|")  # noqa: T201
    for one in sorted(choices, key=lambda one: one.cost):
        rates = " | ".join(f"{rate:.3f}" for rate in one.fnmr)
        print(f"| {one.own_share} | {rates} | {one.cost:.4f} |")  # noqa: T201


def score(vectors: PoolVectors, own_share: float) -> Choice:
    """Measure one share."""
    dlib = _unit(vectors.dlib - vectors.dlib_centre)
    parts = [np.sqrt(1 - own_share) * dlib, np.sqrt(own_share) * _unit(vectors.own)]
    joined = np.concatenate(parts, axis=1).astype(np.float32)
    strangers = np.flatnonzero(vectors.strangers)
    names = [person_of(vectors.rows[row]["file"]) for row in strangers]
    pairs = compare_all_pairs(joined[strangers], np.unique(names, return_inverse=True)[1])
    sweep = Sweep.of(pairs.mated, pairs.non_mated)
    thresholds = [sweep.threshold_at_fmr(target) for target in TARGETS_FMR]
    thresholds.append(max(_group_threshold(joined[rows]) for rows in vectors.adult_groups()))
    fnmr = tuple(sweep.fnmr_at(threshold).point for threshold in thresholds)
    return Choice(own_share, fnmr, sweep.mated_trials)


def _group_threshold(vectors: F32) -> float:
    scores = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return float(np.quantile(scores, 1 - GROUP_TARGET_FMR))


def _unit(vectors: F32) -> F32:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
