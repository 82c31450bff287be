"""The ASGI layer that counts, times and logs every request."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, cast

from litestar.enums import ScopeType

from fvs_server.edge.boundary import request_id_of
from fvs_server.operation.logs import REQUESTS

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from fvs_server.operation.metrics import Metrics

__all__ = ["Observer", "names_of"]

logger = logging.getLogger(REQUESTS)

_NO_ROUTE = "none"
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observer:
    """Wraps all of the service, its refusals too."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, log_requests: bool) -> None:
        """Wrap."""
        self._app = app
        self._metrics = metrics
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = names_of(scope)
        self._metrics.request(method, route, status, seconds)
        if not self._log_requests:
            return
        principal = cast("dict[str, Any]", scope).get("principal")
        fields = {
            "request_id": request_id_of(scope),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(1e3 * seconds, 1),
            "idp": None if principal is None else principal.idp,
        }
        logger.info("request", extra={"fields": fields})


def names_of(scope: Scope) -> tuple[str, str]:
    """Method and route: what a caller chose freely becomes no label, line or span."""
    seen = cast("dict[str, Any]", scope)
    method = seen["method"] if seen["method"] in _KNOWN_METHODS else "other"
    return method, seen.get("path_template") or _NO_ROUTE
