"""`fvs server run --demo`: a whole service that a stranger can call within a minute.

Its registry, database and keys are in a temporary folder and are gone when it ends. The people are
those of `fvs demo`; their numbers are made up.
"""

from __future__ import annotations

import json
import shlex
import socket
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from fvs.cli.demo_cases import build_cases
from fvs.cli.output import print_line
from fvs.cli.registry.making import Plan, make
from fvs.deployment.packs import DEFAULT_PACK
from fvs.deployment.registry_file import EnrolmentSpec, SqliteSpec
from fvs.deployment.registry_location import Location
from fvs.registry.enrolment import Enrolment
from fvs.registry.records import TemplateKind
from fvs.status import Role
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.database import Database
from fvs_server.identity import Scope
from fvs_server.identity.api_keys import KeyOrder
from fvs_server.operation.logs import log_to_stderr
from fvs_server.operation.serving import serve
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import (
    DatabaseSettings,
    HttpSettings,
    RegistrySettings,
    SecretsSettings,
    Settings,
)
from fvs_server.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.cli.demo_cases import Case
    from fvs_server.operation.serving import Running
    from fvs_server.wiring import Services

__all__ = ["run_demo"]

_NUMBERS = {"mated": "1101700230708", "mated-dim": "3100501234563"}
"""Of the people whose cards these cases show; valid and made up."""
_HOST = "127.0.0.1"
_IDP = "demo.example"
_KEY_LIFE = timedelta(days=1)
_SCOPES = frozenset({Scope.VERIFY, Scope.COMPARE, Scope.SCORES, Scope.STATISTICS})
_TIMEOUT_S = 60.0


def run_demo(out: Path, *, port: int, once: bool) -> None:
    """Serve, and print a call that works.

    Args:
        out: folder for the pictures of the call.
        port: 0 is any that is free.
        once: make the call, print its answer and end.
    """
    log_to_stderr("warning")
    out.mkdir(parents=True, exist_ok=True)
    cases = {case.name: case for case in build_cases() if case.name in _NUMBERS}
    for case in cases.values():
        (out / f"{case.name}-selfie.jpg").write_bytes(case.selfie_jpeg)
    with _demo_services(cases, port) as services:
        key = _new_key(services)
        serve(services, lambda running: _started(running, key, out, once=once))


@contextmanager
def _demo_services(cases: dict[str, Case], port: int) -> Iterator[Services]:
    with tempfile.TemporaryDirectory(prefix="fvs-demo-") as name:
        home, port = Path(name), port or _free_port()
        settings = Settings(
            http=HttpSettings(port=port, public_url=_url(port)),
            database=DatabaseSettings(url=f"sqlite:///{home / 'server.db'}"),
            registry=RegistrySettings(folder=str(home / "people")),
            secrets=SecretsSettings(file=str(home / "secrets.json")),
        )
        secrets = ServerSecrets.generate()
        with closing(Database.open(settings.database.url)) as database:
            database.migrate()
        make(
            Plan(
                folder=home / "people",
                pack=DEFAULT_PACK,
                store=SqliteSpec(),
                key_ring=home / "key-ring.json",
                enrolment=EnrolmentSpec(legal_basis="demonstration"),
                duplicates=None,
            )
        )
        with open_services(settings, secrets) as services:
            _enrol(services, Location.find(home / "people"), cases)
            yield services


def _free_port() -> int:
    """One that nobody listens on: receipts name the address before the server has it."""
    with socket.create_server((_HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _url(port: int) -> str:
    return f"http://{_HOST}:{port}"


def _enrol(services: Services, location: Location, cases: dict[str, Case]) -> None:
    registry = services.faces.registry
    assert registry is not None  # noqa: S101 - the settings above name one
    cards = [case.card_jpeg for case in cases.values()]
    templates = services.faces.engine.enrol(cards, Role.CARD)
    registry.enrol(
        [
            Enrolment(
                subject=SubjectId.parse(SubjectKind.CITIZEN_ID, _NUMBERS[name]),
                template=template,
                kind=TemplateKind.CARD,
                legal_basis=location.spec.enrolment.legal_basis,
            )
            for name, template in zip(cases, templates, strict=True)
        ]
    )


def _new_key(services: Services) -> str:
    now = datetime.now(UTC)
    order = KeyOrder(
        idp=_IDP, scopes=_SCOPES, label="demo", expires_at=now + _KEY_LIFE, signing_key=None
    )
    with services.database.writing() as connection:
        return services.api_keys.create(connection, order, now).text.reveal()


def _started(running: Running, key: str, out: Path, *, once: bool) -> None:
    url = _url(running.port)
    selfie = out / "mated-selfie.jpg"
    print_line(("The service runs at ", "bold"), (url, "bold cyan"), ("  (Ctrl-C ends it)", ""))
    print_line("Two people are enrolled. Verify one of them, in another terminal:\n")
    print_line(_curl(url, key, selfie) + "\n")
    print_line("Others: mated-dim-selfie.jpg with number 3100501234563; or exchange the two.")
    if once:
        threading.Thread(target=_call_and_stop, args=(running, url, key, selfie)).start()


def _request() -> dict[str, object]:
    return {
        "subject": {"kind": SubjectKind.CITIZEN_ID, "number": _NUMBERS["mated"]},
        "purpose": "demonstration",
        "consent_reference": "demo-1",
        "assurance_level": "ial2.2",
    }


def _curl(url: str, key: str, selfie: Path) -> str:
    request = shlex.quote(f"request={json.dumps(_request())};type=application/json")
    lines = [
        f"curl -s {url}/v1/face-verifications",
        f"-H 'Authorization: Bearer {key}'",
        f"-F {request}",
        f"-F frame=@{shlex.quote(str(selfie))}",
    ]
    return " \\\n  ".join(lines)


def _call_and_stop(running: Running, url: str, key: str, selfie: Path) -> None:
    """What the line above does, and then what Ctrl-C does."""
    try:
        answer = httpx.post(
            f"{url}/v1/face-verifications",
            headers={"Authorization": f"Bearer {key}"},
            files=[
                ("request", (None, json.dumps(_request()), "application/json")),
                ("frame", (selfie.name, selfie.read_bytes(), "image/jpeg")),
            ],
            timeout=_TIMEOUT_S,
        )
        print_line(json.dumps(answer.json(), indent=2, ensure_ascii=False))
    finally:
        running.stop()
