"""`fvs operating-points`: derive thresholds from pictures, and show them with their evidence."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fvs.cli.common import (
    DEFAULT_PACK,
    JsonOption,
    PackOption,
    open_engine,
    open_pack,
    require_writable,
)
from fvs.cli.output import ERROR_CONSOLE, OUTPUT_CONSOLE, print_json, print_line
from fvs.errors import DeploymentError, MissingExtraError, ModelNotFoundError, UsageError
from fvs.folders import PictureSet
from fvs.operating_points import load_operating_points
from fvs.packs import OPERATING_POINTS_FILE_NAME, list_packs, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from rich.progress import TaskID

    from fvs.operating_points import (
        BandEvidence,
        OperatingPoints,
        PadPoint,
        Rate,
        SameCapturePoint,
    )
    from fvs.packs import Pack

__all__ = ["app", "faces_cache_dir", "points_path", "progress_bar"]

PAD_CAVEAT = (
    "These are published photographs, many of them scans of prints, and no captures at a camera: "
    "the shares are no BPCER."
)
CLEANING_PACK = "reference"
GZIP_MAGIC = b"\x1f\x8b"
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
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
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
    doubles_by: Annotated[
        str | None,
        typer.Option(
            help="The pack that finds people who stand twice in the pool. [default: reference, "
            "where its weights are at hand, else the pack itself]",
            metavar="NAME|DIR",
        ),
    ] = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(
            help="List of pool pictures to leave out because the pack was trained on them: the "
            "last word of each line is a file name; may be gzip (repeatable)."
        ),
    ] = None,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Derive a pack's operating points from real faces.

    People who stand twice are told by the scores of --doubles-by, which should be another pack
    than the one whose thresholds are set. Extracted faces are kept in this user's cache folder,
    so that a run that was stopped goes on. Needs the extra `eval`. With --json the document of
    --out is printed too.

    Exit codes: 0 derived, 3 wrong use.

    Examples:
      fvs operating-points derive --lfw lfw.tar --pool pool.tar --labels a.csv --out o.json
      fvs operating-points derive --lfw lfw.tar --pool pool/ --pool more/ --labels a.csv
          --out o.json --targets 1e-3,1e-4 --json
      fvs operating-points derive --pack standard --doubles-by reference --lfw lfw.tar
          --pool pool.tar --labels a.csv --out o.json
          --trained-on training/lists/embed-fvsduet-202611.txt.gz
    """
    offline = _offline()
    require_writable(out)
    cache_dir = _made(faces_cache_dir())
    opened = open_pack(pack)
    cleaning = _cleaning_pack(opened, doubles_by)
    request = offline.DerivationRequest(
        pack=opened.name,
        doubles_by=cleaning.name,
        lfw=PictureSet.open(lfw),
        pools=tuple(PictureSet.open(path) for path in pool),
        labels=offline.read_labels(_read_text(labels)),
        targets=_parse_targets(targets),
        cache_dir=cache_dir,
        machine=offline.describe_machine(),
        commit=offline.describe_commit(Path(__file__).parent.parent),
        trained_on=frozenset(name for path in trained_on or () for name in _listed_names(path)),
    )
    with progress_bar() as progress:
        points = offline.derive(
            open_engine(opened), open_engine(cleaning), request, _progress_tasks(progress)
        )
    _write(out, points)
    _report(points, as_json=as_json)


@app.command()
def show(*, pack: PackOption = DEFAULT_PACK, as_json: JsonOption = False) -> None:
    """Show a pack's operating points: targets, thresholds and the evidence for them.

    Exit codes: 0 shown, 3 wrong use.

    Examples:
      fvs operating-points show
      fvs operating-points show --pack reference --json | jq '.points[].threshold'
    """
    _report(load_operating_points(points_path(pack)), as_json=as_json)


def _offline() -> ModuleType:
    try:
        from fvs import derivation  # noqa: PLC0415 - needs scipy, which no other command does
    except ImportError as error:
        raise MissingExtraError(
            f"deriving operating points needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[eval]'`.",
        ) from error
    return derivation


def _cleaning_pack(pack: Pack, doubles_by: str | None) -> Pack:
    """The pack named; else the reference pack if its weights are at hand, or the pack itself."""
    if doubles_by is not None:
        return open_pack(doubles_by)
    try:
        return open_pack(CLEANING_PACK)
    except ModelNotFoundError:
        return pack


def _progress_tasks(progress: Progress) -> Callable[[str, int, int], None]:
    """Shows a bar for each thing that is measured, from when it begins."""
    tasks: dict[str, TaskID] = {}

    def show_progress(title: str, done: int, total: int) -> None:
        if title not in tasks:
            tasks[title] = progress.add_task(title, total=total)
        progress.update(tasks[title], completed=done)

    return show_progress


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeploymentError(
            f"cannot keep faces in {folder}: {error.strerror}",
            advice="Make that folder writable, or name another cache in XDG_CACHE_HOME.",
        ) from error
    if not os.access(folder, os.W_OK):
        raise DeploymentError(f"cannot keep faces in {folder}: permission denied")
    return folder


def points_path(pack: str) -> Path:
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


def _listed_names(path: Path) -> list[str]:
    """The last word of each line of a text that may be gzip, without folders."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == GZIP_MAGIC else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    return [PurePosixPath(line.split()[-1]).name for line in text.splitlines() if line.split()]


def _write(path: Path, points: OperatingPoints) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(points), indent=2) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _report(points: OperatingPoints, *, as_json: bool) -> None:
    if as_json:
        print_json(points)
    else:
        _print_points(points)


def _print_points(points: OperatingPoints) -> None:
    OUTPUT_CONSOLE.print(_point_table(points))
    if points.points:
        OUTPUT_CONSOLE.print(_band_table(points))
    for target, reason in points.unsupported_targets.items():
        print_line(f"no point for FMR {target}: {reason}")
    for point in points.points:
        for evidence in point.bands:
            if evidence.status == "not_supported":
                where = f"FMR {point.target_fmr:g} at age {evidence.band.name}"
                print_line(f"{where}: {evidence.reason}")
    if points.pad is not None:
        _print_pad(points.pad)
    print_line(_same_capture_words(points.same_capture))
    pictures = sum(source.pictures for source in points.data)
    print_line(
        f"measured on {pictures} pictures at commit {points.commit}, {points.created}; "
        "brackets are exact 95 % intervals"
    )


def _print_pad(pad: PadPoint) -> None:
    """How many pictures the PAD networks took for an attack, by data set."""
    table = Table(title=f"Refused by PAD: live probability below {pad.threshold:g}")
    for heading in ("pictures", "refused", "share of them"):
        table.add_column(heading)
    for name, rate in pad.refused.items():
        table.add_row(name, f"{rate.errors} of {rate.trials}", _rate_words(rate))
    OUTPUT_CONSOLE.print(table)
    OUTPUT_CONSOLE.print(PAD_CAVEAT)


def _same_capture_words(point: SameCapturePoint | None) -> str:
    if point is None:
        return "no score tells one capture seen twice from two captures of a person"
    return (
        f"one capture is suspected from a score of {point.threshold:.4f}, which "
        f"{point.reached.errors} of {point.reached.trials} mated LFW pairs reach, and "
        f"{point.caught.errors} of {point.caught.trials} copies of a picture"
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


def _band_words(evidence: BandEvidence) -> str:
    return "not supported" if evidence.threshold is None else f"{evidence.threshold:.4f}"


def _rate_words(rate: Rate) -> str:
    return f"{rate.point:.4f} [{rate.lower_95:.4f}, {rate.upper_95:.4f}]"
