"""The authority enrols and an IdP verifies, over a real socket, with real networks and faces."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from fvs_server.database import Database
from fvs_server.identity import Scope
from fvs_server.identity.api_keys import ApiKeys, KeyOrder
from fvs_server.wiring import utc_now
from tests.conftest import REPOSITORY
from tests.registry_desk import number
from tests.server.enrol_fixtures import AUTHORITY, portrait, subject

HOW_TO = (REPOSITORY / "docs/how-to/enrol-over-http.md").read_text()
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", HOW_TO, re.DOTALL)
    for line in block.splitlines()
]
PAD_OF_LEVEL = {"live": True, "scan": False}
SETTINGS = """
[registry]
folder = "{folder}"
[database]
url = "{url}"
[secrets]
file = "{secrets}"
[assurance.live]
target_fmr = 1e-4
[assurance.scan]
target_fmr = 1e-4
pad = false
"""


@pytest.fixture
def settings_file(authority_settings, tmp_path):
    """Settings of the process."""
    path = tmp_path / "server.toml"
    settings = authority_settings
    path.write_text(
        SETTINGS.format(
            folder=settings.registry.folder,
            url=settings.database.url,
            secrets=settings.secrets.file,
        )
    )
    return path


@pytest.fixture
def key(authority_settings, server_secrets):
    """Text of a key of the authority that may do everything."""
    order = KeyOrder(idp=AUTHORITY, scopes=frozenset(Scope))
    database = Database.open(authority_settings.database.url)
    with database.writing() as connection:
        issued = ApiKeys(server_secrets).create(connection, order, utc_now())
    database.close()
    return issued.text.reveal()


@pytest.fixture
def url(settings_file):
    """Address of `fvs server run` in a process of its own; it must end well when told to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fvs", "server", "run", "--port", str(port)]
    environment = os.environ | {"FVS_SERVER": str(settings_file)}
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment) as process:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/health/live", process)
        yield address
        process.send_signal(signal.SIGTERM)
    assert process.returncode in {0, -signal.SIGTERM}


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until a server answers, or the process ends."""
    while process.poll() is None:
        try:
            httpx.get(address, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server ended with {process.returncode}")


def verified(url: str, key: str, selfie: bytes, level: str) -> str:
    """The decision on a selfie."""
    request = {
        "subject": subject(1),
        "purpose": "open_account",
        "consent_reference": "made-up-1",
        "assurance_level": level,
    }
    answer = httpx.post(
        f"{url}/v1/face-verifications",
        headers={"Authorization": f"Bearer {key}"},
        files={
            "request": ("", json.dumps(request), "application/json"),
            "frame": ("selfie.jpg", selfie, "image/jpeg"),
        },
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["decision"]


def by_command(folder, selfie, *, pad: bool) -> str:
    """The same by `fvs registry verify`."""
    command = [sys.executable, "-m", "fvs", "registry", "verify", number(1), str(selfie), "--json"]
    done = subprocess.run(
        [*command, "--registry", str(folder), "--fmr", "1e-4", "--pad" if pad else "--no-pad"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)["outcome"]


def test_who_is_enrolled_over_http_is_verified_over_http(url, key, mated, non_mated, own_registry):
    """The decision is that of `fvs registry verify`, with attack detection and without."""
    selfie, card = mated
    enrolled = httpx.post(
        f"{url}/v1/subjects/portraits",
        headers={"Authorization": f"Bearer {key}"},
        json=portrait(1, card.read_bytes()),
        timeout=60,
        trust_env=False,
    ).json()
    assert enrolled["outcome"] == "enrolled", enrolled
    for level, pad in PAD_OF_LEVEL.items():
        # The same file twice would be a replay; bytes behind a JPEG's end change no pixel.
        decision = verified(url, key, selfie.read_bytes() + level.encode(), level)
        assert decision == by_command(own_registry, selfie, pad=pad)
    assert verified(url, key, card.read_bytes(), "scan") == "match"
    assert verified(url, key, non_mated[1].read_bytes(), "scan") == "no_match"


def test_the_page_is_run_as_shown(url, key, mated, tmp_path, own_registry):
    """The commands of the how-to, in their order and in one shell, each succeed."""
    folder = tmp_path / "shell"
    folder.mkdir()
    selfie, card = mated
    for source, name in ((card, "card.jpg"), (card, "a.jpg"), (selfie, "b.jpg")):
        shutil.copy(source, folder / name)
    (folder / "subject.json").write_text(json.dumps({"subject": subject(1)}))
    rows = f"number,picture\n{number(2)},a.jpg\n{number(3)},b.jpg\n{number(4)},c.jpg\n"
    (folder / "portraits.csv").write_text(rows)
    shutil.copytree(own_registry, folder / "people")
    lines = ["set -e", 'fvs() { "$PYTHON" -m fvs "$@"; }', *COMMANDS]
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)],
        cwd=folder,
        env=os.environ | {"PYTHON": sys.executable, "URL": url, "KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "genuine" in done.stdout
    assert '"state": "done"' in done.stdout
    assert '"picture_missing"' in done.stdout
    assert number(1) not in done.stdout
