"""A server process for tests of faults; all is real but its engine, which has no networks.

`python -m tests.server.fault_server SETTINGS [BYTES]` prints its port when it
listens; no file of it grows beyond BYTES.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs_server.operation.logs import log_to_stderr
from fvs_server.operation.serving import serve
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import read_settings
from fvs_server.wiring import open_services
from tests.server.light_engine import LightEngine


def main(arguments: list[str]) -> None:
    """Serve until a signal."""
    settings = read_settings(Path(arguments[0]), {})
    secrets = ServerSecrets.read(Path(settings.secrets.file))
    log_to_stderr(settings.logs.level)
    with open_services(settings, secrets, engine=LightEngine(open_pack(DEFAULT_PACK))) as services:
        if arguments[1:]:
            # From here on: as a disk that fills up while the service runs.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            limit = int(arguments[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        serve(services, lambda port: print(port, flush=True))  # noqa: T201 - for the test


if __name__ == "__main__":
    main(sys.argv[1:])
