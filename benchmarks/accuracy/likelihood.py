"""What scores are worth as evidence: likelihood ratios on LFW, held out by subject.

    python -m benchmarks.accuracy.likelihood --shared ../shared --pack P
        --json benchmarks/results/likelihood.json

Maps are fitted on half of LFW's people and judged by the other half, both ways round, over all
pairs within each half; pairs with one person in either are dropped. LFW sets nothing here: the
maps are measured and thrown away. `--pictures FOLDER` does the same with pictures of your own, in
a folder per person. The JSON keeps the results of other packs that it holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.lfw import extract_shown
from benchmarks.machine import Circumstances, describe_circumstances
from benchmarks.markdown import NOT_MEASURED, circumstances_words, table
from benchmarks.report_files import read_report, write_report
from fvs.deployment.packs import DEFAULT_PACK, open_engine
from fvs.derivation.derivation import lfw_subjects
from fvs.derivation.extraction import model_hashes
from fvs.folders import PictureSet
from fvs.likelihood import LlrBounds  # noqa: TC001 - msgspec reads it when it decodes
from fvs.metrics.cllr import PRIORS_LOG10_ODDS, curves_over_prior
from fvs.metrics.likelihood import (
    CalibrationQuality,
    ScoredPairs,
    evaluate,
    fit_isotonic,
    fit_logistic,
)
from fvs.metrics.tiles import TILE_ROWS, scored_tiles
from fvs.packs import load_pack, shipped_models_dir

if TYPE_CHECKING:
    from fvs.derivation.extraction import MeasuredFaces
    from fvs.metrics.likelihood import FittedMap
    from fvs.records import F32, Int

__all__ = [
    "LikelihoodReport",
    "LikelihoodResult",
    "MapResult",
    "draw_curves",
    "halves_of",
    "load_likelihood",
    "measure_halves",
    "render_likelihood",
    "save_likelihood",
]

CURVES_SHOWN = "![Cross-entropy over the prior](../../benchmarks/results/likelihood.svg)"
"""As a page in docs/explanation shows them."""

SEED = 20261125
WANTED_LOSS = 0.02
FITS = {"logistic": fit_logistic, "isotonic": fit_isotonic}


class MapResult(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of map, fitted on one half and judged by the other.

    Attributes:
        kind: of map.
        held_out: name of the half that judged.
        bounds: of the map's log10 ratios.
        quality: on the half held out.
        entropy: empirical cross-entropy in bits at each of the result's priors.
        entropy_calibrated: the least that the order of scores allows there.
    """

    kind: str
    held_out: str
    bounds: LlrBounds
    quality: CalibrationQuality
    entropy: tuple[float, ...]
    entropy_calibrated: tuple[float, ...]


class LikelihoodResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured of a pack, and on what.

    Attributes:
        crossing_pairs: pairs of one person from each half, which were dropped.
        prior_log10_odds: at which entropies are given.
    """

    circumstances: Circumstances
    model_sha256: tuple[str, ...]
    data: str
    data_sha256: str
    pictures: int
    failed_to_acquire: int
    subjects: int
    crossing_pairs: int
    prior_log10_odds: tuple[float, ...]
    maps: tuple[MapResult, ...]

    @property
    def largest_loss(self) -> float:
        """The worst calibration loss of the logistic map, which is the one to publish."""
        return max(m.quality.calibration_loss for m in self.maps if m.kind == "logistic")


class LikelihoodReport(msgspec.Struct, frozen=True, kw_only=True):
    """`benchmarks/results/likelihood.json`: pack -> its result."""

    packs: dict[str, LikelihoodResult] = {}


def halves_of(subjects: Int) -> tuple[Int, Int]:
    """Rows of the pictures of one half of the people, and of the other."""
    people = np.unique(subjects)
    drawn = np.random.default_rng(SEED).permutation(people)[: len(people) // 2]
    in_first = np.isin(subjects, drawn)
    return np.flatnonzero(in_first), np.flatnonzero(~in_first)


def pairs_within(vectors: F32, subjects: Int, tile_rows: int = TILE_ROWS) -> ScoredPairs:
    """All pairs of these pictures, scored: 30 million pairs take 600 MB."""
    scores, first, second = [], [], []
    for tile in scored_tiles(vectors, tile_rows):
        row, column = np.nonzero(tile.once)
        scores.append(tile.scores[row, column])
        first.append(subjects[tile.first][row])
        second.append(subjects[tile.second][column])
    return ScoredPairs(*(np.concatenate(parts) for parts in (scores, first, second)))


def measure_halves(vectors: F32, subjects: Int) -> tuple[MapResult, ...]:
    """Fit every kind of map on each half and judge it by the other.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) person.
    """
    halves = [pairs_within(vectors[rows], subjects[rows]) for rows in halves_of(subjects)]
    results = []
    for fit_half, held_out, name in ((0, 1, "second"), (1, 0, "first")):
        for kind, fit in FITS.items():
            results.append(_judged(kind, fit(halves[fit_half]), halves[held_out], name))
    return tuple(results)


def _judged(kind: str, fitted: FittedMap, held_out: ScoredPairs, name: str) -> MapResult:
    curves = curves_over_prior(
        fitted.map.log10_lr(held_out.mated), fitted.map.log10_lr(held_out.non_mated), _PRIORS
    )
    return MapResult(
        kind=kind,
        held_out=name,
        bounds=fitted.map.bounds,
        quality=evaluate(fitted, held_out),
        entropy=tuple(curves.entropy.tolist()),
        entropy_calibrated=tuple(curves.entropy_calibrated.tolist()),
    )


_PRIORS = PRIORS_LOG10_ODDS[::5]
"""Every half decade: each takes a pass over all scores."""


def measure_pack(pack: str, shared: Path, pictures_path: Path) -> LikelihoodResult:
    """Measure one pack on pictures in folders named by person."""
    circumstances = describe_circumstances()
    engine = open_engine(load_pack(pack, shipped_models_dir(), [shared / "models"]))
    pictures = PictureSet.open(pictures_path)
    faces = extract_shown(engine, pictures, f"{pack}: {pictures.name}")
    subjects = lfw_subjects(pictures.pictures)[faces.ok]
    return LikelihoodResult(
        circumstances=circumstances,
        model_sha256=model_hashes(engine),
        data=pictures.name,
        data_sha256=pictures.sha256,
        pictures=len(faces),
        failed_to_acquire=int((~faces.ok).sum()),
        subjects=len(np.unique(subjects)),
        crossing_pairs=_crossing(subjects),
        prior_log10_odds=_PRIORS,
        maps=_measured(faces, subjects),
    )


def _measured(faces: MeasuredFaces, subjects: Int) -> tuple[MapResult, ...]:
    with Console(stderr=True).status("fitting and judging"):
        return measure_halves(faces.vectors[faces.ok], subjects)


def _crossing(subjects: Int) -> int:
    one, other = halves_of(subjects)
    return len(one) * len(other)


def load_likelihood(path: Path) -> LikelihoodReport:
    """Read the file, or an empty report where there is none."""
    return read_report(path, LikelihoodReport) or LikelihoodReport()


def save_likelihood(report: LikelihoodReport, path: Path) -> None:
    """Write the file, indented, and draw its curves beside it."""
    write_report(report, path)
    draw_curves(report, path.with_suffix(".svg"))


HEAD = ("pack, map", "judged by", "mated", "non-mated", "Cllr", "minCllr", "loss", "devPAV", "LR")


def render_likelihood(results_dir: Path) -> str:
    """Markdown of what `likelihood.json` in this folder says of every pack."""
    report = load_likelihood(results_dir / "likelihood.json")
    if not report.packs:
        return NOT_MEASURED
    one = next(iter(report.packs.values()))
    summary = (
        f"Held out by subject on {one.data}: maps fitted on one half of the {one.subjects:,} "
        "people, judged by the other half, both ways round, over all pairs within a half; the "
        f"{one.crossing_pairs:,} pairs of one person from each half were dropped. Cllr, its "
        "minimum and their difference, the calibration loss, are in bits, devPAV in decades. LR "
        "says from where to where the map's ratios go, as powers of ten."
    )
    rows = [row for pack, result in report.packs.items() for row in _rows(pack, result)]
    parts = [summary, table(HEAD, rows), circumstances_words(one.circumstances), CURVES_SHOWN]
    return "\n\n".join(parts)


def _rows(pack: str, result: LikelihoodResult) -> list[list[str]]:
    return [
        [
            f"{pack}, {one.kind}",
            f"{one.held_out} half",
            f"{one.quality.mated:,}",
            f"{one.quality.non_mated:,}",
            f"{one.quality.cllr:.4f}",
            f"{one.quality.min_cllr:.4f}",
            f"{one.quality.calibration_loss:.4f}",
            "-" if one.quality.dev_pav_decades is None else f"{one.quality.dev_pav_decades:.2f}",
            f"{one.bounds.lower:.1f} to {one.bounds.upper:.1f}",
        ]
        for one in result.maps
    ]


def draw_curves(report: LikelihoodReport, path: Path) -> None:
    """Draw cross-entropy over the prior, a panel a pack, into an SVG; same report, same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    with mpl.rc_context({"svg.hashsalt": "likelihood", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(5.0 * len(report.packs), 3.8), layout="constrained")
        axes = figure.subplots(1, len(report.packs), squeeze=False)
        for panel, (pack, result) in zip(axes[0], report.packs.items(), strict=True):
            _draw_pack(panel, pack, result)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_pack(
    axes: Any,  # noqa: ANN401 - matplotlib is untyped here
    pack: str,
    result: LikelihoodResult,
) -> None:
    odds = result.prior_log10_odds
    judged = [one for one in result.maps if one.held_out == "second"]
    for one, line in zip(judged, ("-", "--"), strict=True):
        axes.plot(odds, one.entropy, line, label=one.kind)
    axes.plot(odds, judged[0].entropy_calibrated, ":", color="black", label="least possible")
    axes.set(
        title=f"{pack} pack on {result.data}, people held out",
        xlabel="log10 of the prior odds that both show one person",
        ylabel="empirical cross-entropy (bits)",
        ylim=(0, None),
    )
    axes.legend(frameon=False)


def _print(pack: str, result: LikelihoodResult) -> None:
    console = Console()
    shown = Table(title=f"{result.data}, pack {pack}, {result.subjects:,} people in two halves")
    for heading in HEAD:
        shown.add_column(heading)
    for row in _rows(pack, result):
        shown.add_row(*row)
    console.print(shown)
    fulfilled = result.largest_loss <= WANTED_LOSS
    console.print(
        f"{'shown' if fulfilled else '[bold red]NOT shown[/]'}: "
        f"Cllr - minCllr <= {WANTED_LOSS} ({result.largest_loss:.4f})"
    )


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    pack: Annotated[str, typer.Option(help="The pack to measure.")] = DEFAULT_PACK,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Folder or tar, a folder a person, instead of LFW."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
) -> None:
    """Measure, print a table, and write the result and its curves."""
    result = measure_pack(pack, shared, pictures or shared / "data" / "lfw_eval.tar")
    _print(pack, result)
    if json is not None:
        packs = {**load_likelihood(json).packs, pack: result}
        save_likelihood(LikelihoodReport(packs=packs), json)


if __name__ == "__main__":
    typer.run(main)
