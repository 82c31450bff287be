"""The command tree and the one place where errors become exit codes."""

from __future__ import annotations

import sys

import typer

from fvs import __version__
from fvs.cli import operating_points
from fvs.cli.bench import bench
from fvs.cli.common import OUTPUT_CONSOLE, ExitCode, print_error
from fvs.cli.demo import demo
from fvs.cli.models import app as models_app
from fvs.cli.templates import compare, embed
from fvs.cli.verify import inspect, verify
from fvs.errors import FvsError, UsageError

__all__ = ["app", "main"]

INTERRUPTED = 130
"""What shells return for a process ended by Ctrl-C: 128 + SIGINT."""

app = typer.Typer(
    name="fvs",
    help="Verify a selfie against an ID card, with measured error rates.",
    epilog="Exit codes: 0 match (or done), 1 no match, 2 no decision, 3 wrong use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(verify)
app.command()(inspect)
app.command()(embed)
app.command()(compare)
app.command()(demo)
app.command()(bench)
app.add_typer(operating_points.app)
app.add_typer(models_app, name="models")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        OUTPUT_CONSOLE.print(f"fvs {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Verify a selfie against an ID card, with measured error rates."""


def main() -> None:
    """Run the command line and exit with an `ExitCode`."""
    try:
        code = app(standalone_mode=False)
    except FvsError as error:
        print_error(error)
        sys.exit(ExitCode.WRONG_USE)
    except typer.TyperException as error:
        # Only a bad parameter knows how to name the parameter.
        words = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        print_error(UsageError(words, advice="`fvs --help` and `fvs COMMAND --help` say more."))
        sys.exit(ExitCode.WRONG_USE)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    sys.exit(code)
