"""`fvs receipt`: check a signed answer, offline."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line
from fvs.cli.registry.options import KindOfNumberOption, read_subject
from fvs.cli.subjects import STDIN
from fvs.errors import UsageError
from fvs.subjects import SubjectId, SubjectKind

if TYPE_CHECKING:
    from fvs.receipts import CheckedReceipt, KeptAnswer, KeptReceipt

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Check a signed answer, offline.")

_STDIN = Path("-")
_MOST_BYTES = 1 << 20


@app.callback()
def receipt() -> None:
    """Check a signed answer of the service, offline."""


@app.command()
def verify(
    file: Annotated[
        Path,
        typer.Argument(help="Holds the receipt, or a whole answer in JSON; - is standard input."),
    ],
    *,
    jwks: Annotated[
        Path, typer.Option(help="The service's /.well-known/jwks.json, saved.", metavar="FILE")
    ],
    number: Annotated[
        str | None,
        typer.Option(
            help="Also check whom a whole answer is about; - reads the number from standard input.",
            metavar="NUMBER",
        ),
    ] = None,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    as_json: JsonOption = False,
) -> None:
    """Check that the service signed an answer, and that nobody changed it.

    Of a whole answer, what it says must be what its receipt does; scores and quality are in no
    receipt. Nor is a number: with --number, the answer's `subject_salt` shows whether it is about
    that subject.

    Exit codes: 0 it is genuine, 1 it proves nothing or is about somebody else, 3 wrong use.

    Examples:
      curl -s https://service/.well-known/jwks.json > jwks.json
      fvs receipt verify receipt.jws --jwks jwks.json
      jq -r .receipt.jws answer.json | fvs receipt verify - --jwks jwks.json --json
      fvs receipt verify answer.json --jwks jwks.json --number - < number.txt
    """
    from fvs.receipts import (  # noqa: PLC0415 - 0.1 s
        ReceiptError,
        check_receipt,
        read_jwks,
        require_unaltered,
    )

    if number == STDIN and file == _STDIN:
        raise UsageError("both the receipt and the number come from standard input")
    keys = read_jwks(_read(jwks))
    kept, answer = _kept_in(_read(file))
    subject = None if number is None else read_subject(number, kind_of_number)
    try:
        checked = check_receipt(kept.jws, keys, datetime.now(UTC))
        if answer is not None:
            require_unaltered(answer, checked.claims)
    except ReceiptError as error:
        if as_json:
            print_json({"genuine": False, "code": error.code, "detail": str(error)})
        else:
            print_line(("not genuine", "bold red"), f": {error}")
        raise typer.Exit(ExitCode.NO_MATCH) from None
    about = None if subject is None else _is_about(checked, kept, subject)
    if as_json:
        asked = {} if about is None else {"about_subject": about}
        print_json({"genuine": True, **asked, "receipt": checked})
    else:
        _print(checked, about=about)
    if about is False:
        raise typer.Exit(ExitCode.NO_MATCH)


def _is_about(checked: CheckedReceipt, kept: KeptReceipt, subject: SubjectId) -> bool:
    from fvs.receipts import is_about  # noqa: PLC0415 - 0.1 s

    if kept.subject_salt is None:
        raise UsageError(
            "this has no `subject_salt`, so it cannot show whom it is about",
            advice="Give the whole answer of a face verification, in JSON.",
        )
    return is_about(checked.claims.get("subject_digest"), subject, kept.subject_salt)


def _print(checked: CheckedReceipt, *, about: bool | None) -> None:
    print_line(("genuine", "bold green"), f", decided {checked.decided_at:%Y-%m-%d %H:%M:%S} UTC")
    if about is not None:
        words = ("about this subject", "bold green") if about else ("about another", "bold red")
        print_line(words)
    for name, value in checked.claims.items():
        print_line(f"  {name}: {msgspec.json.encode(value).decode()}")


def _kept_in(content: bytes) -> tuple[KeptReceipt, KeptAnswer | None]:
    """The receipt, and the answer around it; None where there is the receipt alone."""
    from fvs.receipts import KeptAnswer, KeptReceipt  # noqa: PLC0415 - 0.1 s

    try:
        answer = msgspec.json.decode(content, type=KeptAnswer)
    except msgspec.DecodeError:
        return KeptReceipt(jws=content.decode("ascii", "replace").strip()), None
    return answer.receipt, answer


def _read(path: Path) -> bytes:
    try:
        if path == _STDIN:
            return sys.stdin.buffer.read(_MOST_BYTES)
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}",
            advice="Name a file; `curl` saves what is at an address.",
        ) from error
