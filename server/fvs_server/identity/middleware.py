"""Authenticates every request under /v1 before a byte of its body is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from anyio import CapacityLimiter, to_thread
from litestar.enums import ScopeType

from fvs_server.identity.request_head import RequestHead
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

    from fvs_server.identity.authenticator import Authenticator, Proof
    from fvs_server.identity.signatures import BodyDigests

__all__ = ["AuthenticationMiddleware"]

_PROTECTED = "/v1"
_MOST_AT_ONCE = 8
"""Look-ups that wait for the database or the issuer; threads that pictures cannot hold up."""


class AuthenticationMiddleware:
    """Puts the principal into the scope, or refuses; also where there is no such route.

    Pages beside /v1 have no principal. A route that wants one is guarded all the same, by
    `fvs_server.identity.guard`: an odd spelling of a path gains nothing.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        """Wrap the application's router."""
        self._app = app
        self._authenticator = authenticator
        self._limiter = CapacityLimiter(_MOST_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            ServiceError: as `Authenticator.authenticate`.
        """
        if scope["type"] != ScopeType.HTTP or not _is_protected(scope["path"]):
            await self._app(scope, receive, send)
            return
        proof = await self._authenticate(_head_of(scope))
        cast("dict[str, Any]", scope)["principal"] = proof.principal
        checked = receive if proof.body is None else _checked(receive, proof.body)
        await self._app(scope, checked, send)

    async def _authenticate(self, head: RequestHead) -> Proof:
        authenticate = self._authenticator.authenticate
        if self._authenticator.is_quick(head):
            return authenticate(head)
        return await to_thread.run_sync(authenticate, head, limiter=self._limiter)


def _is_protected(path: str) -> bool:
    return path == _PROTECTED or path.startswith(f"{_PROTECTED}/")


def _head_of(scope: Scope) -> RequestHead:
    found = cast("dict[str, Any]", scope)
    raw_path = found.get("raw_path") or found["path"].encode()
    query = found["query_string"]
    target = raw_path.partition(b"?")[0] + (b"?" + query if query else b"")
    return RequestHead(
        method=found["method"],
        target=target.decode("latin-1"),
        scheme=found["scheme"],
        peer=(found.get("client") or ("",))[0],
        fields=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in found["headers"]
        ),
    )


def _checked(receive: Receive, digests: BodyDigests) -> Receive:
    """The same body; its last part is held back until the whole is known to be what was signed."""

    async def receive_checked() -> HTTPReceiveMessage:
        message = cast("HTTPReceiveMessage", await receive())
        if message["type"] == "http.request":
            digests.feed(message["body"])
            if not message["more_body"] and not digests.hold():
                raise ServiceError(Problem.CONTENT_DIGEST_MISMATCH)
        return message

    return cast("Receive", receive_checked)
