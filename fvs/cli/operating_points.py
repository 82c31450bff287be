"""`fvs operating-points`: the older name of `fvs certificate show`."""

from __future__ import annotations

import typer

from fvs.cli.certificate import show as show_certificate
from fvs.cli.common import DEFAULT_PACK, JsonOption, PackOption
from fvs.cli.measuring import faces_cache_dir, progress_bar

__all__ = ["app", "faces_cache_dir", "progress_bar"]

app = typer.Typer(
    name="operating-points",
    help="Thresholds with their measured error rates; the older name of `fvs certificate`.",
    no_args_is_help=True,
)


@app.command()
def show(*, pack: PackOption = DEFAULT_PACK, as_json: JsonOption = False) -> None:
    """Show a pack's operating points, as `fvs certificate show` does.

    Exit codes: 0 shown, 3 wrong use.

    Examples:
      fvs operating-points show
      fvs operating-points show --pack reference --json | jq '.points[].threshold'
    """
    show_certificate(pack=pack, as_json=as_json)


@app.callback()
def root() -> None:
    """Keep `show` a sub-command although it is the only one."""
