"""`fvs server keys`: make, list, revoke and rotate the API keys of callers."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from fvs.cli.common import JsonOption
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line, print_note
from fvs.errors import UsageError
from fvs_server.cli.opening import SettingsOption, open_database, open_settings, read_secrets
from fvs_server.identity.principal import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from fvs_server.identity.api_keys import ApiKey, ApiKeys, IssuedKey
    from fvs_server.settings import Settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make, list, revoke and rotate API keys.")

_ID_DIGITS = 16
_LONGEST_WORDS = (
    ("idp", 0),
    ("scopes", len("statistics,")),
    ("state", len("expired")),
    ("until", len("2026-11-26")),
    ("last used", len("2026-11-26")),
    ("label", 0),
)
KeyIdArgument = Annotated[str, typer.Argument(help="16 hexadecimal digits, as `list` shows them.")]


@app.callback()
def keys() -> None:
    """Make, list, revoke and rotate the API keys of identity providers and of the authority."""


@app.command()
def create(
    *,
    idp: Annotated[str, typer.Option(help="Identity provider that the key belongs to.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; give it once for each.")],
    label: Annotated[str, typer.Option(help="For people, for example where it is used.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3660, help="For which it is in force.")] = 365,
    signing_key: Annotated[
        Path | None,
        typer.Option(
            help="Public Ed25519 key (PEM): requests with this API key must be signed with it.",
            metavar="FILE",
        ),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key; its text is shown this once and kept nowhere.

    Exit codes: 0 made, 3 wrong use.

    Examples:
      fvs server keys create --idp bank.example --scope verify --scope statistics
      fvs server keys create --idp dopa --scope enrol --days 30 --signing-key caller.pem --json
    """
    from fvs_server.identity.api_keys import KeyOrder  # noqa: PLC0415 - heavy

    now = datetime.now(UTC)
    order = KeyOrder(
        idp=idp,
        scopes=frozenset(scope),
        label=label,
        expires_at=now + timedelta(days=days),
        signing_key=None if signing_key is None else _read_signing_key(signing_key),
    )
    with _table(settings) as (table, connection, _):
        issued = table.create(connection, order, now)
    _print_issued(issued, as_json=as_json)


@app.command("list")
def list_keys(
    *,
    idp: Annotated[str | None, typer.Option(help="Only the keys of this one.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List keys, refused ones too; when they were last used is known to an hour.

    Exit codes: 0 listed, 3 wrong use.

    Examples:
      fvs server keys list
      fvs server keys list --idp bank.example --json
    """
    now = datetime.now(UTC)
    with _table(settings) as (table, connection, _):
        found = table.list(connection, idp)
    if as_json:
        print_json([_document(key, now) for key in found])
    elif found:
        _print_table(found, now)
    else:
        print_line("there is none")


@app.command()
def revoke(
    key_id: KeyIdArgument, *, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Refuse a key from now on, for good.

    Servers that run notice it within `key_cache_s`, which is 5 seconds unless set.

    Exit codes: 0 revoked, 3 wrong use, or there is no such key.

    Examples:
      fvs server keys revoke 0123456789abcdef
    """
    now = datetime.now(UTC)
    with _table(settings) as (table, connection, read):
        key = table.revoke(connection, key_id, now)
    within_s = read.identity.key_cache_s
    if as_json:
        print_json({**_document(key, now), "holds_within_s": within_s})
    else:
        print_line(f"{key.key_id} is revoked; every server refuses it within {within_s:g} s")


@app.command()
def rotate(
    key_id: KeyIdArgument,
    *,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=24 * 90, help="For which the old key goes on working.")
    ] = 24.0,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key like another, which ends after an overlap; the new text is shown this once.

    Exit codes: 0 made, 3 wrong use, or the old key is refused already.

    Examples:
      fvs server keys rotate 0123456789abcdef
      fvs server keys rotate 0123456789abcdef --overlap-hours 168 --json
    """
    overlap = timedelta(hours=overlap_hours)
    with _table(settings) as (table, connection, _):
        issued = table.rotate(connection, key_id, overlap=overlap, now=datetime.now(UTC))
        old = table.get(connection, key_id)
    _print_issued(issued, as_json=as_json)
    if not as_json:
        print_note(f"{key_id} works until {_day_and_time(old.expires_at)}")


@contextmanager
def _table(path: Path | None) -> Iterator[tuple[ApiKeys, Connection, Settings]]:
    """The keys, in one writing transaction."""
    from fvs_server.identity.api_keys import ApiKeys  # noqa: PLC0415 - heavy

    settings = open_settings(path)
    table = ApiKeys(read_secrets(settings))
    with open_database(settings) as database, database.writing() as connection:
        yield table, connection, settings


def _read_signing_key(path: Path) -> bytes:
    """The 32 bytes of a public key.

    Raises:
        UsageError: the file cannot be read or holds something else, such as the private key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - heavy
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - heavy
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{path} holds no public Ed25519 key in PEM",
            advice="Write it with `openssl pkey -in private.pem -pubout`.",
        )
    return key.public_bytes_raw()


def _document(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "idp": key.idp,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "state": key.state(now),
        "signs_requests": key.signing_key is not None,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "replaced_by": key.replaced_by,
    }


def _print_issued(issued: IssuedKey, *, as_json: bool) -> None:
    text = issued.text.reveal()
    if as_json:
        print_json({**_document(issued.key, issued.key.created_at), "key": text})
        return
    print_line(text)
    scopes = ", ".join(sorted(issued.key.scopes))
    until = _day_and_time(issued.key.expires_at)
    print_note(f"for {issued.key.idp}: {scopes}; until {until}. It is not shown again.")


def _print_table(found: Sequence[ApiKey], now: datetime) -> None:
    # An id is typed again: it is never cut short, however narrow the terminal.
    columns = [Column("key", no_wrap=True, min_width=_ID_DIGITS)]
    columns += [Column(name, overflow="fold", min_width=width) for name, width in _LONGEST_WORDS]
    table = Table(*columns, box=None, padding=(0, 1), pad_edge=False)
    for key in found:
        last_used = "never" if key.last_used_at is None else _day_and_time(key.last_used_at)
        scopes = ", ".join(sorted(key.scopes))
        until = _day_and_time(key.expires_at)
        table.add_row(key.key_id, key.idp, scopes, key.state(now), until, last_used, key.label)
    OUTPUT_CONSOLE.print(table)


def _day_and_time(moment: datetime | None) -> str:
    return "for ever" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
