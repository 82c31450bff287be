"""Scores for the notebooks: synthetic ones, or your own.

`FVS_SCORES` names a CSV or Parquet as `fvs report --scores` reads it; without it people are made
up. Nothing measured on made-up people says anything about a real system.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fvs.metrics import Evaluation, read_evaluation

if TYPE_CHECKING:
    from fvs.metrics.likelihood import ScoredPairs
    from fvs.records import F32, F64, Bool, Int

__all__ = ["attack_scores", "evaluation_of", "pairs_by_group", "result_file", "scores", "two_packs"]

PEOPLE = 160
MATED_PER_PERSON = 4
GROUPS = np.array(["female 20-39", "male 20-39", "female 40-59", "male 40-59"])
HARDER = np.array([0.05, 0.0, 0.01, 0.0])
"""How much higher strangers of each group score: groups are not equally easy."""

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"


def scores() -> Evaluation:
    """The scores to look at."""
    own = os.environ.get("FVS_SCORES")
    return _synthetic(noise=0.11, seed=1) if own is None else read_evaluation(Path(own))


def two_packs() -> tuple[Evaluation, Evaluation]:
    """The same people and pictures scored by two packs, the second a little better."""
    return _synthetic(noise=0.12, seed=2), _synthetic(noise=0.10, seed=2)


def pairs_by_group(evaluation: Evaluation) -> dict[str, Evaluation]:
    """The pairs within each group."""
    if evaluation.group is None:
        return {}
    names = [name for name in np.unique(evaluation.group).tolist() if name]
    return {name: evaluation.take(evaluation.group == name) for name in names}


def evaluation_of(pairs: ScoredPairs) -> Evaluation:
    """Pairs that were parted by people, as an evaluation of their own."""
    return Evaluation.of(pairs.similarity, pairs.first_subject, pairs.second_subject)


def attack_scores() -> tuple[dict[str, F64], F64]:
    """Live probabilities of three species of attack, and of live people; NaN is no response."""
    rng = np.random.default_rng(4)
    species = {"print": (1.0, 12.0), "screen": (1.5, 9.0), "mask": (3.0, 4.0)}
    attacks = {name: rng.beta(*shape, 150) for name, shape in species.items()}
    attacks["print"][:3] = np.nan
    return attacks, rng.beta(9.0, 1.5, 400)


def result_file(name: str) -> Path:
    """A result of this repository's own benchmarks."""
    return RESULTS / name


def _synthetic(*, noise: float, seed: int) -> Evaluation:
    first, second = _pairs()
    mated = first == second
    rng = np.random.default_rng(seed)
    group = np.where(first % 4 == second % 4, GROUPS[first % 4], "")
    centre = np.where(mated, 0.62, 0.12) + np.where(mated | (group == ""), 0.0, HARDER[first % 4])
    ease = rng.normal(0.0, 0.04, PEOPLE)
    blur = rng.gamma(2.0, 0.05, len(first)) * mated
    similarity = centre + ease[first] + rng.normal(0.0, 1.0, len(first)) * noise - blur
    return Evaluation(
        similarity=np.clip(similarity, -1.0, 1.0).astype(np.float32),
        mated=mated,
        first_subject=first,
        second_subject=second,
        group=group,
        quality=_quality(blur, mated, rng),
    ).check()


def _pairs() -> tuple[Int, Int]:
    people = np.repeat(np.arange(PEOPLE), MATED_PER_PERSON)
    one, other = np.triu_indices(PEOPLE, 1)
    return np.concatenate([people, one]), np.concatenate([people, other])


def _quality(blur: F64, mated: Bool, rng: np.random.Generator) -> F32:
    seen = 80.0 - 150.0 * blur + rng.normal(0.0, 6.0, len(blur))
    return np.where(mated, np.clip(seen, 0.0, 100.0), np.nan).astype(np.float32)
