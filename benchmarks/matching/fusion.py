"""Which fusion rule: error rates of several templates a person, at the threshold of one.

    python -m benchmarks.matching.fusion --shared ../shared --json benchmarks/results/fusion.json

LFW people with more pictures than templates: the first pictures by name are enrolled, each other
one is a probe, compared with its own person and with all others. The thresholds are those at which
single templates of the same people have the target FMR, because that is what operating points are
made from: a rule whose FMR is higher there would break them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer

from benchmarks.accuracy.lfw import extract_shown
from benchmarks.machine import Circumstances, describe_circumstances
from benchmarks.markdown import (
    NOT_MEASURED,
    circumstances_words,
    rate_words,
    small_rate_words,
    table,
)
from benchmarks.report_files import write_report
from fvs.deployment.packs import DEFAULT_PACK, open_engine
from fvs.derivation.derivation import lfw_subjects
from fvs.derivation.extraction import model_hashes
from fvs.folders import PictureSet
from fvs.metrics.intervals import rate
from fvs.metrics.rates import Sweep
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes
from fvs.packs import load_pack, shipped_models_dir
from fvs.registry.fusion import FusionRule, fuse

if TYPE_CHECKING:
    from fvs.records import F32, Bool, Int

__all__ = ["FusionResult", "FusionRow", "measure_fusion", "render_fusion"]

TARGETS_FMR = (1e-2, 1e-3, 1e-4)
TEMPLATES = (2, 3, 4)


class FusionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Rates of one rule at one threshold.

    Attributes:
        templates: of each person.
        people: with more pictures than that.
        target_fmr: of single templates.
        threshold: at which single templates have it.
        rule: a `FusionRule`, or `single`.
        fmr: over probes and other people; pairs are counted as independent, which they are not
            quite, since a probe stands in many.
        fnmr: over probes and their own people.
        fnmr_at_target: the same at the rule's own threshold for that FMR.
    """

    templates: int
    people: int
    target_fmr: float
    threshold: float
    rule: str
    fmr: Rate
    fnmr: Rate
    fnmr_at_target: Rate


class FusionResult(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, and what they were measured on."""

    circumstances: Circumstances
    pack: str
    model_sha256: tuple[str, ...]
    data_sha256: str
    rows: tuple[FusionRow, ...]


def measure_fusion(vectors: F32, subjects: Int, templates: int) -> tuple[FusionRow, ...]:
    """Rates with `templates` enrolled pictures a person.

    Args:
        vectors: (N, D) unit vectors, a person's in the order of enrolment.
        subjects: (N,) numbers of people.
        templates: of each person; who has no more pictures than these is left out.
    """
    place = _place_within_person(subjects)
    pictures = np.bincount(subjects)[subjects]
    enrolled = np.flatnonzero((pictures > templates) & (place < templates))
    probes = np.flatnonzero((pictures > templates) & (place >= templates))
    scores = vectors[probes] @ vectors[enrolled].T
    mated = subjects[probes, None] == subjects[None, enrolled]
    single = Sweep.of(scores[mated], scores[~mated])
    people = len(enrolled) // templates
    fused = {"single": (scores, mated)} | {
        rule.value: (_fused(rule, scores, templates), mated[:, ::templates]) for rule in FusionRule
    }
    return tuple(
        FusionRow(
            templates=templates,
            people=people,
            target_fmr=target,
            threshold=single.threshold_at_fmr(target),
            rule=rule,
            fmr=_share(of[~own] >= single.threshold_at_fmr(target)),
            fnmr=_share(of[own] < single.threshold_at_fmr(target)),
            fnmr_at_target=Sweep.of(of[own], of[~own]).fnmr_at_fmr(target),
        )
        for target in TARGETS_FMR
        for rule, (of, own) in fused.items()
    )


def _place_within_person(subjects: Int) -> Int:
    """(N,) 0 for the first picture of a person, 1 for the second."""
    order = np.argsort(subjects, kind="stable")
    ordered = subjects[order]
    place = np.empty(len(subjects), np.int64)
    place[order] = np.arange(len(subjects)) - np.searchsorted(ordered, ordered)
    return place


def _fused(rule: FusionRule, scores: F32, templates: int) -> F32:
    """(P, people) from (P, people * templates), a person's templates side by side."""
    people = scores.shape[1] // templates
    groups = scores.shape[0] * people
    fused, _ = fuse(rule, scores.reshape(-1), np.repeat(np.arange(groups), templates), groups)
    return fused.reshape(-1, people)


def _share(errors: Bool) -> Rate:
    return rate(int(errors.sum()), errors.size)


def render_fusion(path: Path) -> str:
    """What stands in docs/explanation/registry.md, of a result that was written to `path`."""
    if not path.exists():
        return NOT_MEASURED
    result = msgspec.json.decode(path.read_bytes(), type=FusionResult)
    return f"{_table(result)}\n\n{circumstances_words(result.circumstances)}"


def _table(result: FusionResult) -> str:
    head = (
        "templates (people), single FMR",
        "rule",
        "FMR [95 %]",
        "FNMR [95 %]",
        "FNMR at equal FMR",
    )
    rows = [
        (
            f"{row.templates} ({row.people:,}), {row.target_fmr:g}",
            row.rule,
            small_rate_words(row.fmr),
            rate_words(row.fnmr),
            f"{row.fnmr_at_target.point:.4f}",
        )
        for row in result.rows
    ]
    return table(head, rows)


def _measure(pack: str, shared: Path) -> FusionResult:
    circumstances = describe_circumstances()
    engine = open_engine(load_pack(pack, shipped_models_dir(), [shared / "models"]))
    pictures = PictureSet.open(shared / "data" / "lfw_eval.tar")
    faces = extract_shown(engine, pictures, pictures.name)
    _, subjects = np.unique(lfw_subjects(pictures.pictures)[faces.ok], return_inverse=True)
    vectors = faces.vectors[faces.ok]
    return FusionResult(
        circumstances=circumstances,
        pack=pack,
        model_sha256=model_hashes(engine),
        data_sha256=pictures.sha256,
        rows=tuple(row for k in TEMPLATES for row in measure_fusion(vectors, subjects, k)),
    )


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure every fusion rule on LFW."""
    result = _measure(pack, shared)
    print(_table(result))
    if json is not None:
        write_report(result, json)


if __name__ == "__main__":
    typer.run(main)
