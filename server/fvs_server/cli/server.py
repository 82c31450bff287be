"""`fvs server`: run the service and everything around it."""

from __future__ import annotations

import typer

from fvs_server.cli.keys import app as keys_app
from fvs_server.cli.openapi import openapi
from fvs_server.cli.receipt_keys import app as receipt_keys_app
from fvs_server.cli.run import config_app, init, migrate, run

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Run the service over HTTP.")
app.command()(init)
app.command()(run)
app.command()(migrate)
app.command()(openapi)
app.add_typer(config_app, name="config")
app.add_typer(keys_app, name="keys")
app.add_typer(receipt_keys_app, name="receipt-keys")


@app.callback()
def server() -> None:
    """Run the Face Verification Service over HTTP."""
