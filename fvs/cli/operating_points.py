"""`fvs operating-points`: derive thresholds from pictures, and show them with their evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fvs.cli.common import (
    DEFAULT_PACK,
    ERROR_CONSOLE,
    OUTPUT_CONSOLE,
    JsonOption,
    PackOption,
    open_engine,
    open_pack,
    print_json,
)
from fvs.errors import MissingExtraError, UsageError
from fvs.folders import PictureSet
from fvs.operating_points import load_operating_points
from fvs.packs import OPERATING_POINTS_FILE_NAME, list_packs, shipped_models_dir

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.operating_points import BandEvidence, OperatingPoints, Rate

__all__ = ["app", "faces_cache_dir", "progress_bar"]

DEFAULT_TARGETS = "1e-2,1e-3,1e-4,1e-5"

app = typer.Typer(
    name="operating-points",
    help="Thresholds with their measured error rates: derive and show them.",
    no_args_is_help=True,
)


def faces_cache_dir() -> Path:
    """Where extracted faces are kept between runs: the platform's cache folder of this user."""
    return Path(platformdirs.user_cache_dir("fvs", appauthor=False)) / "faces"


def progress_bar() -> Progress:
    """A bar per task on standard error, with counts and the time that remains."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=ERROR_CONSOLE)


@app.command()
def derive(
    *,
    lfw: Annotated[
        Path, typer.Option(help="LFW: a folder or tar of pictures in folders named by person.")
    ],
    pool: Annotated[
        list[Path], typer.Option(help="A folder or tar of different people (repeatable).")
    ],
    labels: Annotated[Path, typer.Option(help="CSV of the pool: file, source, age, sex, group.")],
    out: Annotated[Path, typer.Option(help="The operating_points.json to write.")],
    targets: Annotated[
        str, typer.Option(help="False match rates, comma separated.")
    ] = DEFAULT_TARGETS,
    pack: PackOption = DEFAULT_PACK,
) -> None:
    """Derive a pack's operating points from real faces.

    Extracted faces are kept in this user's cache folder, so that a run that was stopped goes on.
    """
    offline = _offline()
    opened = open_pack(pack)
    request = offline.DerivationRequest(
        pack=opened.name,
        lfw=PictureSet.open(lfw),
        pools=tuple(PictureSet.open(path) for path in pool),
        labels=offline.read_labels(_read_text(labels)),
        targets=_parse_targets(targets),
        cache_dir=faces_cache_dir(),
        machine=offline.describe_machine(),
        commit=offline.describe_commit(Path(__file__).parent.parent),
    )
    with progress_bar() as progress:
        tasks = {
            pictures.name: progress.add_task(pictures.name, total=len(pictures.pictures))
            for pictures in (request.lfw, *request.pools)
        }
        points = offline.derive(
            open_engine(opened),
            request,
            lambda name, done, _: progress.update(tasks[name], completed=done),
        )
    _write(out, points)
    _print_points(points)


@app.command()
def show(*, pack: PackOption = DEFAULT_PACK, as_json: JsonOption = False) -> None:
    """Show a pack's operating points: targets, thresholds and the evidence for them."""
    points = load_operating_points(_points_path(pack))
    if as_json:
        print_json(points)
    else:
        _print_points(points)


def _offline() -> ModuleType:
    try:
        from fvs import derivation  # noqa: PLC0415 - needs scipy, which no other command does
    except ImportError as error:
        raise MissingExtraError(
            f"deriving operating points needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    return derivation


def _points_path(pack: str) -> Path:
    """Of a pack by name, weights or not; else of the pack whose weights the folder holds."""
    models_dir = shipped_models_dir()
    if pack in list_packs(models_dir):
        return models_dir / "packs" / pack / OPERATING_POINTS_FILE_NAME
    return open_pack(pack).operating_points_path


def _parse_targets(text: str) -> tuple[float, ...]:
    try:
        targets = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--targets: {error}", advice="For example 1e-3,1e-4.") from error
    if not all(0.0 < target < 1.0 for target in targets):
        raise UsageError("--targets: a false match rate lies between 0 and 1")
    return targets


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _write(path: Path, points: OperatingPoints) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(points), indent=2) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _print_points(points: OperatingPoints) -> None:
    OUTPUT_CONSOLE.print(_point_table(points))
    if points.points:
        OUTPUT_CONSOLE.print(_band_table(points))
    for target, reason in points.unsupported_targets.items():
        _print_line(f"no point for FMR {target}: {reason}")
    for point in points.points:
        for evidence in point.bands:
            if evidence.status == "not_supported":
                where = f"FMR {point.target_fmr:g} at age {evidence.band.name}"
                _print_line(f"{where}: {evidence.reason}")
    pictures = sum(source.pictures for source in points.data)
    _print_line(
        f"measured on {pictures} pictures at commit {points.commit[:12]}, {points.created}; "
        "brackets are exact 95 % intervals"
    )


def _point_table(points: OperatingPoints) -> Table:
    table = Table(title=f"Operating points of pack {points.pack}")
    for heading in ("target FMR", "threshold", "strictest adult group", "FNMR of mated LFW pairs"):
        table.add_column(heading)
    for point in points.points:
        table.add_row(
            f"{point.target_fmr:g}",
            f"{point.threshold:.4f}",
            point.strictest_group,
            _rate_words(point.fnmr),
        )
    return table


def _band_table(points: OperatingPoints) -> Table:
    table = Table(title="Threshold by age of the subject")
    table.add_column("age")
    for point in points.points:
        table.add_column(f"FMR {point.target_fmr:g}")
    for row in zip(*(point.bands for point in points.points), strict=True):
        table.add_row(row[0].band.name, *(_band_words(evidence) for evidence in row))
    return table


def _print_line(text: str) -> None:
    OUTPUT_CONSOLE.print(text, highlight=False, markup=False, soft_wrap=True)


def _band_words(evidence: BandEvidence) -> str:
    return "not supported" if evidence.threshold is None else f"{evidence.threshold:.4f}"


def _rate_words(rate: Rate) -> str:
    return escape(f"{rate.point:.4f} [{rate.lower_95:.4f}, {rate.upper_95:.4f}]")
