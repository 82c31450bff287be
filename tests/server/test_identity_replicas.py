"""Two server processes on one PostgreSQL: keys and signatures hold in both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from tests.registry_desk import number
from tests.server.database_fixtures import postgres_url

KEY_CACHE_S = 2.0
STARTS_WITHIN_S = 60.0
PATH = "/v1/liveness-sessions"
BODY = json.dumps({"subject": {"kind": "citizen_id", "number": number(1)}}).encode()
SIGNER = Ed25519PrivateKey.generate()

pytestmark = pytest.mark.slow


@pytest.fixture
def fvs(postgres_dsn, tmp_path):
    """`fvs("server", ...)` runs a command on a new server's settings, or starts a process."""
    environment = os.environ | {
        "FVS_SERVER": str(tmp_path / "service" / "server.toml"),
        "FVS_SERVER_IDENTITY_KEY_CACHE_S": str(KEY_CACHE_S),
        "FVS_SERVER_ENGINE_PROCESSES": "false",
        "FVS_SERVER_HTTP_PUBLIC_URL": "https://fvs.example",
    }

    def run(*arguments: object, start: bool = False):
        command = [sys.executable, "-m", "fvs", *map(str, arguments)]
        if start:
            return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("server", "init", tmp_path / "service", "--database", postgres_url(postgres_dsn))
    return run


@pytest.fixture
def replicas(fvs):
    """Addresses of two processes."""
    processes = [fvs("server", "run", "--port", 0, start=True) for _ in range(2)]
    try:
        yield [f"http://127.0.0.1:{_port_of(process)}" for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate(timeout=STARTS_WITHIN_S)


def _port_of(process) -> int:
    """Of the log line that says that it has started."""
    for line in process.stderr:
        fields = json.loads(line)
        if "port" in fields:
            return fields["port"]
    raise AssertionError("the server did not start")


def post(address: str, headers: dict[str, str]) -> int:
    """Status of a request."""
    sent = {"Content-Type": "application/json"} | headers
    return httpx.post(address + PATH, content=BODY, headers=sent, trust_env=False).status_code


def test_a_key_lives_and_dies_in_both(fvs, replicas):
    """Made while they run, it works at once; revoked, it works no longer than was stated."""
    key = fvs("server", "keys", "create", "--idp", "x", "--scope", "verify").strip()
    headers = {"Authorization": f"Bearer {key}"}
    assert [post(address, headers) for address in replicas] == [201, 201]
    fvs("server", "keys", "revoke", key[4:20])
    time.sleep(KEY_CACHE_S)
    assert [post(address, headers) for address in replicas] == [401, 401]


def test_a_signed_request_is_taken_by_one(fvs, replicas, tmp_path):
    """Whichever sees it first."""
    pem = SIGNER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "caller.pem").write_bytes(pem)
    order = ("--idp", "x", "--scope", "verify", "--signing-key", tmp_path / "caller.pem")
    key = fvs("server", "keys", "create", *order).strip()
    message = SimpleNamespace(
        method="POST",
        url=f"https://fvs.example{PATH}",
        headers={"Authorization": f"Bearer {key}"},
    )
    keys = MappingKeyResolver(public_keys={}, private_keys={key[4:20]: SIGNER})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).sign(
        message,
        key_id=key[4:20],
        nonce="1",
        tag="fvs-request",
        covered_component_ids=("@method", "@target-uri", "authorization"),
        body=BODY,
    )
    assert [post(address, message.headers) for address in replicas] == [201, 401]
