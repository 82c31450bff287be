"""`fvs audit`: check, prove, export and purge the log of what was answered."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption, require_writable
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line, print_note
from fvs.cli.registry.options import KindOfNumberOption, NumberArgument, read_subject
from fvs.subjects import SubjectKind
from fvs_server.cli.audit_files import (
    OutOption,
    PublicKeyOption,
    newest_checkpoint,
    open_log,
    opened,
    public_key_of,
    read_text,
)
from fvs_server.cli.audit_proofs import (
    prove,
    prove_consistency,
    verify_consistency,
    verify_proof,
)
from fvs_server.cli.opening import SettingsOption, open_settings, read_secrets
from fvs_server.cli.written_files import STDOUT, tell_written, write_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from fvs_server.audit.checking import LogCheck
    from fvs_server.database import Database

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Check, prove and export the audit log.")

_PURGE, _PURGE_SUBJECT = "fvs audit purge", "fvs audit purge-subject"


@app.callback()
def audit() -> None:
    """Check, prove and export the log of all that the service answered.

    Each answer is chained to the one before by its hash, and signed checkpoints state the Merkle
    root of the whole. Keep checkpoints elsewhere: they show what the database cannot.
    """


@app.command()
def verify(
    export: Annotated[
        Path | None,
        typer.Argument(help="Of `fvs audit export`; without it the database is read."),
    ] = None,
    *,
    kept: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A checkpoint that was kept elsewhere.", metavar="FILE"),
    ] = None,
    public_key: PublicKeyOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that nothing in the log was changed, removed, reordered, inserted or cut off.

    An export with --public-key needs neither the database nor any secret.

    Exit codes: 0 the log is whole, 1 it is not, 3 wrong use.

    Examples:
      fvs audit verify --checkpoint last-month.jws
      fvs audit verify log.jsonl --public-key audit.jwk --json
    """
    statements = [read_text(path) for path in kept or ()]
    if export is None:
        check = _check_database(settings, statements)
    else:
        check = _check_export(export, statements, public_key_of(public_key, settings))
    if as_json:
        print_json(check)
    else:
        _print_check(check)
    raise typer.Exit(ExitCode.MATCH if check.whole else ExitCode.NO_MATCH)


def _check_database(settings: Path | None, statements: list[str]) -> LogCheck:
    from fvs_server.audit.checking import check_log  # noqa: PLC0415 - heavy
    from fvs_server.audit.export import stored_entries  # noqa: PLC0415

    with open_log(settings) as (database, checkpoints), database.reading() as connection:
        own = [signed.signed for signed in checkpoints.all(connection)]
        return check_log(stored_entries(connection), own + statements, checkpoints.key.public)


def _check_export(path: Path, statements: list[str], public_jwk: dict[str, str]) -> LogCheck:
    from fvs_server.audit.checking import check_log  # noqa: PLC0415 - heavy
    from fvs_server.audit.export import read_export  # noqa: PLC0415

    with opened(path) as file:
        own, entries = read_export(file)
        return check_log(entries, own + statements, public_jwk)


def _print_check(check: LogCheck) -> None:
    verdict = ("whole", "green") if check.whole else ("NOT whole", "bold red")
    print_line("the log is ", verdict)
    print_line(
        f"{check.entries} entries, {check.purged} of them purged, "
        f"held to {check.checkpoints} checkpoints"
    )
    print_line(f"root {check.root}")
    for finding in check.findings:
        print_line(f"  {finding.sequence}: {finding.code}: {finding.english}")


app.command()(prove)
app.command("verify-proof")(verify_proof)
app.command("prove-consistency")(prove_consistency)
app.command("verify-consistency")(verify_consistency)


