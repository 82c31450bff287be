"""`fvs subject`: identifiers checked by hand, and shown masked only."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.errors import UsageError
from fvs.subjects import Mrz, SubjectError, SubjectId, SubjectKind, parse_mrz

if TYPE_CHECKING:
    from datetime import date

__all__ = ["STDIN", "app", "read_text"]

app = typer.Typer(
    help="Check identifiers of people and companies; no number is ever shown.",
    no_args_is_help=True,
)

STDIN = "-"
MAX_INPUT_BYTES = 4096
"""Many times the longest machine-readable zone."""


@app.command()
def check(
    number: Annotated[
        list[str],
        typer.Argument(help="The number, spaces allowed; - reads it from standard input."),
    ],
    *,
    kind: Annotated[
        SubjectKind, typer.Option(help="What the number is: digits alone do not tell.")
    ] = SubjectKind.CITIZEN_ID,
    as_json: JsonOption = False,
) -> None:
    """Check a number: its characters, length, first digit and check digit, not whether it exists.

    A number on the command line stays in the shell's history and in the list of processes: give -
    and type or pipe it. Documents are written as state and number, for example UTO L898902C3.

    Exit codes: 0 valid, 1 invalid, 3 wrong use.

    Examples:
      fvs subject check -
      fvs subject check --kind passport --json - < number.txt
      fvs subject check 1-2345-45678-78-1
    """
    text = read_text(STDIN) if number == [STDIN] else " ".join(number)
    try:
        subject = SubjectId.parse(kind, text.strip())
    except SubjectError as error:
        _refuse(error, as_json=as_json)
    if as_json:
        print_json({"valid": True, **_document(subject)})
        return
    print_line((subject.kind, "bold"), f" {subject}: valid")
    _print_category(subject)


@app.command()
def mrz(
    source: Annotated[str, typer.Argument(help="A text file; - reads standard input.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Check the machine-readable lines of a passport (2 x 44) or card (3 x 30).

    Names and the date of birth are read, but not shown.

    Exit codes: 0 valid, 1 invalid, 3 wrong use.

    Examples:
      fvs subject mrz -
      fvs subject mrz lines.txt --json
    """
    today = datetime.now().astimezone().date()
    try:
        zone = parse_mrz(read_text(source), today)
    except SubjectError as error:
        _refuse(error, as_json=as_json)
    if as_json:
        print_json(_zone_document(zone, today))
    else:
        _print_zone(zone, today)


def read_text(source: str) -> str:
    """The text of a file or of standard input; bytes that are no UTF-8 become no valid character.

    Raises:
        UsageError: it cannot be read, or is too long to be one number or zone.
    """
    if source == STDIN and sys.stdin is None:
        raise UsageError("standard input is closed", advice="Pipe the text in, or name a file.")
    try:
        if source == STDIN:
            content = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot read {source}: {error.strerror}",
            advice="Check the path, and that you may read the file.",
        ) from error
    if len(content) > MAX_INPUT_BYTES:
        raise UsageError(
            f"there are more than {MAX_INPUT_BYTES} bytes", advice="Give one number or zone."
        )
    return content.decode("utf-8-sig", "replace")


def _refuse(error: SubjectError, *, as_json: bool) -> NoReturn:
    """Say what is wrong, without the number, and exit."""
    if as_json:
        advice = {"english": error.advice, "thai": error.advice_thai}
        print_json({"valid": False, "code": error.code, "message": str(error), "advice": advice})
    else:
        print_line((error.code, "bold"), f": {error}")
        OUTPUT_CONSOLE.print(f"    {error.advice}\n    {error.advice_thai}")
    raise typer.Exit(ExitCode.NO_MATCH)


def _document(subject: SubjectId) -> dict[str, Any]:
    category = subject.category
    words = category and {
        "digit": int(category),
        "english": category.english,
        "thai": category.thai,
    }
    return {"kind": subject.kind, "masked": subject.masked, "category": words}


def _zone_document(zone: Mrz, today: date) -> dict[str, Any]:
    citizen = zone.citizen_id
    return {
        "valid": True,
        "document": _document(zone.document),
        "document_code": zone.document_code,
        "issuing_state": zone.issuing_state,
        "nationality": zone.nationality,
        "sex": zone.sex,
        "expires": zone.expires,
        "expired": zone.expires < today,
        "citizen_id": citizen and _document(citizen),
    }


def _print_category(subject: SubjectId) -> None:
    category = subject.category
    if category is not None:
        print_line(f"    category {int(category)}: {category.english}")
        print_line(f"    {category.thai}")


def _print_zone(zone: Mrz, today: date) -> None:
    print_line((zone.document.kind, "bold"), f" {zone.document}: valid")
    ended = "expired" if zone.expires < today else "expires"
    print_line(f"    nationality {zone.nationality}, {zone.sex}, {ended} {zone.expires}")
    citizen = zone.citizen_id
    if citizen is not None:
        print_line(f"    citizen ID {citizen}")
        _print_category(citizen)
