"""Writes results into README, docs and model cards: `python -m benchmarks.render [--check]`.

Each table stands between `<!-- results:NAME -->` and `<!-- /results:NAME -->`; what is between
them is made from `benchmarks/results/*.json` and from packs' operating points, and nothing else,
so that none of these numbers is typed by hand. README and docs speak of the default pack; a model's
card of the first pack with operating points that has the model, the default one before others.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.accuracy.differentials import render_differentials
from benchmarks.accuracy.edc import render_edc
from benchmarks.accuracy.likelihood import render_likelihood
from benchmarks.accuracy.robustness import render_robustness
from benchmarks.calibration.results import load_calibration, render_calibration
from benchmarks.machine import REPOSITORY
from benchmarks.markdown import (
    NOT_MEASURED,
    circumstances_words,
    fill_in,
    rate_words,
    sections_in,
    table,
)
from benchmarks.matching.fusion import render_fusion
from benchmarks.matching.registry_results import render_registry
from benchmarks.matching.results import load_matching
from benchmarks.matching.tables import render_matching
from benchmarks.packs.results import load_packs
from benchmarks.packs.tables import render_held_out, render_packs
from benchmarks.scale.results import load_scale
from benchmarks.scale.tables import render_scale
from benchmarks.service.results import load_parts, load_service
from benchmarks.service.tables import render_parts, render_service
from benchmarks.speed.batch_results import load_batches
from benchmarks.speed.batch_tables import render_batches
from benchmarks.speed.contenders import OURS
from benchmarks.speed.results import load_report
from fvs.certificates.files import read_certificate
from fvs.deployment.packs import DEFAULT_PACK
from fvs.manifest import load_manifest
from fvs.operating_points import EITHER_SEX
from fvs.packs import CERTIFICATE_FILE_NAME, list_packs, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.accuracy.lfw import LfwRates
    from benchmarks.packs.results import PackReport
    from benchmarks.speed.results import PairSection, Runner, SingleSection
    from fvs.manifest import Task
    from fvs.operating_points import OperatingPoints

__all__ = [
    "CARD_SECTIONS",
    "PACK_SECTIONS",
    "SHARED_SECTIONS",
    "documents",
    "main",
    "render_accuracy",
    "render_document",
    "render_speed",
    "with_places",
]

RESULTS_DIR = REPOSITORY / "benchmarks" / "results"
MODELS = shipped_models_dir()
CARD_FILE_NAME = "CARD.md"

FEWEST_PAIRS_SHOWN = 10_000
"""Groups with fewer say nothing at this FMR; all of them are in certificate.json."""


def render_accuracy(pack: str, report: PackReport | None, certificate: Path) -> str:
    """A pack's operating points and LFW protocol, as far as they were measured."""
    parts = []
    if certificate.exists():
        parts.append(_points(read_certificate(certificate)))
    if report is not None and pack in report.packs:
        parts += [_lfw(report.packs[pack].lfw), circumstances_words(report.circumstances)]
    return "\n\n".join(parts) or NOT_MEASURED


def _lfw(result: LfwRates) -> str:
    failed = result.failed_to_acquire
    summary = (
        f"LFW alone, {result.pack} pack, for comparison with others; nothing is decided by these "
        f"thresholds. Ten-fold accuracy {result.accuracy:.4f} (standard error "
        f"{result.accuracy_standard_error:.4f}); {failed.errors} of {failed.trials:,} pictures "
        f"without a usable face. Over all {result.mated_pairs:,} mated and "
        f"{result.non_mated_pairs:,} non-mated pairs:"
    )
    rows = [
        [f"{at.target_fmr:g}", f"{at.threshold:.3f}", rate_words(at.fnmr)]
        for at in result.all_pairs
    ]
    rates = table(["FMR at most", "threshold", "FNMR [95 %]"], rows)
    return f"{summary}\n\n{rates}"


def _points(points: OperatingPoints) -> str:
    rows = []
    for point in points.points:
        held = [
            band.band.name
            for band in point.bands
            if band.status == "held" and band.sex == EITHER_SEX
        ]
        rows.append(
            [
                f"{point.target_fmr:g}",
                f"{point.threshold:.3f}",
                point.strictest_group,
                rate_words(point.fnmr),
                ", ".join(held) or "none",
            ]
        )
    head = ["target FMR", "threshold", "strictest adult group", "FNMR [95 %]", "ages held"]
    summary = (
        f"Operating points of the {points.pack} pack, by which everything is decided. FNMR is the "
        "share of genuine pairs (LFW) that a point refuses:"
    )
    return f"{summary}\n\n{table(head, rows)}"


