"""The servers that are measured, as processes of their own."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.machine import REPOSITORY
from fvs.cli.demo_cases import build_cases
from fvs.cli.registry.making import Plan, make
from fvs.deployment.packs import open_engine
from fvs.deployment.registry_file import EnrolmentSpec, SqliteSpec
from fvs.deployment.registry_location import Location
from fvs.registry.enrolment import Enrolment
from fvs.registry.records import TemplateKind
from fvs.status import Role
from fvs.subjects import SubjectId, SubjectKind
from fvs.subjects.thai_numbers import thai_check_digit
from fvs_server.database import Database
from fvs_server.identity import Scope
from fvs_server.identity.api_keys import ApiKeys, KeyOrder
from fvs_server.secrets import ServerSecrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Measured",
    "Pair",
    "make_registry",
    "make_server",
    "our_service",
    "pair",
    "rival_service",
    "rival_unavailable",
    "verifications",
]

_STARTS_WITHIN_S = 60.0
_RIVAL_PACKAGES = ("fastapi>=0.115,<1",)


@dataclass(frozen=True)
class Pair:
    """A selfie and a card of one person, from `fvs demo`."""

    selfie_jpeg: bytes
    card_jpeg: bytes


def pair() -> Pair:
    """The pair of every request."""
    case = next(case for case in build_cases() if case.name == "mated")
    return Pair(case.selfie_jpeg, case.card_jpeg)


@dataclass(frozen=True)
class Measured:
    """A server that answers.

    Attributes:
        port: where.
        process: its.
        verifications: requests without end, each for another subject; empty of the rival.
        comparisons: likewise.
    """

    port: int
    process: psutil.Process
    verifications: Iterator[bytes]
    comparisons: Iterator[bytes]

    @property
    def memory_mb(self) -> float:
        """Of its processes, less what they share: what each has for itself alone (USS)."""
        return sum(float(each.memory_full_info().uss) for each in self._processes()) / 1e6

    @property
    def cpu_s(self) -> float:
        """That its processes used so far."""
        times = [each.cpu_times() for each in self._processes()]
        return float(sum(each.user + each.system for each in times))

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def our_service(pictures: Pair, pack: str, people: int) -> Iterator[Measured]:
    """`fvs server run` on SQLite, with so many people enrolled, who all have one face."""
    with tempfile.TemporaryDirectory(prefix="fvs-benchmark-") as name:
        home = Path(name)
        numbers = make_registry(home, pictures, pack, people)
        key = make_server(home, pack)
        command = [sys.executable, "-m", "fvs", "server", "run", "--json"]
        environment = {**os.environ, "FVS_SERVER": str(home / "server.toml")}
        with _process(command, environment) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            port = json.loads(process.stdout.readline())["port"]
            heads = f"Authorization: Bearer {key}\r\n"
            yield Measured(
                port,
                psutil.Process(process.pid),
                verifications(pictures, numbers, heads),
                _comparisons("/v1/face-comparisons", pictures, heads),
            )


@contextmanager
def rival_service(pictures: Pair, weights_dir: Path, *, one_thread: bool) -> Iterator[Measured]:
    """FastAPI with insightface, see `benchmarks.service.rival`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.service.rival:app"]
    command += ["--port", str(port), "--log-level", "warning"]
    environment = {
        **os.environ,
        "FVS_RIVAL_WEIGHTS": str(weights_dir),
        "FVS_RIVAL_ONE_THREAD": "1" if one_thread else "",
        "PYTHONPATH": os.pathsep.join([str(_rival_packages()), os.environ.get("PYTHONPATH", "")]),
    }
    with _process(command, environment) as process:
        _wait_for(port, process)
        requests = _comparisons("/compare", pictures, "")
        yield Measured(port, psutil.Process(process.pid), iter(()), requests)


def rival_unavailable(weights_dir: Path) -> str:
    """Why the rival cannot be measured; empty where it can."""
    if not (weights_dir / "scrfd_500m.onnx").exists():
        return f"its weights are not in {weights_dir}"
    if importlib.util.find_spec("insightface") is None:
        return "insightface is not installed"
    return ""


