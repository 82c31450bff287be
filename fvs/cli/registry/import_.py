"""`fvs registry import`: a folder or table of portraits, as often as it takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.registry.items import FILE_NAME_PATTERN, advice_on, open_items
from fvs.cli.registry.options import (
    DEFAULT_ENGINE,
    EngineOption,
    KindOfNumberOption,
    RegistryOption,
    WorkersOption,
)
from fvs.cli.registry.refusals import refusals_file
from fvs.deployment.registry_location import Location, require_extra
from fvs.subjects import SubjectKind

__all__ = ["import_"]

DEFAULT_REPORT = Path("import-refused.csv")


class ImportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import.

    Attributes:
        enrolled: templates that are new.
        unchanged: pictures that were there already.
        refused: pictures that were not enrolled.
        refused_by_code: the same, by the first reason.
        report: the file that names each of them.
        revision: of the store afterwards.
        seconds: that the run took.
    """

    enrolled: int
    unchanged: int
    refused: int
    refused_by_code: dict[str, int]
    report: str
    revision: int
    seconds: float


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help=f"A folder of pictures named {FILE_NAME_PATTERN}; or a CSV with a heading.",
            metavar="FOLDER|CSV",
        ),
    ],
    *,
    report: Annotated[
        Path,
        typer.Option(
            help="Where to name every refused picture, with code and advice: CSV, or JSON by the "
            "file's suffix. An older one is replaced."
        ),
    ] = DEFAULT_REPORT,
    engine: EngineOption = DEFAULT_ENGINE,
    workers: WorkersOption = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a running Dask scheduler, with --engine dask. \\[default: a cluster "
            "of --workers processes here]",
            metavar="URL",
        ),
    ] = None,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol many portraits; may be stopped and run again at any time.

    Columns of a CSV: number and picture; and if wanted kind_of_number, kind (card, passport,
    capture), portrait_date, source, legal_basis and retain_until. Others are refused. Pictures are
    named from the CSV's folder.

    What is enrolled already is skipped before it is decoded, so that a second run changes nothing.
    No bad picture or row ends the run. The report names files, which may be numbers of people:
    only you may read it.

    Exit codes: 0 all are enrolled, 2 some were refused: see the report, 3 wrong use.

    Examples:
      fvs registry import portraits/ --registry people
      fvs registry import people.csv --workers 8 --report refused.json --json
      fvs registry import people.csv --engine dask --scheduler tcp://10.0.0.1:8786
    """
    location = Location.find(registry)
    items = open_items(source, kind_of_number)
    with require_extra():
        from fvs.cli.registry.import_run import Workforce, run_import  # noqa: PLC0415 - needs faiss

    started = time.monotonic()
    with refusals_file(report) as on_refusal:
        tally = run_import(location, items, Workforce(engine, workers, scheduler), on_refusal)
    answer = ImportAnswer(
        enrolled=tally.enrolled,
        unchanged=tally.unchanged,
        refused=tally.refused.total(),
        refused_by_code=dict(tally.refused.most_common()),
        report=str(report),
        revision=tally.revision,
        seconds=round(time.monotonic() - started, 1),
    )
    if as_json:
        print_json(answer)
    else:
        _print_answer(answer)
    raise typer.Exit(ExitCode.NO_DECISION if answer.refused else ExitCode.MATCH)


def _print_answer(answer: ImportAnswer) -> None:
    if not (answer.enrolled or answer.unchanged or answer.refused):
        print_line(
            ("nothing to import was found", "bold yellow"),
            f": pictures are named {FILE_NAME_PATTERN}",
        )
        return
    print_line(
        f"{answer.enrolled} enrolled, {answer.unchanged} there already, {answer.refused} refused "
        f"in {answer.seconds:.0f} s"
    )
    for code, count in answer.refused_by_code.items():
        print_line(f"- {count} ", (code, "bold"))
        advice = advice_on(code)
        OUTPUT_CONSOLE.print(f"    {advice.english}\n    {advice.thai}")
    if answer.refused:
        print_line(f"Each is named in {answer.report}")
