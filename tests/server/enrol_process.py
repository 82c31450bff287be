"""A server as a process of its own: settings from FVS_SERVER, any free port, which it prints."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import uvicorn

from fvs_server.app import create_app
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import read_settings
from fvs_server.wiring import open_services


def main() -> None:
    """Serve until a signal comes."""
    settings = read_settings(None, os.environ)
    secrets = ServerSecrets.read(Path(settings.secrets.file))
    with (
        open_services(settings, secrets) as services,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(create_app(services), proxy_headers=False, log_config=None)
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
