"""The commands of `fvs registry`."""

from __future__ import annotations

import typer

from fvs.cli.registry.backup import backup, restore
from fvs.cli.registry.duplicates import dedupe, reviews, search
from fvs.cli.registry.enrol import enrol
from fvs.cli.registry.import_ import import_
from fvs.cli.registry.init import init
from fvs.cli.registry.proofs import verify_proof
from fvs.cli.registry.rights import erase, expire, export
from fvs.cli.registry.state import check, stats
from fvs.cli.registry.upkeep import migrate, rotate_keys
from fvs.cli.registry.verify import verify

__all__ = ["app"]

app = typer.Typer(
    help="Enrol people by number, verify selfies against them, and keep the registry in order.",
    no_args_is_help=True,
)
app.command()(init)
app.command()(enrol)
app.command("import")(import_)
app.command()(verify)
app.command()(search)
app.command()(dedupe)
app.command()(reviews)
app.command()(export)
app.command()(erase)
app.command("verify-proof")(verify_proof)
app.command()(expire)
app.command()(stats)
app.command()(check)
app.command()(backup)
app.command()(restore)
app.command("rotate-keys")(rotate_keys)
app.command()(migrate)
