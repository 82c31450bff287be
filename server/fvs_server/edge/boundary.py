"""The outermost ASGI layer: each request gets an id, and whatever is raised becomes an answer."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any, cast

import msgspec
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fvs_server.edge.languages import preferred_language
from fvs_server.edge.problem_documents import PROBLEM_MEDIA_TYPE, document_of, headers_of
from fvs_server.edge.rate_fields import rate_fields
from fvs_server.limits.usage import noting_usage
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Boundary", "request_id_of", "send_problem"]

logger = logging.getLogger(__name__)

_DATABASE_IS_AWAY = (InterfaceError, OperationalError, PoolTimeoutError)
"""It restarts, its disk is full, or all connections are taken: none of it is the caller's doing."""
_DATABASE_RETRY_S = 1.0
_ID_BYTES = 16
_ID_HEADER = b"x-request-id"


class Boundary:
    """Wraps all of the service. Its ids are its own: a caller's could be anybody's name."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request_id = secrets.token_hex(_ID_BYTES)
        cast("dict[str, Any]", scope)["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = [(_ID_HEADER, request_id.encode()), *rate_fields(note)]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        try:
            with noting_usage() as note:
                await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - nothing may reach the caller but an answer
            if started:
                logger.warning("request %s broke off: %s", request_id, describe(error))
                return
            await send_problem(as_service_error(error, request_id), scope, send_with_id)


def as_service_error(error: Exception, request_id: str) -> ServiceError:
    """What the caller may know; of what nobody foresaw, the log gets the kind and the place."""
    if isinstance(error, ServiceError):
        return error
    logger.error("request %s: %s", request_id, describe(error))
    if isinstance(error, _DATABASE_IS_AWAY):
        return ServiceError(Problem.DATABASE_UNAVAILABLE, retry_after_s=_DATABASE_RETRY_S)
    return ServiceError(Problem.INTERNAL_ERROR)


def describe(error: BaseException) -> str:
    """The kind of error and where it was raised: its message may quote what was sent."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{trace.tb_frame.f_globals.get('__name__', '?')}.{code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {place}"


def request_id_of(scope: Mapping[str, Any]) -> str:
    """The id of the request; empty outside the boundary."""
    return str(scope.get("request_id", ""))


async def send_problem(
    error: ServiceError, scope: Scope, send: Send, extra: Mapping[str, str] | None = None
) -> None:
    """Answer from a layer below the framework.

    Args:
        error: why.
        scope: of the request.
        send: of the request.
        extra: headers, for example `WWW-Authenticate`.
    """
    headers = dict(scope["headers"])
    language = preferred_language(headers.get(b"accept-language", b"").decode("latin-1"))
    body = msgspec.json.encode(document_of(error, language, request_id_of(cast("Any", scope))))
    sent = {
        "content-type": PROBLEM_MEDIA_TYPE,
        "content-length": str(len(body)),
        **headers_of(error, language),
        **(extra or {}),
    }
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send(
        {"type": "http.response.start", "status": error.problem.value.status, "headers": encoded}
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
