"""What the commands open: the settings, and of them the secrets and the database."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs_server.database import Database
    from fvs_server.secrets import ServerSecrets
    from fvs_server.settings import Settings

__all__ = ["SettingsOption", "open_database", "open_settings", "read_secrets"]

SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="Of the server; without it FVS_SERVER names the file.",
        metavar="FILE",
    ),
]


def open_settings(path: Path | None) -> Settings:
    """The settings of --settings, of FVS_SERVER, and of the environment.

    Raises:
        DeploymentError: they are missing or wrong.
    """
    from fvs_server.settings import read_settings  # noqa: PLC0415 - heavy

    return read_settings(path, os.environ)


def read_secrets(settings: Settings) -> ServerSecrets:
    """The secrets that the settings name.

    Raises:
        DeploymentError: they are missing, malformed or open to others.
    """
    from fvs_server.secrets import ServerSecrets  # noqa: PLC0415 - heavy

    return ServerSecrets.read(Path(settings.secrets.file))


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database that the settings name, with the tables of this version.

    Raises:
        DeploymentError: it cannot be opened, or has none or others.
    """
    from fvs_server.database import Database  # noqa: PLC0415 - heavy

    with closing(Database.open(settings.database.url)) as database:
        database.require_current()
        yield database
