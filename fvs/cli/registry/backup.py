"""`fvs registry backup` and `restore`: all of a registry in one file, but for its keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import JsonOption
from fvs.cli.output import print_json, print_line
from fvs.cli.registry.files import require_new_file
from fvs.cli.registry.options import RegistryOption
from fvs.deployment.registry_location import Location

if TYPE_CHECKING:
    from fvs.cli.registry.archive import ArchiveAnswer

__all__ = ["backup", "restore"]


def backup(
    file: Annotated[Path, typer.Argument(help="New file to write, for your eyes only (0600).")],
    *,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all records, as they are sealed, and registry.toml into one file; then check it.

    The registry may be in use. Of a SQLite registry and of a PostgreSQL one alike. The key ring is
    not in it: keep a copy of that apart, without it the backup opens for nobody.

    Exit codes: 0 written and checked, 3 wrong use, or it could not be written.

    Examples:
      fvs registry backup people.fvsbackup --registry people
      fvs registry backup people.fvsbackup --json | jq .records
    """
    location = Location.find(registry)
    require_new_file(file)
    from fvs.cli.registry.archive import write_archive  # noqa: PLC0415 - 0.1 s

    answer = write_archive(location, file)
    _report(answer, "written and checked", as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="What `fvs registry backup` wrote.")],
    folder: Annotated[Path, typer.Argument(help="New folder for the registry.")],
    *,
    key_ring: Annotated[
        Path | None,
        typer.Option(
            help="The registry's key ring. \\[default: where registry.toml in FILE says, or "
            "FVS_KEY_RING]",
            metavar="FILE",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            help="Of a PostgreSQL registry: the new schema. \\[default: the old one's name]"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a registry of a backup, once all of it was checked.

    What was erased since the backup was written is back: erase it again, by the proofs of erasure
    that you keep.

    Exit codes: 0 restored, 3 wrong use, or the file is altered or of another key ring.

    Examples:
      fvs registry restore people.fvsbackup people-again
      fvs registry restore people.fvsbackup again --key-ring /media/safe/people.json --json
    """
    from fvs.cli.registry.archive import restore_archive  # noqa: PLC0415 - 0.1 s

    answer = restore_archive(file, folder, key_ring=key_ring, schema=schema)
    _report(answer, "restored", as_json=as_json)


def _report(answer: ArchiveAnswer, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_line(f"{answer.path}: {answer.records} records, {answer.reviews} reviews {done}")
