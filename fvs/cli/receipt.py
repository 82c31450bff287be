"""`fvs receipt`: check a signed answer, offline."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line
from fvs.errors import UsageError

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
    as_json: JsonOption = False,
) -> None:
    """Check that the service signed an answer, and that nobody changed it.

    Exit codes: 0 it is genuine, 1 it proves nothing, 3 wrong use.

    Examples:
      curl -s https://service/.well-known/jwks.json > jwks.json
      fvs receipt verify receipt.jws --jwks jwks.json
      jq -r .receipt.jws answer.json | fvs receipt verify - --jwks jwks.json --json
    """
    from fvs.receipts import ReceiptError, check_receipt, read_jwks  # noqa: PLC0415 - 0.1 s

    keys = read_jwks(_read(jwks))
    try:
        checked = check_receipt(_receipt_in(_read(file)), keys, datetime.now(UTC))
    except ReceiptError as error:
        if as_json:
            print_json({"genuine": False, "code": error.code, "detail": str(error)})
        else:
            print_line(("not genuine", "bold red"), f": {error}")
        raise typer.Exit(ExitCode.NO_MATCH) from None
    if as_json:
        print_json({"genuine": True, "receipt": checked})
        return
    print_line(("genuine", "bold green"), f", decided {checked.decided_at:%Y-%m-%d %H:%M:%S} UTC")
    for name, value in checked.claims.items():
        print_line(f"  {name}: {msgspec.json.encode(value).decode()}")


def _receipt_in(content: bytes) -> str:
    """The receipt itself, or that of an answer."""
    try:
        document = msgspec.json.decode(content)
        return str(document["receipt"]["jws"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return content.decode("ascii", "replace").strip()


def _read(path: Path) -> bytes:
    try:
        if path == _STDIN:
            return sys.stdin.buffer.read(_MOST_BYTES)
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