@app.command()
def export(
    *,
    out: OutOption = STDOUT,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole log as JSON lines: its checkpoints, then its entries.

    Exit codes: 0 written, 3 wrong use.

    Examples:
      fvs audit export --out log.jsonl
      fvs audit export | gzip > log.jsonl.gz
    """
    from fvs_server.audit.export import export_lines  # noqa: PLC0415 - heavy

    if out != STDOUT:
        require_writable(out)
    with (
        open_log(settings) as (database, checkpoints),
        database.reading() as connection,
        nullcontext(sys.stdout.buffer) if out == STDOUT else out.open("wb") as file,
    ):
        for line in export_lines(connection, checkpoints):
            file.write(line + b"\n")
    tell_written(out, as_json=as_json)


@app.command()
def checkpoint(
    *,
    out: OutOption = STDOUT,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the log as it is, and write the newest checkpoint: keep it elsewhere.

    Exit codes: 0 written, 1 the log is empty, 3 wrong use.

    Examples:
      fvs audit checkpoint --out 2026-11.jws
    """
    with open_log(settings) as (database, checkpoints), database.writing() as connection:
        signed = newest_checkpoint(checkpoints, connection)
    if signed is None:
        print_note("the log is empty")
        raise typer.Exit(ExitCode.NO_MATCH)
    write_file(out, f"{signed.signed}\n".encode(), as_json=as_json)


@app.command("public-key")
def public_key(
    *,
    out: OutOption = STDOUT,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the public key of the checkpoints, a JWK: give it to whoever checks the log.

    Exit codes: 0 written, 3 wrong use.

    Examples:
      fvs audit public-key --out audit.jwk
    """
    write_file(out, msgspec.json.encode(public_key_of(None, settings)) + b"\n", as_json=as_json)


@app.command()
def purge(
    *,
    older_than_days: Annotated[
        int, typer.Option(min=1, max=36_500, help="Forget what was answered earlier.")
    ],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget old answers: transactions and events go, and the log stays provable.

    What was counted per hour stays. The log is told how many answers went.

    Exit codes: 0 purged, 3 wrong use.

    Examples:
      fvs audit purge --older-than-days 730
    """
    from fvs_server.transactions import purging  # noqa: PLC0415 - heavy

    now = datetime.now(UTC)
    before, purger = now - timedelta(days=older_than_days), purging.Purger(by=_PURGE, at=now)
    with open_log(settings) as (database, _):
        purged = _purged(database, lambda open_: purging.purge_before(open_, before, purger))
    _tell_purged(purged, as_json=as_json)


@app.command("purge-subject")
def purge_subject(
    number: NumberArgument,
    *,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget all answers about one person, or on behalf of one; the log stays provable.

    Erasing somebody from the registry does not do it: what was answered has a retention of its own.
    The log is told how many answers went, and not whose.

    Exit codes: 0 done, 3 wrong use.

    Examples:
      fvs audit purge-subject - < number.txt
      fvs audit purge-subject 1234567890121 --json
    """
    from fvs_server.transactions import purging  # noqa: PLC0415 - heavy

    subject = read_subject(number, kind_of_number)
    (pseudonym,) = read_secrets(open_settings(settings)).pseudonyms.of([subject])
    purger = purging.Purger(by=_PURGE_SUBJECT, at=datetime.now(UTC))
    with open_log(settings) as (database, _):
        purged = _purged(database, lambda open_: purging.purge_subject(open_, pseudonym, purger))
    _tell_purged(purged, as_json=as_json)


def _purged(database: Database, purge_some: Callable[[Connection], int]) -> int:
    """How many answers were forgotten, some in each transaction; what was counted is kept first."""
    from fvs_server.statistics.statistics import Statistics  # noqa: PLC0415 - heavy

    with database.writing() as connection:
        Statistics().keep_past_hours(connection, datetime.now(UTC))
    purged = 0
    while True:
        with database.writing() as connection:
            done = purge_some(connection)
        if not done:
            return purged
        purged += done


def _tell_purged(purged: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"purged": purged})
    else:
        print_line(f"{purged} answers forgotten")
