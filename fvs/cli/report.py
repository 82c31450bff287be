"""`fvs report`: what an evaluation shows, as one HTML file and a PDF."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from fvs.cli.common import (
    DEFAULT_PACK,
    JsonOption,
    open_engine,
    open_pack,
    require_writable,
)
from fvs.cli.exit_codes import ExitCode
from fvs.cli.operating_points import faces_cache_dir, points_path, progress_bar
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.verify import DEFAULT_TARGET_FMR
from fvs.errors import MissingExtraError, UsageError
from fvs.folders import PictureSet
from fvs.operating_points import OperatingPoints, Rate, load_operating_points

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from fvs.metrics.evaluation import Evaluation
    from fvs.report.evidence import DataFile, Evidence
    from fvs.report.measures import ErrorMeasures
    from fvs.report.pad import PadEvidence
    from fvs.report.thumbnails import ExtremePairs
    from fvs.report.verdicts import Finding

__all__ = ["report"]

VERDICT_STYLES = {"met": "bold green", "not_met": "bold red", "not_shown": "bold yellow"}


class ReportLanguage(StrEnum):
    """Of the report's text."""

    EN = "en"
    TH = "th"
    BOTH = "both"


class FailOn(StrEnum):
    """Which verdicts the exit code tells."""

    NEVER = "never"
    NOT_MET = "not-met"
    NOT_SHOWN = "not-shown"


class VerdictAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, as `fvs report --json` prints it.

    Attributes:
        source: who asks for it.
        measure: of what.
        limit: the highest rate allowed.
        verdict: `met`, `not_met` or `not_shown`.
        why: by what.
        rate: measured, with its two-sided 95 % interval; None where nothing was.
        upper_95_one_sided: that decides whether it is met.
        lower_95_one_sided: that decides whether it is not.
        subjects: people; None where unknown.
        of: group or species that the rate is of.
        trials_needed: independent trials that would show it; None where no number would.
    """

    source: str
    measure: str
    limit: float
    verdict: str
    why: str
    rate: Rate | None
    upper_95_one_sided: float | None
    lower_95_one_sided: float | None
    subjects: int | None
    of: str
    trials_needed: int | None


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What `fvs report --json` prints."""

    html: str
    pdf: str | None
    verdicts: tuple[VerdictAnswer, ...]


