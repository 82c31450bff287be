"""Writes results into the README and the model cards: `python -m benchmarks.render [--check]`.

Each table stands between `<!-- results:NAME -->` and `<!-- /results:NAME -->`; what is between
them is made from `benchmarks/results/*.json` and from the reference pack's operating points, and
nothing else, so that none of these numbers is typed by hand.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from benchmarks.accuracy.lfw import LfwResult
from benchmarks.machine import REPOSITORY
from benchmarks.speed.contenders import OURS
from benchmarks.speed.results import load_report
from fvs.operating_points import load_operating_points
from fvs.packs import shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.machine import Circumstances
    from benchmarks.speed.results import PairSection, Runner, SingleSection
    from fvs.operating_points import OperatingPoints, Rate

__all__ = [
    "DOCUMENTS",
    "fill_in",
    "main",
    "render_accuracy",
    "render_document",
    "render_speed",
    "table",
]

RESULTS_DIR = REPOSITORY / "benchmarks" / "results"
MODELS = REPOSITORY / "models"
OPERATING_POINTS = shipped_models_dir() / "packs" / "reference" / "operating_points.json"

NOT_MEASURED = "Not measured yet."

GROUPS_AT_FMR = 1e-4
FEWEST_PAIRS_SHOWN = 10_000
"""Groups with fewer say nothing at this FMR; all of them are in operating_points.json."""


def fill_in(document: str, sections: dict[str, str]) -> str:
    """Replace what stands between each section's markers.

    Raises:
        ValueError: the document lacks a section's markers.
    """
    for name, text in sections.items():
        begin, end = f"<!-- results:{name} -->", f"<!-- /results:{name} -->"
        if (document.count(begin), document.count(end)) != (1, 1):
            raise ValueError(f"expected {begin} ... {end} once")
        before, _, rest = document.partition(begin)
        document = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return document


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def render_accuracy(results_dir: Path, operating_points: Path) -> str:
    """LFW protocol and operating points, as far as they were measured."""
    parts = []
    lfw = results_dir / "lfw.json"
    if lfw.exists():
        parts.append(_lfw(msgspec.json.decode(lfw.read_bytes(), type=LfwResult)))
    if operating_points.exists():
        parts.append(_points(load_operating_points(operating_points)))
    return "\n\n".join(parts) or NOT_MEASURED


def _lfw(result: LfwResult) -> str:
    failed = result.failed_to_acquire
    summary = (
        f"LFW, {result.pack} pack: ten-fold accuracy {result.accuracy:.4f} (standard error "
        f"{result.accuracy_standard_error:.4f}); {failed.errors} of {failed.trials:,} pictures "
        f"without a usable face. Over all {result.mated_pairs:,} mated and "
        f"{result.non_mated_pairs:,} non-mated pairs:"
    )
    rows = [
        [f"{at.target_fmr:g}", f"{at.threshold:.3f}", _rate(at.fnmr)] for at in result.all_pairs
    ]
    rates = table(["FMR at most", "threshold", "FNMR [95 %]"], rows)
    return "\n\n".join([summary, rates, _circumstances(result.circumstances)])


def _points(points: OperatingPoints) -> str:
    rows = []
    for point in points.points:
        held = [band.band.name for band in point.bands if band.status == "held"]
        rows.append(
            [
                f"{point.target_fmr:g}",
                f"{point.threshold:.3f}",
                point.strictest_group,
                _rate(point.fnmr),
                ", ".join(held) or "none",
            ]
        )
    head = ["target FMR", "threshold", "strictest adult group", "FNMR [95 %]", "ages held"]
    return f"Operating points of the {points.pack} pack:\n\n{table(head, rows)}"


def _rate(rate: Rate) -> str:
    return f"{rate.point:.4f} [{rate.lower_95:.4f}, {rate.upper_95:.4f}]"


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
    return "\n\n".join([summary, table(head, rows), _circumstances(section.circumstances)])


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
            _circumstances(section.circumstances),
        ]
    )


def _circumstances(measured: Circumstances) -> str:
    load = measured.load_average[0]
    return (
        f"<sub>{measured.measured_at[:10]}, commit {measured.commit}, {measured.cpu}, "
        f"{measured.cores} cores, load average {load:g} at the start, "
        f"onnxruntime {measured.versions['onnxruntime']}, "
        f"OpenCV {measured.versions['opencv-python-headless']}.</sub>"
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
    """False matches per group at the point for FMR 1e-4, the worst first."""
    point = points.at(GROUPS_AT_FMR)
    worst_first = sorted(point.groups, key=lambda one: -one.fmr.point)
    rows = [
        [one.group, f"{one.subjects:,}", f"{one.fmr.errors:,} / {one.fmr.trials:,}"]
        + [f"{value:.1e}" for value in (one.fmr.point, one.fmr.lower_95, one.fmr.upper_95)]
        for one in worst_first
        if one.fmr.trials >= FEWEST_PAIRS_SHOWN
    ]
    head = ["group", "people", "false matches", "FMR", "from", "to (95 %)"]
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
    rows = [[source, f"{one.trials:,}", _rate(one)] for source, one in points.pad.refused.items()]
    summary = (
        f"Published photographs of people called *not live* at {points.pad.threshold:g}. Many are "
        "scans or tight crops, so this is no BPCER:"
    )
    return f"{summary}\n\n{table(['source', 'pictures', 'refused [95 %]'], rows)}"


def _of_points(render: Callable[[OperatingPoints], str]) -> str:
    return render(load_operating_points(OPERATING_POINTS))


SECTIONS: dict[str, Callable[[], str]] = {
    "accuracy": lambda: render_accuracy(RESULTS_DIR, OPERATING_POINTS),
    "acquisition": lambda: _of_points(_acquisition),
    "groups": lambda: _of_points(_groups),
    "pad": lambda: _of_points(_pad),
    "speed": lambda: render_speed(RESULTS_DIR),
}

DOCUMENTS: dict[Path, tuple[str, ...]] = {
    REPOSITORY / "README.md": ("accuracy", "speed"),
    MODELS / "detect-yunet-202310" / "CARD.md": ("acquisition",),
    MODELS / "embed-mobilefacenet-202004" / "CARD.md": ("accuracy", "groups"),
    MODELS / "pad-minifasnet-v2-202008" / "CARD.md": ("pad",),
    MODELS / "pad-minifasnet-v1se-202008" / "CARD.md": ("pad",),
}
"""Document -> the sections that stand in it."""


def render_document(path: Path) -> str:
    """The document with its sections as they should be now."""
    sections = {name: SECTIONS[name]() for name in DOCUMENTS[path]}
    return fill_in(path.read_text(encoding="utf-8"), sections)


def main(
    *,
    check: Annotated[bool, typer.Option(help="Write nothing; fail if one is out of date.")] = False,
) -> None:
    """Write the results into the documents, or see that they are in them."""
    for path in DOCUMENTS:
        before, after = path.read_text(encoding="utf-8"), render_document(path)
        if check and after != before:
            name = path.relative_to(REPOSITORY)
            print(f"{name} is out of date: run `python -m benchmarks.render`", file=sys.stderr)
            raise typer.Exit(1)
        path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
