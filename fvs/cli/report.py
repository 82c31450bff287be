"""`fvs report`: what an evaluation shows, as one HTML file and a PDF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from fvs.cli.common import (
    DEFAULT_PACK,
    JsonOption,
    open_engine,
    open_pack,
    require_writable,
)
from fvs.cli.exit_codes import ExitCode
from fvs.cli.operating_points import faces_cache_dir, progress_bar
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.verify import DEFAULT_TARGET_FMR
from fvs.errors import MissingExtraError, UsageError
from fvs.folders import PictureSet
from fvs.operating_points import OperatingPoints, load_operating_points

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from fvs.metrics.evaluation import Evaluation
    from fvs.operating_points import Rate
    from fvs.report.evidence import DataFile, Evidence
    from fvs.report.measures import ErrorMeasures
    from fvs.report.verdicts import Finding

__all__ = ["report"]


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
    reports = _reports()
    for path in (out, pdf):
        if path is not None:
            require_writable(path)
    evaluation = None if scores is None else reports.read_evaluation(scores)
    ...
