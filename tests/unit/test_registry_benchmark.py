"""The benchmarks of the registry run, and the fusion one counts what a loop over people counts."""

import numpy as np
import pytest

from benchmarks.matching.fusion import measure_fusion
from benchmarks.matching.registry import measure
from tests.records import embeddings

RULES = {
    "mean": np.mean,
    "max": np.max,
    "newest": lambda scores: scores[-1],
}


def people(seed: int):
    """Thirty people with one to five pictures each, alike within a person."""
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    faces = rng.normal(size=(30, 16))[subjects] + rng.normal(size=(len(subjects), 16))
    return embeddings(faces).vectors, subjects


@pytest.mark.parametrize("templates", [2, 3])
def test_counts(templates):
    """False matches and false non-matches at the threshold of single templates, for every rule."""
    vectors, subjects = people(0)
    rows = measure_fusion(vectors, subjects, templates)
    own = {n: np.flatnonzero(subjects == n) for n in range(30)}
    own = {n: pictures for n, pictures in own.items() if len(pictures) > templates}
    for row in rows:
        assert row.people == len(own)
        if row.rule == "single":
            assert row.fmr.point <= row.target_fmr
            continue
        errors = {"fmr": [0, 0], "fnmr": [0, 0]}
        for n, pictures in own.items():
            for probe in pictures[templates:]:
                for m, others in own.items():
                    each = vectors[others[:templates]] @ vectors[probe]
                    accepted = np.float32(RULES[row.rule](each)) >= np.float32(row.threshold)
                    kind = "fnmr" if n == m else "fmr"
                    errors[kind][0] += accepted if n != m else not accepted
                    errors[kind][1] += 1
        assert [row.fmr.errors, row.fmr.trials] == errors["fmr"]
        assert [row.fnmr.errors, row.fnmr.trials] == errors["fnmr"]


def test_the_registry_benchmark_runs():
    """Small galleries, all of its sections; each part is a share of a call."""
    result = measure([32], [2000, 2500], 2100, rounds=2)
    assert [row.how for row in result.costs] == ["memory", "memory", "sqlite"]
    assert all(part.median_us > 0 for row in result.costs for part in row.parts.values())
    assert result.rebuild.templates == 2500
    assert result.wanted == {}
