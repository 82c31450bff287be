"""The command tree."""

from __future__ import annotations

from importlib.metadata import entry_points

import typer

from fvs import __version__
from fvs.cli.bench import bench
from fvs.cli.calibrate import app as calibrate_app
from fvs.cli.certificate import app as certificate_app
from fvs.cli.demo import demo
from fvs.cli.models import app as models_app
from fvs.cli.monitor import app as monitor_app
from fvs.cli.output import print_line
from fvs.cli.receipt import app as receipt_app
from fvs.cli.registry import app as registry_app
from fvs.cli.report import report
from fvs.cli.subjects import app as subjects_app
from fvs.cli.templates import compare, embed
from fvs.cli.verify import inspect, verify

__all__ = ["app"]

app = typer.Typer(name="fvs", no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(verify)
app.command()(inspect)
app.command()(embed)
app.command()(compare)
app.command()(demo)
app.command()(bench)
app.add_typer(calibrate_app)
app.add_typer(certificate_app)
app.command()(report)
app.add_typer(models_app, name="models")
app.add_typer(monitor_app, name="monitor")
app.add_typer(subjects_app, name="subject")
app.add_typer(receipt_app, name="receipt")
app.add_typer(registry_app, name="registry")

for _found in sorted(entry_points(group="fvs.commands"), key=lambda point: point.name):
    app.add_typer(_found.load(), name=_found.name)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        print_line(f"fvs {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Verify a selfie against an ID card, with measured error rates.

    Exit codes: 0 match (or done), 1 no match, 2 no decision, 3 wrong use or a broken installation.
    Any other code is no answer either: 70 internal error (FVS_DEBUG=1 shows the traceback),
    130 interrupted, 141 the reader of the output went away.

    With --json standard output holds one JSON document, in UTF-8: the answer, or where there is
    none {"error": {"message": ..., "advice": ...}}, for some errors with a "code" that programs can
    tell them apart by. Standard error tells people the same in words.

    Examples:
      fvs verify selfie.jpg card.jpg
      fvs models list
      FVS_DEBUG=1 fvs demo
    """