def report(
    *,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    pdf: Annotated[Path | None, typer.Option(help="Also write a PDF of the same content.")] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="CSV or Parquet of compared pairs: similarity, mated, first_subject, "
            "second_subject; if known group, quality, first_picture, second_picture."
        ),
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option(
            help="The pack whose operating points are judged. [default: standard, where no scores "
            "are given]",
            metavar="NAME|DIR",
        ),
    ] = None,
    fmr: Annotated[
        float, typer.Option(help="Operating point: at most this share of strangers match.")
    ] = DEFAULT_TARGET_FMR,
    threshold: Annotated[
        float | None, typer.Option(help="Judge the scores at this threshold instead.")
    ] = None,
    lfw: Annotated[
        Path | None,
        typer.Option(
            help="Measure the pack on LFW, or on any folder or tar of pictures in folders of people."
        ),
    ] = None,
    pad: Annotated[
        Path | None, typer.Option(help="Results of attacks, as benchmarks/results/pad.json.")
    ] = None,
    pad_system: Annotated[
        str | None, typer.Option(help="Which system of those results. [default: the pack's]")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="A limit of your own, as fnmr=0.05 (repeatable): fmr, fnmr, group-fmr, iapar, "
            "apcer, bpcer.",
            metavar="MEASURE=LIMIT",
        ),
    ] = None,
    language: Annotated[
        ReportLanguage, typer.Option(help="Of the report.")
    ] = ReportLanguage.EN,
    thumbnails: Annotated[
        bool,
        typer.Option(
            "--thumbnails",
            help="Show the worst pairs' pictures, from --pictures. The report then holds personal "
            "data.",
        ),
    ] = False,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder or tar of the pictures that the scores name.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="What was measured, for the title. [default: the pack]")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Let the exit code tell verdicts: see below.")
    ] = FailOn.NEVER,
    as_json: JsonOption = False,
) -> None:
    """Report error rates against what is required of them, with intervals and counts.

    A requirement is met, not met, or not shown by the data. Give scores, a pack, or both: then
    the scores are judged at the pack's threshold. Needs the extra `report`.

    Exit codes: 0 written, 3 wrong use. With --fail-on not-met 1 says that a requirement is not
    met; with --fail-on not-shown also 2, that one is not shown by the data. The report is written
    all the same.

    Examples:
      fvs report --out report.html --pdf report.pdf
      fvs report --pack standard --lfw lfw.tar --pad benchmarks/results/pad.json --out r.html
      fvs report --scores scores.csv --target fnmr=0.05 --language both --out r.html --pdf r.pdf
      fvs report --scores scores.parquet --pack own --fmr 1e-3 --fail-on not-met --out r.html --json
    """
    options = _Options(
        scores=scores,
        pack=pack or (None if scores is not None and lfw is None else DEFAULT_PACK),
        target_fmr=fmr,
        threshold=threshold,
        pictures_of_people=lfw,
        pad=pad,
        pad_system=pad_system,
        requirements=tuple(target or ()),
        thumbnails_from=_thumbnails_from(pictures, wanted=thumbnails, scores=scores),
        subject=subject,
    )
    for path in (out, pdf):
        if path is not None:
            require_writable(path)
    reports = _reports()
    evidence = _evidence(reports, options)
    languages = ("en", "th") if language is ReportLanguage.BOTH else (language.value,)
    document = reports.compose_report(evidence, languages)
    _write(out, reports.render_html(document).encode())
    if pdf is not None:
        _write(pdf, reports.render_pdf(document))
    findings = evidence.findings
    if as_json:
        print_json(_answer(out, pdf, findings))
    else:
        _print(out, pdf, findings)
    raise typer.Exit(_exit_code([str(finding.verdict) for finding in findings], fail_on))


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What was asked for, checked against itself."""

    scores: Path | None
    pack: str | None
    target_fmr: float
    threshold: float | None
    pictures_of_people: Path | None
    pad: Path | None
    pad_system: str | None
    requirements: tuple[str, ...]
    thumbnails_from: Path | None
    subject: str | None

    def __post_init__(self) -> None:
        """Refuse options that exclude each other, or say nothing together."""
        if self.scores is not None and self.pictures_of_people is not None:
            raise UsageError("--scores and --lfw are two things to measure", advice="Give one.")
        if self.threshold is not None and self.scores is None:
            raise UsageError(
                "--threshold is for --scores", advice="A pack is judged at its point for --fmr."
            )


def _reports() -> ModuleType:
    try:
        from fvs import report as reports  # noqa: PLC0415 - needs extras that no other command does
    except ImportError as error:
        raise MissingExtraError(
            f"a report needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[report]'`.",
        ) from error
    return reports


def _thumbnails_from(pictures: Path | None, *, wanted: bool, scores: Path | None) -> Path | None:
    if not wanted:
        return None
    if pictures is None or scores is None:
        raise UsageError(
            "--thumbnails needs --scores that name pictures, and --pictures to find them in"
        )
    return pictures


def _evidence(reports: ModuleType, options: _Options) -> Evidence:
    points = None if options.pack is None else _points_of(options.pack)
    point = None if points is None else points.at(options.target_fmr)
    evaluation = None if options.scores is None else _read_scores(options.scores)
    files = _files(reports, options, evaluation)
    measures = None
    if evaluation is not None:
        measures = reports.measure_scores(evaluation, options.target_fmr, point, options.threshold)
    elif options.pictures_of_people is not None and options.pack is not None and point is not None:
        pictures = PictureSet.open(options.pictures_of_people)
        files.append(_pictures_file(reports, pictures))
        measures = _measure_pictures(reports, options.pack, pictures, point.threshold)
    own = reports.parse_requirements(options.requirements)
    return reports.Evidence(
        subject=options.subject or options.pack or Path(files[0].name).stem,
        requirements=(*reports.STANDARD_REQUIREMENTS, *own),
        provenance=reports.provenance_of(files),
        target_fmr=options.target_fmr,
        measures=measures,
        points=points,
        point=point,
        pad=_pad(reports, options, points),
        pairs=_pairs(reports, evaluation, options.thumbnails_from),
    )


def _points_of(pack: str) -> OperatingPoints:
    return load_operating_points(points_path(pack))


def _read_scores(path: Path) -> Evaluation:
    from fvs.metrics import read_evaluation  # noqa: PLC0415 - needs scipy

    return read_evaluation(path)


def _files(
    reports: ModuleType, options: _Options, evaluation: Evaluation | None
) -> list[DataFile]:
    files = []
    if options.scores is not None and evaluation is not None:
        files.append(reports.describe_file("role_scores", options.scores, len(evaluation)))
    if options.pad is not None:
        files.append(reports.describe_file("role_pad", options.pad))
    if options.pack is not None:
        files.append(reports.describe_file("role_points", points_path(options.pack)))
    return files


def _pictures_file(reports: ModuleType, pictures: PictureSet) -> DataFile:
    return reports.DataFile(
        role="role_pictures",
        name=pictures.name,
        sha256=pictures.sha256,
        size=len(pictures.pictures),
    )


def _measure_pictures(
    reports: ModuleType, pack: str, pictures: PictureSet, threshold: float
) -> ErrorMeasures:
    engine = open_engine(open_pack(pack))
    with progress_bar() as progress:
        task = progress.add_task(pictures.name, total=len(pictures.pictures))
        return reports.measure_pictures(
            engine,
            pictures,
            threshold,
            faces_cache_dir(),
            lambda done: progress.update(task, completed=done),
        )


def _pad(
    reports: ModuleType, options: _Options, points: OperatingPoints | None
) -> PadEvidence | None:
    if options.pad is None:
        return None
    weights = () if points is None else points.pad_sha256
    return reports.select_system(
        reports.read_pad_results(options.pad), options.pad_system, weights
    )


def _pairs(
    reports: ModuleType, evaluation: Evaluation | None, pictures: Path | None
) -> ExtremePairs | None:
    if evaluation is None or pictures is None:
        return None
    return reports.extreme_pairs(evaluation, PictureSet.open(pictures))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _answer(out: Path, pdf: Path | None, findings: Sequence[Finding]) -> ReportAnswer:
    return ReportAnswer(
        html=str(out),
        pdf=None if pdf is None else str(pdf),
        verdicts=tuple(_verdict(finding) for finding in findings),
    )


def _verdict(finding: Finding) -> VerdictAnswer:
    measured = finding.measured
    return VerdictAnswer(
        source=finding.requirement.source,
        measure=finding.requirement.measure,
        limit=finding.requirement.limit,
        verdict=finding.verdict,
        why=finding.why,
        rate=None if measured is None else measured.rate,
        upper_95_one_sided=None if measured is None else measured.upper_95,
        lower_95_one_sided=None if measured is None else measured.lower_95,
        subjects=None if measured is None else measured.subjects,
        of="" if measured is None else measured.of,
        trials_needed=finding.trials_needed,
    )


def _print(out: Path, pdf: Path | None, findings: Sequence[Finding]) -> None:
    table = Table(title="What the data show")
    for heading in ("requirement", "verdict", "measured [95 %]", "trials", "people"):
        table.add_column(heading)
    for finding in findings:
        requirement = f"{finding.requirement.source}: {finding.requirement.words}"
        verdict = Text(finding.verdict.replace("_", " "), VERDICT_STYLES[finding.verdict])
        table.add_row(requirement, verdict, *_cells(finding))
    OUTPUT_CONSOLE.print(table)
    for path in (out, pdf):
        if path is not None:
            print_line(f"written: {path}")


def _cells(finding: Finding) -> tuple[str, str, str]:
    measured = finding.measured
    if measured is None:
        return "not measured", "-", "-"
    rate = measured.rate
    interval = f"{rate.point:.3g} [{rate.lower_95:.3g}, {rate.upper_95:.3g}]"
    of = f" ({measured.of})" if measured.of else ""
    return f"{interval}{of}", f"{rate.trials:,}", _people(measured.subjects)


def _people(subjects: int | None) -> str:
    return "-" if subjects is None else f"{subjects:,}"


def _exit_code(verdicts: Sequence[str], fail_on: FailOn) -> ExitCode:
    if fail_on is not FailOn.NEVER and "not_met" in verdicts:
        return ExitCode.NO_MATCH
    if fail_on is FailOn.NOT_SHOWN and "not_shown" in verdicts:
        return ExitCode.NO_DECISION
    return ExitCode.MATCH