def render_speed(results_dir: Path) -> str:
    """Whole pairs beside others, stages, load and import, as far as they were measured."""
    report = load_report(results_dir / "speed.json")
    parts = [_pairs(report.pairs)] if report.pairs else []
    parts += [_single(report.single)] if report.single else []
    return "\n\n".join(parts) or NOT_MEASURED


def _pairs(section: PairSection) -> str:
    sizes = [f"{size.pictures.megapixels:g} MP" for size in section.sizes]
    largest = section.sizes[-1].runners
    rows = [
        [
            name,
            *(_beside_ours(name, size.runners[name]) for size in section.sizes),
            f"{largest[name].peak_rss_mb:.0f}",
        ]
        for name in largest
    ]
    summary = (
        "CPU milliseconds for a whole pair, selfie and card, both JPEG: the median of "
        f"{largest[OURS].cpu_ms.n} rounds in which all took turns. In brackets, how many times the "
        f"CPU of `{OURS}` in the same round, and the 95 % interval of that. Only `{OURS}` judges "
        "quality and liveness."
    )
    head = ["CPU ms", *sizes, "peak MB"]
    return "\n\n".join([summary, table(head, rows), circumstances_words(section.circumstances)])


def _beside_ours(name: str, runner: Runner) -> str:
    cpu_ms, ratio = f"{runner.cpu_ms.p50:.0f}", runner.cpu_over_ours
    if name == OURS:
        return cpu_ms
    return f"{cpu_ms} ({ratio.median:.2f} [{ratio.lower_95:.2f}, {ratio.upper_95:.2f}])"


def _single(section: SingleSection) -> str:
    sizes = [f"{size.pictures.megapixels:g} MP" for size in section.stages]
    stages = [
        [stage, *(f"{size.stage_cpu_ms[stage].p50:.1f}" for size in section.stages)]
        for stage in section.stages[0].stage_cpu_ms
    ]
    loads = [
        [
            f"{size} MP, {load.workers}",
            f"{load.pairs_per_s:.1f}",
            *(f"{p:.0f}" for p in (load.wall_ms.p50, load.wall_ms.p95, load.wall_ms.p99)),
        ]
        for size, entries in section.load.items()
        for load in entries
    ]
    imports = " and ".join(
        f"`import {module}` {cost.wall_s.median:.2f} s ({cost.cpu_s.median:.2f} s CPU)"
        for module, cost in section.imports.items()
    )
    return "\n\n".join(
        [
            "CPU milliseconds by stage for a pair, median:",
            table(["stage", *sizes], stages),
            "Whole pairs from one process (wall milliseconds):",
            table(["pictures, workers", "pairs/s", "p50", "p95", "p99"], loads),
            f"{imports}.",
            circumstances_words(section.circumstances),
        ]
    )


def _acquisition(points: OperatingPoints) -> str:
    rows = [
        [source.name, f"{source.pictures:,}", f"{source.failed_to_acquire:,}"]
        for source in points.data
    ]
    return "Pictures of people in which no usable face was found:\n\n" + table(
        ["source", "pictures", "without a face"], rows
    )


def _groups(points: OperatingPoints) -> str:
    """False matches per group at the strictest point, the worst first."""
    point = points.points[-1]
    worst_first = sorted(point.groups, key=lambda one: -one.fmr.point)
    rows = [
        [one.group, f"{one.subjects:,}", f"{one.fmr.errors:,} / {one.fmr.trials:,}"]
        + [f"{value:.1e}" for value in (one.fmr.point, one.upper_bound)]
        for one in worst_first
        if one.fmr.trials >= FEWEST_PAIRS_SHOWN
    ]
    head = ["group", "people", "false matches", "FMR", "at most (95 %)"]
    summary = (
        "False matches between different people of one group at the threshold "
        f"{point.threshold:.4f} (target {point.target_fmr:g}); groups of at least "
        f"{FEWEST_PAIRS_SHOWN:,} pairs. Minors do not set the threshold: at their ages the answer "
        "is *inconclusive*."
    )
    return f"{summary}\n\n{table(head, rows)}"


def _pad(points: OperatingPoints) -> str:
    if points.pad is None:
        return NOT_MEASURED
    rows = [
        [source, f"{one.trials:,}", rate_words(one)] for source, one in points.pad.refused.items()
    ]
    summary = (
        f"Published photographs of people called *not live* at {points.pad.threshold:g}. Many are "
        "scans or tight crops, so this is no BPCER:"
    )
    return f"{summary}\n\n{table(['source', 'pictures', 'refused [95 %]'], rows)}"


def _of_points(pack: str, render: Callable[[OperatingPoints], str]) -> str:
    path = _points_path(pack)
    return render(read_certificate(path)) if path.exists() else NOT_MEASURED


def _points_path(pack: str) -> Path:
    return MODELS / "packs" / pack / CERTIFICATE_FILE_NAME


