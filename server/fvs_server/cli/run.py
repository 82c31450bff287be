"""`fvs server run`, `init`, `migrate` and `config`."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.output import print_json, print_line, print_note
from fvs.errors import UsageError
from fvs.manifest import to_toml
from fvs_server.cli.opening import SettingsOption, open_settings, read_secrets

if TYPE_CHECKING:
    from fvs_server.settings import (
        DatabaseSettings,
        HttpSettings,
        RegistrySettings,
        SecretsSettings,
        Settings,
    )

__all__ = ["check", "config_app", "init", "migrate", "run", "show"]

SETTINGS_FILE = "server.toml"
_FOLDER_MODE = 0o700
_UNREADABLE = "(no URL)"


class _FirstSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a new file holds; all else has its default."""

    http: HttpSettings
    registry: RegistrySettings
    database: DatabaseSettings
    secrets: SecretsSettings


config_app = typer.Typer(no_args_is_help=True, help="Check and show the settings.")


@config_app.callback()
def config() -> None:
    """Check and show the settings of a server, from its file and the environment."""


def init(
    folder: Annotated[Path, typer.Argument(help="Made where it is missing.")],
    *,
    registry: Annotated[
        Path | None,
        typer.Option(help="Of `fvs registry init`; without one pictures are compared only."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="URL of the server's own database; SQLite in the folder without one."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a server: settings, secrets, and the tables of its own database.

    Exit codes: 0 made, 3 wrong use.

    Examples:
      fvs server init service --registry people
      fvs server init service --database postgresql://fvs@db/fvs
    """
    from fvs_server.database import Database  # noqa: PLC0415 - heavy
    from fvs_server.secrets import ServerSecrets  # noqa: PLC0415
    from fvs_server.settings import (  # noqa: PLC0415
        DatabaseSettings,
        HttpSettings,
        RegistrySettings,
        SecretsSettings,
    )

    home = folder.resolve()
    file = home / SETTINGS_FILE
    if file.exists():
        raise UsageError(f"{file} is there already", advice="Name another folder.")
    home.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    first = _FirstSettings(
        http=HttpSettings(),
        registry=RegistrySettings(folder=str(registry.resolve()) if registry else ""),
        database=DatabaseSettings(url=database or f"sqlite:///{home / 'server.db'}"),
        secrets=SecretsSettings(file=str(home / "secrets.json")),
    )
    with closing(Database.open(first.database.url)) as opened:
        opened.migrate()
    ServerSecrets.generate().write(Path(first.secrets.file))
    file.write_text(to_toml(first), encoding="utf-8")
    if as_json:
        print_json({"settings": str(file), "secrets": first.secrets.file})
        return
    print_line(f"settings  {file}")
    print_line(f"secrets   {first.secrets.file}")
    print_note(
        "Back the secrets up, apart from the database. Then make a key and run the server:\n"
        f"  fvs server keys create --idp NAME --scope verify --settings {file}\n"
        f"  fvs server run --settings {file}"
    )


def migrate(*, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Bring the tables of the server's own database to this version's.

    Replicas may run it at once. A registry has `fvs registry migrate`.

    Exit codes: 0 they are, 3 wrong use.

    Examples:
      fvs server migrate --settings server.toml
    """
    from fvs_server.database import Database  # noqa: PLC0415 - heavy

    opened = open_settings(settings)
    with closing(Database.open(opened.database.url)) as database:
        before, after = database.migrate()
    if as_json:
        print_json({"before": before, "after": after})
    else:
        print_line(f"version {after}" if before == after else f"version {before} -> {after}")


def run(
    *,
    settings: SettingsOption = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="A service of its own with two people enrolled, gone when it ends."
        ),
    ] = False,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="With --demo: make the call that is shown, tell its answer, and end."
        ),
    ] = False,
    out: Annotated[
        Path, typer.Option(help="With --demo: folder for the pictures of the call.")
    ] = Path("demo-output"),
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="In place of that of the settings; 0 is any."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the service until SIGTERM or Ctrl-C; SIGHUP reads certificate and keys anew.

    Logs are lines on standard error: short ones on a terminal, else JSON. With --json standard
    output gets one line, the port, once connections are accepted; with --demo --once it gets the
    whole answer.

    Exit codes: 0 it was stopped, 3 wrong use or a broken installation.

    Examples:
      fvs server run --settings service/server.toml
      fvs server run --demo
      fvs server run --demo --once --json
    """
    if demo:
        _run_demo(out, port=port or 0, once=once, as_json=as_json)
        return
    if once:
        raise UsageError("--once belongs to --demo")
    opened = open_settings(settings)
    if port is not None:
        opened = msgspec.structs.replace(
            opened, http=msgspec.structs.replace(opened.http, port=port)
        )
    _log(opened.logs.level)
    logging.getLogger(__name__).info("loading the networks and opening databases")
    from fvs_server.operation.serving import serve  # noqa: PLC0415 - heavy
    from fvs_server.wiring import open_services  # noqa: PLC0415

    with open_services(opened, read_secrets(opened)) as services:
        serve(services, lambda running: _tell_port(running.port, as_json=as_json))


def _run_demo(out: Path, *, port: int, once: bool, as_json: bool) -> None:
    _log("warning" if once else "info")
    print_note("loading the networks and enrolling two people; it may take some seconds ...")
    from fvs_server.operation.demo import run_demo  # noqa: PLC0415 - heavy

    run_demo(out, port=port, once=once, as_json=as_json)


def _log(level: str) -> None:
    from fvs_server.operation.logs import log_to_stderr  # noqa: PLC0415 - heavy

    log_to_stderr(level)


def _tell_port(port: int, *, as_json: bool) -> None:
    if as_json:
        # One line, and at once: whoever started the server waits for it.
        print_line(msgspec.json.encode({"port": port}).decode())


@config_app.command()
def check(*, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Open all that the settings name, as `run` would, and listen on nothing.

    Exit codes: 0 the server would start, 3 it would not, and why.

    Examples:
      fvs server config check --settings server.toml
    """
    from fvs_server.settings import origins_of  # noqa: PLC0415 - heavy
    from fvs_server.wiring import open_services  # noqa: PLC0415

    opened = open_settings(settings)
    with open_services(opened, read_secrets(opened)) as services:
        report = services.readiness.look()
        pack = services.faces.pack.name
    if as_json:
        print_json(report)
        return
    print_line("the server would start")
    if not opened.http.public_url:
        print_note(
            f"receipts would name {opened.http.issuer} as their issuer: set [http] public_url"
        )
    if "engine.pack" in origins_of(settings, os.environ) and pack != opened.engine.pack:
        print_note(f"[engine] pack is not used: the registry is of pack {pack}")


@config_app.command()
def show(*, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show every setting and where it comes from; a password in the database's URL is masked.

    Exit codes: 0 shown, 3 wrong use.

    Examples:
      fvs server config show --settings server.toml
      FVS_SERVER_HTTP_PORT=9000 fvs server config show --json
    """
    from fvs_server.settings import origins_of  # noqa: PLC0415 - heavy

    opened = open_settings(settings)
    shown = _shown(opened)
    origins = origins_of(settings, os.environ)
    if as_json:
        print_json({"settings": shown, "origins": origins})
        return
    for table, keys in shown.items():
        print_line((f"[{table}]", "bold"))
        for key, value in keys.items():
            origin = origins.get(f"{table}.{key}", "default")
            print_line(f"  {key} = {msgspec.json.encode(value).decode()}", (f"  # {origin}", "dim"))


def _shown(settings: Settings) -> dict[str, dict[str, object]]:
    """The settings as plain tables, secrets masked."""
    from sqlalchemy import make_url  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    shown: dict[str, dict[str, object]] = msgspec.to_builtins(settings)
    try:
        url = make_url(settings.database.url).render_as_string(hide_password=True)
    except ArgumentError:
        url = _UNREADABLE
    shown["database"]["url"] = url
    return shown
