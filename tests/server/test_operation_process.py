"""The process: how it says that it runs, reloads, logs, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import httpx
import pytest

from fvs.cli.exit_codes import ExitCode
from fvs_server.audit.checkpoints import CheckpointKey, Checkpoints
from fvs_server.database import Database
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.principal import Scope
from fvs_server.wiring import utc_now
from tests.conftest import REPOSITORY
from tests.server.audit_fixtures import answer, record
from tests.server.identity_fixtures import create, order
from tests.server.server_process import write_settings

pytestmark = pytest.mark.slow

WITHIN_S = 60.0
PATH = "/v1/face-comparisons"


def command(*arguments: object) -> list[str]:
    """Of `fvs server run`."""
    return [sys.executable, "-m", "fvs", "server", "run", *map(str, arguments)]


@pytest.fixture
def settings_file(server_settings, tmp_path):
    """Of a server without a registry."""
    return write_settings(server_settings, tmp_path, processes=True)


@pytest.fixture
def key(server_settings, server_secrets) -> str:
    """A caller's key."""
    with closing(Database.open(server_settings.database.url)) as database:
        issued = create(database, ApiKeys(server_secrets), order(Scope.COMPARE), utc_now())
        return issued.text.reveal()


@contextmanager
def running(settings_file, log):
    """The process and its port, which it says itself."""
    environment = os.environ | {"FVS_SERVER": str(settings_file)}
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command("--port", 0, "--json"),
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        try:
            yield process, json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def until(found) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + WITHIN_S
    while not found() and time.monotonic() < end:
        time.sleep(0.05)
    return found()


def test_its_whole_life(settings_file, server_settings, server_secrets, key, tmp_path):
    """Says that it loads, and its port; logs start and end, no secrets; reloads; signs the log."""
    with closing(Database.open(server_settings.database.url)) as database:
        record(database, [answer(1)])
    log = tmp_path / "server.log"
    with running(settings_file, log) as (process, port):
        url = f"http://127.0.0.1:{port}"
        answered = httpx.get(f"{url}/v1/transactions/1101700230708", trust_env=False)
        process.send_signal(signal.SIGHUP)
        assert until(lambda: b'"reloaded"' in log.read_bytes())
        late = begun(port, key)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        late.sendall(b"[]")
        head = late.recv(1000)
        late.close()
        assert process.wait(WITHIN_S) == 0
    assert head.startswith(b"HTTP/1.1 4")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["message"].startswith("loading ")
    requests = {line.get("request_id") for line in lines if line["message"] == "request"}
    told = [line["message"] for line in lines]
    assert [word for word in told if word in {"started", "stopping", "stopped"}] == [
        "started",
        "stopping",
        "stopped",
    ]
    assert answered.headers["x-request-id"] in requests
    assert key not in log.read_text()
    assert "1101700230708" not in log.read_text()
    with closing(Database.open(server_settings.database.url)) as database, database.reading() as c:
        assert Checkpoints(CheckpointKey(server_secrets)).last(c) is not None


def begun(port: int, key: str) -> socket.socket:
    """A request whose body is still to come."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )
    connection.sendall(head.encode())
    time.sleep(0.5)
    return connection


def test_a_port_that_is_taken(settings_file):
    """Is said, with what to do, and no trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            command("--port", taken.getsockname()[1], "--settings", settings_file),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == ExitCode.WRONG_USE
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def demo_once(tmp_path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`fvs server run --demo --once`."""
    done = subprocess.run(
        command("--demo", "--once", "--out", tmp_path / "out", *arguments),
        cwd=tmp_path,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("loading ")
    return done


def test_the_demo_answers_once(tmp_path):
    """It verifies somebody and shows how, in a few lines; its receipt is checked."""
    told = demo_once(tmp_path).stdout
    assert told.startswith("curl ")
    assert "\ndecision         match\n" in told
    assert "\nreceipt          verified: signed by http://127.0.0.1:" in told
    assert len(told.splitlines()) < 20


def test_the_demo_answers_programs(tmp_path):
    """With the whole answer, and nothing else."""
    told = json.loads(demo_once(tmp_path, "--json").stdout)
    assert told["decision"] == "match"
    assert told["receipt"]["jws"]
