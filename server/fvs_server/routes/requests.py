"""What the handlers of several routes take from a request besides its body."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Request  # noqa: TC002 - Litestar reads the annotations

from fvs_server.edge.admission import deadline_of
from fvs_server.edge.languages import Language, preferred_language
from fvs_server.inference import Deadline  # noqa: TC001 - likewise
from fvs_server.services.desk import RepeatKey

__all__ = [
    "ConsentReference",
    "LevelName",
    "Purpose",
    "provide_deadline",
    "provide_language",
    "provide_repeat",
]

Purpose = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9_]{0,63}\Z",
        description="Why, as a word of the IdP's own list.",
        examples=["open_account"],
    ),
]
ConsentReference = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[\x21-\x7e]{1,128}\Z",
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


async def provide_repeat(request: Request[Any, Any, Any]) -> RepeatKey | None:
    """By which the request is known when it is sent again; None without Idempotency-Key."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    digest = hashlib.sha256(f"{request.method} {request.scope['path']}\n".encode())
    digest.update(await request.body())
    return RepeatKey(key=key, request_sha256=digest.digest())
