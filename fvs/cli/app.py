"""The command tree and the one place where errors become exit codes."""

from __future__ import annotations

import sys

import typer

from fvs.cli.common import ExitCode, print_error
from fvs.errors import FvsError

__all__ = ["app", "main"]

app = typer.Typer(
    name="fvs",
    help="Verify a selfie against an ID card, with measured error rates.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Keep `fvs` a group of commands."""


def main() -> None:
    """Run the command line and exit with an `ExitCode`."""
    try:
        code = app(standalone_mode=False)
    except FvsError as error:
        print_error(error)
        sys.exit(ExitCode.WRONG_USE)
    sys.exit(code)
