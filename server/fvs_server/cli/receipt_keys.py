"""`fvs server receipt-keys`: list, rotate and withdraw the keys that sign receipts."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import JsonOption
from fvs.cli.output import print_json, print_line
from fvs_server.cli.opening import SettingsOption, open_database, open_settings, read_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from fvs_server.receipts import SigningKeys
    from fvs_server.receipts.keys import KeyState

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, rotate and withdraw the keys of receipts.")


@app.callback()
def receipt_keys() -> None:
    """List, rotate and withdraw the keys that sign receipts."""


@contextmanager
def _table(settings: Path | None) -> Iterator[tuple[SigningKeys, Connection]]:
    from fvs_server.receipts import SigningKeys  # noqa: PLC0415 - heavy

    opened = open_settings(settings)
    keys = SigningKeys(read_secrets(opened))
    with open_database(opened) as database, database.writing() as connection:
        yield keys, connection


@app.command("list")
def list_keys(*, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List all keys; the first is made when a server first runs.

    Exit codes: 0 listed, 3 wrong use.

    Examples:
      fvs server receipt-keys list --settings server.toml
    """
    now = datetime.now(UTC)
    with _table(settings) as (keys, connection):
        documents = [_document(keys, state, now) for state in keys.states(connection)]
    if as_json:
        print_json(documents)
        return
    for each in documents:
        print_line(f"{each['number']:>4}  {each['kid']}  {each['state']}")


@app.command()
def rotate(*, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Publish a new key; it signs in 15 minutes, when callers have fetched it.

    Exit codes: 0 published, 3 wrong use.

    Examples:
      fvs server receipt-keys rotate --settings server.toml
    """
    now = datetime.now(UTC)
    with _table(settings) as (keys, connection):
        document = _document(keys, keys.rotate(connection, now), now)
    if as_json:
        print_json(document)
    else:
        print_line(f"key {document['number']} ({document['kid']}) {document['state']}")


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(help="As `list` shows it.")],
    *,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a key no more, because somebody else may have it: its receipts prove nothing.

    Exit codes: 0 withdrawn, 3 wrong use, or no other key signs yet.

    Examples:
      fvs server receipt-keys withdraw 1
    """
    with _table(settings) as (keys, connection):
        keys.withdraw(connection, number, datetime.now(UTC))
    if as_json:
        print_json({"withdrawn": number})
    else:
        print_line(f"key {number} is withdrawn")


def _document(keys: SigningKeys, state: KeyState, now: datetime) -> dict[str, object]:
    if state.withdrawn_at is not None:
        words = f"withdrawn since {state.withdrawn_at:%Y-%m-%d %H:%M} UTC"
    elif state.signs_from > now:
        words = f"published, signs from {state.signs_from:%Y-%m-%d %H:%M} UTC"
    else:
        words = f"signs since {state.signs_from:%Y-%m-%d %H:%M} UTC unless a newer one does"
    return {
        "number": state.number,
        "kid": keys.at(state.number).public.kid,
        "state": words,
        "created_at": state.created_at,
        "signs_from": state.signs_from,
        "withdrawn_at": state.withdrawn_at,
    }