def _packs() -> PackReport | None:
    return load_packs(RESULTS_DIR / "packs.json")


PACK_SECTIONS: dict[str, Callable[[str], str]] = {
    "accuracy": lambda pack: render_accuracy(pack, _packs(), _points_path(pack)),
    "acquisition": lambda pack: _of_points(pack, _acquisition),
    "edc": lambda pack: render_edc(RESULTS_DIR, pack),
    "groups": lambda pack: _of_points(pack, _groups),
    "heldout": lambda pack: render_held_out(_packs(), pack),
    "pad": lambda pack: _of_points(pack, _pad),
}
"""Section -> what it says of a pack."""

SHARED_SECTIONS: dict[str, Callable[[], str]] = {
    "batches": lambda: render_batches(load_batches(RESULTS_DIR / "batches.json")),
    "calibration": lambda: render_calibration(load_calibration(RESULTS_DIR / "calibration.json")),
    "differentials": lambda: render_differentials(RESULTS_DIR),
    "fusion": lambda: render_fusion(RESULTS_DIR / "fusion.json"),
    "likelihood": lambda: render_likelihood(RESULTS_DIR),
    "matching": lambda: render_matching(load_matching(RESULTS_DIR / "matching.json")),
    "packs": lambda: render_packs(_packs()),
    "registry": lambda: render_registry(RESULTS_DIR / "registry.json"),
    "robustness": lambda: render_robustness(RESULTS_DIR),
    "scale": lambda: render_scale(load_scale(RESULTS_DIR / "scale.json")),
    "parts": lambda: render_parts(load_parts(RESULTS_DIR / "service_parts.json")),
    "service": lambda: render_service(load_service(RESULTS_DIR / "service.json")),
    "speed": lambda: render_speed(RESULTS_DIR),
}
"""Section -> what it says; of no pack, or of several."""

CARD_SECTIONS: dict[Task, tuple[str, ...]] = {
    "detect": ("acquisition",),
    "embed": ("accuracy", "groups", "heldout"),
    "pad": ("pad",),
}
"""What the card of a model shows once a pack with it has operating points."""

CARD_HEADING = "## Error rates\n"
"""Where a card gets places for results that it has none for yet."""


def documents() -> dict[Path, str]:
    """README, docs with places, and the card of each model measured -> the pack it speaks of."""
    pages = sorted((REPOSITORY / "docs").rglob("*.md"))
    speaks_of = {page: DEFAULT_PACK for page in pages if sections_in(_read(page))}
    speaks_of[REPOSITORY / "README.md"] = DEFAULT_PACK
    packs = list_packs(MODELS)
    for name in sorted(packs, key=lambda name: (name != DEFAULT_PACK, name)):
        if _points_path(name).exists():
            for model_id in packs[name].model_ids:
                speaks_of.setdefault(MODELS / model_id / CARD_FILE_NAME, name)
    return speaks_of


def render_document(path: Path, pack: str) -> str:
    """The document with its sections as they should be now.

    Raises:
        ValueError: it has a place for results that nobody knows, or a place twice, or is a card
            without a place and without the heading for one.
    """
    document = _read(path)
    if path.name == CARD_FILE_NAME:
        document = with_places(document, CARD_SECTIONS[load_manifest(path.parent).task])
    names = sections_in(document)
    unknown = set(names) - PACK_SECTIONS.keys() - SHARED_SECTIONS.keys()
    if unknown:
        raise ValueError(f"{path}: there are no results called {', '.join(sorted(unknown))}")
    return fill_in(document, {name: _section(name, pack) for name in names})


def _section(name: str, pack: str) -> str:
    return SHARED_SECTIONS[name]() if name in SHARED_SECTIONS else PACK_SECTIONS[name](pack)


def with_places(card: str, names: Sequence[str]) -> str:
    """The card with empty places, below its heading, for results that it has no place for.

    Raises:
        ValueError: it lacks a place and the heading.
    """
    missing = [name for name in names if name not in sections_in(card)]
    if missing and card.count(CARD_HEADING) != 1:
        raise ValueError(f"expected {CARD_HEADING.strip()!r} once, to put {missing} below it")
    places = [f"\n<!-- results:{name} -->\n<!-- /results:{name} -->\n" for name in missing]
    return card.replace(CARD_HEADING, "".join([CARD_HEADING, *places]))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def main(
    *,
    check: Annotated[bool, typer.Option(help="Write nothing; fail if one is out of date.")] = False,
) -> None:
    """Write the results into the documents, or see that they are in them."""
    for path, pack in documents().items():
        before, after = _read(path), render_document(path, pack)
        if check and after != before:
            name = path.relative_to(REPOSITORY)
            print(f"{name} is out of date: run `python -m benchmarks.render`", file=sys.stderr)
            raise typer.Exit(1)
        path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
