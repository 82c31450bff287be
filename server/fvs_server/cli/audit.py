"""`fvs audit`: check and export the log of what was answered."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Check, prove and export the audit log.")


@app.callback()
def audit() -> None:
    """Check, prove and export the log of all that the service answered."""
