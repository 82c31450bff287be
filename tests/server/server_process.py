"""`fvs server run` as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psutil

from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs_server.settings import Settings

STARTS_WITHIN_S = 60.0


@dataclass(frozen=True)
class RunningServer:
    """A process that answers.

    Attributes:
        process: its.
        url: of it.
    """

    process: subprocess.Popen[bytes]
    url: str

    def kill(self) -> None:
        """End it as a power cut does; the processes that it began must not outlive it."""
        begun = psutil.Process(self.process.pid).children()
        self.process.kill()
        self.process.wait()
        _, left = psutil.wait_procs(begun, timeout=STARTS_WITHIN_S)
        assert not left


def write_settings(settings: Settings, folder: Path, *, processes: bool = False) -> Path:
    """The file of a server with these database and secrets; processes of its own start slowly."""
    path = folder / "server.toml"
    path.write_text(
        f'[database]\nurl = "{settings.database.url}"\n'
        f'[secrets]\nfile = "{settings.secrets.file}"\n'
        f"[engine]\nworkers = 2\nprocesses = {str(processes).lower()}\n"
        "[limits]\nrate_per_s = 100000.0\nburst = 1000000\nconcurrency = 1000\n"
    )
    return path


@contextmanager
def running_server(settings_file: Path) -> Iterator[RunningServer]:
    """A server on a free port; it is stopped at the end, unless it was killed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fvs", "server", "run", "--port", str(port)]
    environment = os.environ | {"FVS_SERVER": str(settings_file)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/health/live", process)
            yield RunningServer(process, url)
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < end:
        try:
            httpx.get(address, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server did not start (exit status {process.poll()})")
