"""`fvs report`: what an evaluation shows, as one HTML file and a PDF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from fvs.cli.certificates import CertificateOption
from fvs.cli.common import JsonOption, require_writable
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.report_request import ReportRequest
from fvs.cli.verify import DEFAULT_TARGET_FMR
from fvs.deployment.certificates import certificate_path
from fvs.deployment.packs import DEFAULT_PACK
from fvs.errors import MissingExtraError, UsageError
from fvs.operating_points import Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.report import Finding

__all__ = ["report"]

VERDICT_STYLES = {"met": "bold green", "not_met": "bold red", "not_shown": "bold yellow"}


class ReportLanguage(StrEnum):
    """Of the report's text."""

    EN = "en"
    TH = "th"
    BOTH = "both"


LANGUAGES: dict[ReportLanguage, tuple[Literal["en", "th"], ...]] = {
    ReportLanguage.EN: ("en",),
    ReportLanguage.TH: ("th",),
    ReportLanguage.BOTH: ("en", "th"),
}


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
        bound_95: one-sided, that decided: from below where it is not met, else from above.
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
    bound_95: float | None
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
            help="The pack whose operating points are judged. \\[default: standard, where no "
            "scores are given]",
            metavar="NAME|DIR",
        ),
    ] = None,
    certificate: CertificateOption = None,
    fmr: Annotated[
        float, typer.Option(help="Operating point: at most this share of strangers match.")
    ] = DEFAULT_TARGET_FMR,
    threshold: Annotated[
        float | None, typer.Option(help="Judge the scores at this threshold instead.")
    ] = None,
    lfw: Annotated[
        Path | None,
        typer.Option(
            help="Measure the pack on LFW, or on any folder or tar with a folder of pictures for "
            "each person."
        ),
    ] = None,
    pad: Annotated[
        Path | None, typer.Option(help="Results of attacks, as benchmarks/results/pad.json.")
    ] = None,
    pad_system: Annotated[
        str | None, typer.Option(help="Which system of those results. \\[default: the pack's]")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="A limit of your own, as fnmr=0.05 (repeatable): fmr, fnmr, group-fmr, iapar, "
            "apcer, bpcer.",
            metavar="MEASURE=LIMIT",
        ),
    ] = None,
    language: Annotated[ReportLanguage, typer.Option(help="Of the report.")] = ReportLanguage.EN,
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
        str | None, typer.Option(help="What was measured, for the title. \\[default: the pack]")
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
    _require_outputs([out] if pdf is None else [out, pdf], (scores, lfw, pad, pictures))
    chosen = pack or (None if scores is not None and certificate is None else DEFAULT_PACK)
    request = ReportRequest(
        scores=scores,
        pack=chosen,
        certificate=certificate or (None if chosen is None else certificate_path(chosen)),
        target_fmr=fmr,
        threshold=threshold,
        pictures_of_people=lfw,
        pad=pad,
        pad_system=pad_system,
        requirements=tuple(target or ()),
        thumbnails_from=_thumbnails_from(pictures, wanted=thumbnails, scores=scores),
        subject=subject,
    )
    findings = _write_report(request, LANGUAGES[language], out, pdf)
    if as_json:
        print_json(_answer(out, pdf, findings))
    else:
        _print(out, pdf, findings)
    raise typer.Exit(_exit_code([str(finding.verdict) for finding in findings], fail_on))


def _require_outputs(outputs: Sequence[Path], inputs: Sequence[Path | None]) -> None:
    """Refuse to replace what is read, and to write one file over the other."""
    given = {path.resolve() for path in inputs if path is not None}
    for path in outputs:
        require_writable(path)
        if path.resolve() in given:
            raise UsageError(f"{path} would replace a file that was given")
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise UsageError("--out and --pdf are the same file", advice="Name two files.")


def _write_report(
    request: ReportRequest, languages: Sequence[Literal["en", "th"]], out: Path, pdf: Path | None
) -> tuple[Finding, ...]:
    try:
        from fvs.cli.report_evidence import gather_evidence  # noqa: PLC0415 - needs extras
        from fvs.report import compose_report, render_html, render_pdf  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise MissingExtraError(
            f"a report needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[report]'`.",
        ) from error
    evidence = gather_evidence(request)
    document = compose_report(evidence, languages)
    _write(out, render_html(document).encode())
    if pdf is not None:
        _write(pdf, render_pdf(document))
    return evidence.findings


def _thumbnails_from(pictures: Path | None, *, wanted: bool, scores: Path | None) -> Path | None:
    if not wanted:
        return None
    if pictures is None or scores is None:
        raise UsageError(
            "--thumbnails needs --scores that name pictures, and --pictures to find them in"
        )
    return pictures


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
        bound_95=finding.bound,
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
