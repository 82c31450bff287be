"""Where the CPU time of one verification goes, by parts of the service.

    python -m benchmarks.service.parts                 # half a minute
    python -m benchmarks.render                        # docs/explanation/service.md, from the file

Requests are given to the application one after another in this process, without sockets. Each
part's functions are timed by the clock of the thread that runs them, less the parts inside them.
Nothing else measures what the parts miss: it is the whole process's time less all of theirs.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from unittest.mock import patch

import msgspec
import typer

import fvs.engine
import fvs_server.edge.bodies
import fvs_server.extraction
from benchmarks.machine import REPOSITORY, describe_circumstances
from benchmarks.report_files import write_report
from benchmarks.service.results import PartsReport
from benchmarks.service.servers import make_registry, make_server, pair, verifications
from fvs.deployment.packs import DEFAULT_PACK
from fvs.registry.alike import AlikeVerifier
from fvs_server.app import create_app
from fvs_server.identity.authenticator import Authenticator
from fvs_server.limits.attempts import Attempts
from fvs_server.limits.captures import Captures
from fvs_server.limits.rates import RateLimits
from fvs_server.receipts import Receipts
from fvs_server.secrets import ServerSecrets
from fvs_server.services.desk import Desk
from fvs_server.services.verification import Verification
from fvs_server.settings import read_settings
from fvs_server.transactions import Transactions
from fvs_server.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litestar import Litestar

RESULTS = REPOSITORY / "benchmarks" / "results" / "service_parts.json"
PEOPLE = 1000
_WARM = 10

_ENGINE = fvs.engine
_PARTS: dict[str, tuple[tuple[object, str], ...]] = {
    "engine: decode": ((_ENGINE, "decode_images"),),
    "engine: detect": ((_ENGINE, "detect_faces"), (_ENGINE, "refine_faces")),
    "engine: align": ((_ENGINE, "align_faces"), (_ENGINE, "align_for_embedder")),
    "engine: quality": ((_ENGINE, "assess_quality"), (_ENGINE, "grade_recognisability")),
    "engine: attack detection": ((_ENGINE, "assess_liveness"),),
    "engine: embed": ((_ENGINE, "embed_crops"),),
    "engine: all else": ((_ENGINE.Engine, "_process"),),
    "authenticate": ((Authenticator, "authenticate"),),
    "JSON and base64": ((fvs_server.edge.bodies, "decode_json_body"),),
    "registry": ((AlikeVerifier, "verify"),),
    "judge": ((Verification, "_judge"),),
    "hash of looks": ((fvs_server.extraction, "perceptual_hash"),),
    "limits: rates": ((RateLimits, "take"),),
    "limits: attempts": ((Attempts, "admit"), (Attempts, "record")),
    "limits: captures": ((Captures, "refuse_replayed"), (Captures, "remember")),
    "begin and commit the first transaction": ((Desk, "admit"),),
    "transaction and audit log": ((Transactions, "record"),),
    "sign": ((Receipts, "issue"),),
    "documents": ((Verification, "_document"),),
    "service: all else": ((Verification, "verify"),),
}
"""Functions whose time is a part's, where their callers look them up."""

app = typer.Typer(help=__doc__)


class Clocks:
    """Time by part, each without the parts inside it. Threads may share it."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.seconds = Counter[str]()
        self._inside = threading.local()
        self._lock = threading.Lock()

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which counts for a part."""

        @wraps(function)
        def counting(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            outer, self._inside.seconds = getattr(self._inside, "seconds", 0.0), 0.0
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - began
                with self._lock:
                    self.seconds[part] += took - self._inside.seconds
                self._inside.seconds = outer + took

        return counting


@app.command()
def measure(
    *,
    requests: Annotated[int, typer.Option(min=1, help="To time.")] = 300,
    out: Annotated[Path, typer.Option(help="The report.")] = RESULTS,
) -> None:
    """Print and write the CPU time of each part, in milliseconds a request."""
    clocks = Clocks()
    whole_s = _run(clocks, requests)
    per_request = {part: 1e3 * clocks.seconds[part] / requests for part in _PARTS}
    whole_ms = 1e3 * whole_s / requests
    engine_ms = sum(ms for part, ms in per_request.items() if part.startswith("engine"))
    per_request["HTTP and hand-overs"] = whole_ms - sum(per_request.values())
    report = PartsReport(
        circumstances=describe_circumstances(),
        requests=requests,
        whole_cpu_ms=round(whole_ms, 3),
        engine_cpu_ms=round(engine_ms, 3),
        beside_the_engine_cpu_ms=round(whole_ms - engine_ms, 3),
        parts_cpu_ms={part: round(ms, 3) for part, ms in per_request.items()},
    )
    write_report(report, out)
    print(msgspec.json.format(msgspec.json.encode(report)).decode())


def _run(clocks: Clocks, requests: int) -> float:
    """CPU seconds of the process for so many requests."""
    pictures = pair()
    with tempfile.TemporaryDirectory(prefix="fvs-benchmark-") as name, ExitStack() as patched:
        home = Path(name)
        numbers = make_registry(home, pictures, DEFAULT_PACK, PEOPLE)
        key = make_server(home, DEFAULT_PACK)
        # Where clocks are: in the threads of this process.
        settings = read_settings(home / "server.toml", {"FVS_SERVER_ENGINE_PROCESSES": "false"})
        secrets = ServerSecrets.read(home / "secrets.json")
        for part, functions in _PARTS.items():
            for owner, attribute in functions:
                timed = clocks.timed(part, getattr(owner, attribute))
                patched.enter_context(patch.object(owner, attribute, timed))
        with open_services(settings, secrets) as services:
            service = create_app(services)
            bodies = (r.partition(b"\r\n\r\n")[2] for r in verifications(pictures, numbers, ""))
            asyncio.run(_send(service, key, itertools.islice(bodies, _WARM)))
            clocks.seconds.clear()
            to_time = list(itertools.islice(bodies, requests))
            began = time.process_time()
            asyncio.run(_send(service, key, to_time))
            return time.process_time() - began


async def _send(service: Litestar, key: str, bodies: Iterator[bytes] | list[bytes]) -> None:
    for body in bodies:
        status = await _status_of(service, key, body)
        if status != 200:  # noqa: PLR2004 - as HTTP has it
            raise RuntimeError(f"the service answered {status}")


async def _status_of(service: Litestar, key: str, body: bytes) -> int:
    statuses = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    path = "/v1/face-verifications"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {key}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await service(scope, receive, send)  # type: ignore[arg-type]  # Litestar's types are narrower
    return int(statuses[0])


if __name__ == "__main__":
    app()
