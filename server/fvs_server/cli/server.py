"""`fvs server`: run the service and everything around it."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Run the service over HTTP.")


@app.callback()
def server() -> None:
    """Run the Face Verification Service over HTTP."""
