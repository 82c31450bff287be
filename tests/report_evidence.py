"""Synthetic evidence of a report, and the documents made of it once per process."""

import functools

import numpy as np

from fvs.metrics import Evaluation
from fvs.operating_points import Rate
from fvs.report import (
    OWN,
    STANDARD_REQUIREMENTS,
    DataFile,
    Document,
    Evidence,
    Measure,
    PadEvidence,
    Provenance,
    Requirement,
    compose_report,
    measure_scores,
)

PEOPLE = 80
PROVENANCE = Provenance(
    files=(DataFile("role_scores", "scores.csv", "ab" * 32, 3400),),
    created="2026-01-02 03:04 UTC",
    version="1.2.3",
    commit="abc",
    machine="A processor",
)


def rate(errors, trials):
    """A rate whose interval does not matter."""
    point = errors / trials
    return Rate(
        errors=errors, trials=trials, point=point, lower_95=point / 2, upper_95=point + 3 / trials
    )


@functools.cache
def evaluation():
    """All pairs of 80 people and three mated pairs of each, in two groups."""
    rng = np.random.default_rng(5)
    people = np.arange(PEOPLE)
    one, other = np.triu_indices(PEOPLE, 1)
    first = np.concatenate([np.repeat(people, 3), one])
    second = np.concatenate([np.repeat(people, 3), other])
    mated = first == second
    scores = rng.normal(np.where(mated, 0.6, 0.1), 0.13)
    quality = 60 + 40 * (scores - 0.5) + rng.normal(0, 8, len(scores))
    names = np.array(["female", "male"])
    return Evaluation(
        similarity=scores.astype(np.float32),
        mated=mated,
        first_subject=first,
        second_subject=second,
        group=np.where(first % 2 == second % 2, names[first % 2], ""),
        quality=quality.astype(np.float32),
        first_picture=np.array([f"Person_{k}/a{n}.png" for n, k in enumerate(first)]),
        second_picture=np.array([f"Person_{k}/b{n}.png" for n, k in enumerate(second)]),
    ).check()


PAD = PadEvidence(
    system="pad-test",
    sha256=("cd" * 32,),
    threshold=0.4,
    threshold_rule="a rule",
    apcer=(("paper", rate(0, 150), False), ("mask <rubber>", rate(30, 150), True)),
    bpcer=(("all", rate(10, 500)),),
)


@functools.cache
def evidence():
    """Scores and attacks, no pack."""
    return Evidence(
        subject="A <test> & more",
        requirements=(*STANDARD_REQUIREMENTS, Requirement(OWN, Measure.BPCER, 0.05)),
        provenance=PROVENANCE,
        target_fmr=1e-2,
        measures=measure_scores(evaluation(), 1e-2, None, None),
        pad=PAD,
    )


def document(*languages):
    """The report of that."""
    return Document(tuple(part for part in _both().parts if part.language in languages))


@functools.cache
def _both():
    return compose_report(evidence(), ("en", "th"))
