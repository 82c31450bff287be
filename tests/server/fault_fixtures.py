"""Server processes that are killed, starved and restarted; callers who note what they were told."""

from __future__ import annotations

import base64
import itertools
import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import msgspec

from fvs.manifest import to_toml
from fvs_client import Client, ClientOptions, RetryPolicy
from fvs_client.calls import verify_face
from fvs_client.errors import ClientError, UnreachableError
from fvs_client.records import Subject, VerificationRequest
from fvs_server.database import Database
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.principal import Scope
from fvs_server.limits.settings import LimitsSettings
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import (
    DatabaseSettings,
    HttpSettings,
    RegistrySettings,
    SecretsSettings,
    Settings,
)
from tests.conftest import REPOSITORY
from tests.registry_desk import number
from tests.server.identity_fixtures import create, order
from tests.server.light_engine import picture, unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs_client.calls import Call
    from fvs_client.records import Decision

LEASE_S = 2.0
"""Of idempotency: a killed server's requests may be repeated after it."""
_WAIT_S = 60.0
_DOWN_S = 0.05
_people = itertools.count(1)


def free_port() -> int:
    """One that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


class _File(msgspec.Struct, frozen=True):
    """What differs from the defaults."""

    http: HttpSettings
    database: DatabaseSettings
    registry: RegistrySettings
    secrets: SecretsSettings
    limits: LimitsSettings


def _written(settings: Settings) -> _File:
    return _File(**{name: getattr(settings, name) for name in _File.__struct_fields__})


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server's settings on disk, its database, and the key of one caller."""

    folder: Path
    settings: Settings
    api_key: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where it listens whenever it runs."""
        return f"http://127.0.0.1:{self.settings.http.port}"

    @property
    def log(self) -> Path:
        """What all its processes wrote."""
        return self.folder / "log.jsonl"

    @classmethod
    def make(cls, folder: Path, database_url: str, registry: Path, **http: object) -> Site:
        """A new one; the database is migrated."""
        settings = Settings(
            http=HttpSettings(port=free_port(), **http),
            database=DatabaseSettings(url=database_url),
            registry=RegistrySettings(folder=str(registry)),
            secrets=SecretsSettings(file=str(folder / "secrets.json")),
            limits=LimitsSettings(
                rate_per_s=1e5, burst=10**5, concurrency=64, idempotency_lease_s=LEASE_S
            ),
        )
        secrets = ServerSecrets.generate()
        secrets.write(folder / "secrets.json")
        (folder / "server.toml").write_text(to_toml(_written(settings)))
        with closing(Database.open(database_url)) as database:
            database.migrate()
            key = create(database, ApiKeys(secrets), order(Scope.VERIFY)).text.reveal()
        return cls(folder=folder, settings=settings, api_key=key)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the server, listening; ended by SIGTERM where it still runs."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.server.fault_server",
                    str(self.folder / "server.toml"),
                    *arguments,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=REPOSITORY,
            )
            try:
                if not process.stdout.readline():
                    raise RuntimeError(self.log.read_text()[-2000:])
                yield process
            finally:
                process.terminate()
                process.wait(_WAIT_S)
                process.stdout.close()

    def client(self, attempts: int = 1, deadline_s: float = 10.0) -> Client:
        """A caller."""
        options = ClientOptions(retry=RetryPolicy(attempts=attempts), deadline_s=deadline_s)
        return Client(self.url, api_key=self.api_key, options=options)


def verification(person: int | None = None) -> tuple[str, Call[Decision]]:
    """A call that no other equals, and the reference by which its record is found."""
    person = person or next(_people)
    reference = f"case-{person}-{next(_people)}"
    request = VerificationRequest(
        subject=Subject(kind="citizen_id", number=number(person)),
        frames=(picture(person),),
        purpose="open_account",
        consent_reference=reference,
        assurance_level="ial2.2",
    )
    return reference, verify_face(request)


class Load:
    """Callers in threads, who send calls one after the other and repeat none."""

    def __init__(self, site: Site, callers: int) -> None:
        """Do nothing yet."""
        self._site = site
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]
        self.answered: dict[str, str] = {}
        self.unanswered: dict[str, Call[Decision]] = {}

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self) -> None:
        with self._site.client() as client:
            while not self._stop.is_set():
                reference, call = verification()
                try:
                    answer = client.send(call, idempotency_key=reference)
                except ClientError as error:
                    # What never left is nothing to ask about.
                    if not (isinstance(error, UnreachableError) and not error.was_sent):
                        self.unanswered[reference] = call
                    self._stop.wait(_DOWN_S)
                else:
                    self.answered[reference] = answer.transaction_id

    def secrets_in(self, folder: Path) -> list[str]:
        """Files of a folder that hold a number, a key, a picture or a template in the clear."""
        key = self._site.api_key
        secrets = [key.encode(), key.rpartition("_")[2].encode()]
        secrets += [number(person).encode() for person in range(1, next(_people))]
        # Of a made-up picture, as it is and in base64; of a template, its first numbers.
        secrets += [b'{"face":', base64.b64encode(b'{"face": ')[:8]]
        secrets += [unit(face, 128)[:4].tobytes() for face in range(1, 61)]
        contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return [str(path) for path, held in contents.items() if any(s in held for s in secrets)]

    def settle(self) -> None:
        """Send what was not answered again, each under its own key, until it is."""
        with self._site.client(attempts=8, deadline_s=60.0) as client:
            for reference, call in self.unanswered.items():
                self.answered[reference] = client.send(
                    call, idempotency_key=reference
                ).transaction_id