def make_registry(home: Path, pictures: Pair, pack: str, people: int) -> list[str]:
    """A registry in which so many people, who all have one face, are enrolled; their numbers."""
    plan = Plan(
        folder=home / "people",
        pack=pack,
        store=SqliteSpec(),
        key_ring=home / "key-ring.json",
        enrolment=EnrolmentSpec(legal_basis="benchmark"),
        duplicates=None,
    )
    make(plan)
    location = Location.find(plan.folder)
    opened = location.open_pack()
    (template,) = open_engine(opened).enrol([pictures.card_jpeg], Role.CARD)
    numbers = [_number(person) for person in range(people)]
    with location.opened(opened) as registry:
        registry.enrol(
            [
                Enrolment(
                    subject=SubjectId.parse(SubjectKind.CITIZEN_ID, number),
                    template=template,
                    kind=TemplateKind.CARD,
                    legal_basis="benchmark",
                )
                for number in numbers
            ]
        )
    return numbers


def make_server(home: Path, pack: str) -> str:
    """The files of a server without limits that would be felt; returns the text of a key."""
    url, secrets = f"sqlite:///{home / 'server.db'}", ServerSecrets.generate()
    secrets.write(home / "secrets.json")
    (home / "server.toml").write_text(
        f'[http]\nport = 0\n[engine]\npack = "{pack}"\n[registry]\nfolder = "{home / "people"}"\n'
        f'[database]\nurl = "{url}"\n[secrets]\nfile = "{home / "secrets.json"}"\n'
        "[limits]\nrate_per_s = 1e6\nburst = 1000000\nconcurrency = 100000\n"
        '[logs]\nlevel = "warning"\nrequests = false\n'
    )
    now = datetime.now(UTC)
    order = KeyOrder(
        idp="benchmark",
        scopes=frozenset({Scope.VERIFY, Scope.COMPARE}),
        expires_at=now + timedelta(days=1),
    )
    with closing(Database.open(url)) as database:
        database.migrate()
        with database.writing() as connection:
            return ApiKeys(secrets).create(connection, order, now).text.reveal()


def _number(person: int) -> str:
    first_twelve = f"1{person:011d}"
    return first_twelve + thai_check_digit(first_twelve)


def verifications(pictures: Pair, numbers: list[str], heads: str) -> Iterator[bytes]:
    """Requests without end, each with another file and, in turn, another number."""
    for serial, number in zip(itertools.count(), itertools.cycle(numbers), strict=False):
        # What follows the end of a JPEG is not decoded, and makes it another file.
        selfie = base64.b64encode(pictures.selfie_jpeg + serial.to_bytes(8)).decode()
        body = {
            "subject": {"kind": "citizen_id", "number": number},
            "frames": [selfie],
            "purpose": "benchmark",
            "consent_reference": str(serial),
            "assurance_level": "ial2.2",
        }
        yield _request("/v1/face-verifications", body, heads)


def _comparisons(path: str, pictures: Pair, heads: str) -> Iterator[bytes]:
    body: dict[str, object] = {
        "selfie": base64.b64encode(pictures.selfie_jpeg).decode(),
        "card": base64.b64encode(pictures.card_jpeg).decode(),
        "purpose": "benchmark",
        "consent_reference": "1",
        "assurance_level": "ial2.2",
    }
    return itertools.repeat(_request(path, body, heads))


def _request(path: str, body: Mapping[str, object], heads: str) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{heads}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start (exit status {process.poll()})")


def _rival_packages() -> Path:
    """FastAPI in a folder of its own: the project does not depend on it."""
    folder = Path(tempfile.gettempdir()) / "fvs-benchmark-fastapi"
    if not (folder / "fastapi").is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*install, *_RIVAL_PACKAGES], check=True)  # noqa: S603 - likewise
    return folder
