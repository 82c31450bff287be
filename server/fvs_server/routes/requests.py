"""What the handlers of several routes take from a request besides its body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
from litestar import Request  # noqa: TC002 - Litestar reads the annotations

from fvs_server.edge.admission import deadline_of
from fvs_server.edge.languages import Language, preferred_language
from fvs_server.edge.multipart import without_boundary
from fvs_server.edge.violations import FAULT
from fvs_server.faults import Fault
from fvs_server.inference import Deadline  # noqa: TC001 - likewise
from fvs_server.services.desk import RepeatKey

if TYPE_CHECKING:
    from fvs_server.identity import Principal
    from fvs_server.wiring import Services

__all__ = [
    "Call",
    "ConsentReference",
    "LevelName",
    "Purpose",
    "provide_call",
    "provide_deadline",
    "provide_language",
]

Purpose = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9_]{0,63}\Z",
        extra={FAULT: Fault.MALFORMED_PURPOSE},
        description="Why, as a word of the IdP's own list.",
        examples=["open_account"],
    ),
]
ConsentReference = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[\x21-\x7e]{1,128}\Z",
        extra={FAULT: Fault.MALFORMED_REFERENCE},
        description="The IdP's own reference of the subject's consent; nothing personal.",
        examples=["consent-2026-000123"],
    ),
]
LevelName = Annotated[
    str, msgspec.Meta(max_length=32, description="A level of the server.", examples=["ial2.2"])
]


def provide_deadline(request: Request[Any, Any, Any]) -> Deadline:
    """By when the request must be done."""
    return deadline_of(request.scope)


def provide_language(request: Request[Any, Any, Any]) -> Language:
    """That the advice is in."""
    return preferred_language(request.headers.get("accept-language", ""))


@dataclass(frozen=True, kw_only=True)
class Call:
    """All that the routes that work on faces take besides a body, as one dependency.

    Litestar resolves several side by side, each in a task of its own; that took a fifth of the time
    of the event loop.

    Attributes:
        services: of the server.
        principal: who calls.
        deadline: by when the request must be done.
        language: that the advice is in.
        repeat: by which the request is known when it is sent again; None without Idempotency-Key.
    """

    services: Services
    principal: Principal
    deadline: Deadline
    language: Language
    repeat: RepeatKey | None


async def provide_call(request: Request[Any, Any, Any], services: Services) -> Call:
    """Of a request that was authenticated and admitted."""
    return Call(
        services=services,
        principal=cast("dict[str, Any]", request.scope)["principal"],
        deadline=provide_deadline(request),
        language=provide_language(request),
        repeat=await _repeat_of(request),
    )


async def _repeat_of(request: Request[Any, Any, Any]) -> RepeatKey | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    digest = hashlib.sha256(f"{request.method} {request.scope['path']}\n".encode())
    _, options = request.content_type
    digest.update(without_boundary(await request.body(), options.get("boundary", "")))
    return RepeatKey(key=key, request_sha256=digest.digest())
