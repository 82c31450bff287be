"""`fvs server run --demo`: a whole service that a stranger can call within a minute.

Its registry, database and keys are in a temporary folder and are gone when it ends. The people are
those of `fvs demo`; their numbers are made up.
"""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.cli.demo_cases import build_cases
from fvs.cli.output import print_json, print_line
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
from fvs_server.operation.demo_call import DemoCall, summary_of
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


def run_demo(out: Path, *, port: int, once: bool, as_json: bool) -> None:
    """Serve, and print a call that works.

    Args:
        out: folder for the pictures of the call.
        port: 0 is any that is free.
        once: make the call, print its answer in a few lines and end.
        as_json: print for programs: the call, or with `once` the whole answer.
    """
    out.mkdir(parents=True, exist_ok=True)
    cases = {case.name: case for case in build_cases() if case.name in _NUMBERS}
    for case in cases.values():
        (out / f"{case.name}-selfie.jpg").write_bytes(case.selfie_jpeg)
    with _demo_services(cases, port) as services:
        call = DemoCall(
            url=services.settings.http.public_url,
            key=_new_key(services),
            number=_NUMBERS["mated"],
            selfie=out / "mated-selfie.jpg",
        )
        serve(services, lambda running: _started(running, call, once=once, as_json=as_json))


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


def _started(running: Running, call: DemoCall, *, once: bool, as_json: bool) -> None:
    if once:
        threading.Thread(target=_call_and_stop, args=(running, call, as_json)).start()
    elif as_json:
        found = {"port": running.port, "url": call.url, "api_key": call.key, "curl": call.curl}
        print_line(json.dumps(found))
    else:
        _show(call)
        print_line("Others: mated-dim-selfie.jpg with number 3100501234563; or exchange the two.")
        print_line(f"{call.url}/docs describes the API, {call.url}/try is a page with the camera.")


def _show(call: DemoCall) -> None:
    print_line(
        ("The service runs at ", "bold"), (call.url, "bold cyan"), ("  (Ctrl-C ends it)", "")
    )
    print_line("Two people are enrolled. Verify one of them, in another terminal:\n")
    print_line(call.curl + "\n")


def _call_and_stop(running: Running, call: DemoCall, as_json: bool) -> None:  # noqa: FBT001 - a thread's
    """What the line does, and then what Ctrl-C does."""
    try:
        answer = call.make()
        if as_json:
            print_json(answer)
            return
        receipt = call.check(answer["receipt"]["jws"]) if "receipt" in answer else ""
        print_line(call.curl + "\n")
        for line in summary_of(answer, receipt):
            print_line(line)
        print_line(
            "\nThe whole answer: --json. To go on calling, in a browser too: without --once."
        )
    finally:
        running.stop()
