"""What is in the repository, and nothing else, verifies real faces: no weights, no network."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from fvs.packs import load_pack, shipped_models_dir
from tests.conftest import REPOSITORY

BYTES_PER_MB = 1e6
SHIPPED_MB = 25
OWN_PACKS = ("standard", "own")
WITHOUT_NETWORK = ("unshare", "--net", "--map-root-user")

PROVE_THERE_IS_NO_NETWORK = (
    "import socket, sys\n"
    "try: socket.create_connection(('192.0.2.1', 443), timeout=5)\n"
    "except OSError as error: sys.exit(0 if error.errno in (100, 101) else 1)\n"
    "sys.exit(1)"
)
"""Exits 0 where the kernel says that no network can be reached (ENETDOWN, ENETUNREACH)."""


def bare_environment(home):
    """No FVS_MODELS, no cache, no data folder: a user who has just installed."""
    return {"HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def unplugged():
    """A prefix under which a command sees no network, or a skip."""
    if shutil.which(WITHOUT_NETWORK[0]) is None:
        pytest.skip("needs util-linux's unshare")
    proof = [*WITHOUT_NETWORK, sys.executable, "-c", PROVE_THERE_IS_NO_NETWORK]
    done = subprocess.run(proof, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this kernel gives no network namespaces: {done.stderr.strip()}")
    return WITHOUT_NETWORK


def run_demo(prefix, python, folder, **environment):
    """Run `fvs demo --json` in a folder; returns its exit code and document."""
    command = [*prefix, python, "-m", "fvs", "demo", "--json"]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=bare_environment(folder) | environment,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", OWN_PACKS)
def test_every_file_of_our_packs_is_in_the_repository(name):
    """No weight folder is needed, and every file may be passed on."""
    pack = load_pack(name, shipped_models_dir())
    for files in pack.files:
        assert files.weights.is_relative_to(shipped_models_dir())


def test_what_is_shipped_stays_small():
    """All weight files together."""
    total = sum(path.stat().st_size for path in shipped_models_dir().rglob("*.onnx"))
    assert 0 < total < SHIPPED_MB * BYTES_PER_MB


def test_the_demo_verifies_real_faces_unplugged(unplugged, tmp_path):
    """The program that `make demo` runs, where no network can be reached."""
    code, document = run_demo(unplugged, sys.executable, tmp_path)
    assert code == 0
    assert document["pack"] == "standard"
    outcomes = {case["name"]: case["outcome"] for case in document["cases"]}
    assert outcomes["mated"] == "match"
    assert outcomes["non-mated"] == "no_match"


@pytest.mark.slow
def test_the_wheel_verifies_real_faces_unplugged(unplugged, tmp_path):
    """The same from an installed wheel, far from the checkout."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, REPOSITORY]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel]
    subprocess.run(install, check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, document = run_demo(unplugged, sys.executable, elsewhere, PYTHONPATH=str(site))
    assert code == 0
    assert document["pack"] == "standard"
