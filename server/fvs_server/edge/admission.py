"""Turns requests away before their bodies are read, where there is no room to work on them.

What waits holds its pictures in memory; so no more may wait than can be worked on in time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from fvs_server.details import Detail
from fvs_server.inference import Deadline
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from fvs_server.inference import InferencePool

__all__ = ["INFERENCE", "Admission", "Gate", "deadline_of"]

INFERENCE = "inference"
"""Key of a handler's `opt`: True where it works on pictures."""

_DEADLINE = "deadline"
_LATE_BODY_RETRY_S = 1.0
"""The caller's network was slow, not the service."""


class Gate:
    """Counts the requests that work on pictures; belongs to the thread of the event loop."""

    def __init__(self, pool: InferencePool, deadline_s: float) -> None:
        """Let in as many requests as the pool takes pictures."""
        self._pool = pool
        self.deadline_s = deadline_s
        self._inside = 0

    @property
    def inside(self) -> int:
        """Requests that were let in and are not answered."""
        return self._inside

    def enter(self) -> None:
        """Let a request in; `leave` ends it.

        Raises:
            ServiceError: OVERLOADED.
        """
        if self._inside >= self._pool.capacity:
            raise self._pool.overloaded()
        self._inside += 1

    def leave(self) -> None:
        """One is answered."""
        self._inside -= 1


class Admission:
    """Middleware of the application; the route is known, the body was not read."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """Wrap."""
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with a deadline that also holds for its body."""
        if not scope["route_handler"].opt.get(INFERENCE):
            await self._app(scope, receive, send)
            return
        self._gate.enter()
        try:
            deadline = Deadline.after(self._gate.deadline_s)
            cast("dict[str, Any]", scope)[_DEADLINE] = deadline
            await self._app(scope, _until(receive, deadline), send)
        finally:
            self._gate.leave()


def deadline_of(scope: Scope) -> Deadline:
    """Of the request, which `Admission` let in."""
    deadline: Deadline = cast("dict[str, Any]", scope)[_DEADLINE]
    return deadline


def _until(receive: Receive, deadline: Deadline) -> Receive:
    async def receive_in_time() -> Message:
        try:
            async with asyncio.timeout(deadline.remaining_s):
                return cast("Message", await receive())
        except TimeoutError:
            raise ServiceError(
                Problem.DEADLINE_EXCEEDED,
                Detail.BODY_CAME_LATE.value,
                retry_after_s=_LATE_BODY_RETRY_S,
            ) from None

    return cast("Receive", receive_in_time)
