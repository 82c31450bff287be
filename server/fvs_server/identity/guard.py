"""Every route says what it needs, in `opt={"scope": ...}`; nothing else lets a caller in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from fvs.errors import UsageError
from fvs_server.details import Detail
from fvs_server.identity.principal import Principal, Scope
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

__all__ = ["SCOPE", "handlers_of", "require_known_scopes", "require_scope"]

SCOPE = "scope"
"""Key of a handler's `opt`: a `Scope`, several of which one is enough, or None for everybody."""


def require_scope(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """The guard of the whole application; runs before the body is read.

    Raises:
        ServiceError: UNAUTHENTICATED, nobody was authenticated; INSUFFICIENT_SCOPE.
    """
    needed = handler.opt.get(SCOPE, ())
    if needed is None or _is_automatic_options(handler):
        return
    principal = connection.scope.get("principal")
    if not isinstance(principal, Principal):
        raise ServiceError(Problem.UNAUTHENTICATED)
    alternatives = {needed} if isinstance(needed, Scope) else frozenset(needed)
    if not alternatives & principal.scopes:
        words = Detail.SCOPE.with_(allowed=" | ".join(sorted(alternatives)))
        raise ServiceError(Problem.INSUFFICIENT_SCOPE, words)


def require_known_scopes(app: Litestar) -> None:
    """Refuse to start with a route that does not say what it needs.

    Raises:
        UsageError: there is one.
    """
    for path, handler in handlers_of(app):
        needed = handler.opt.get(SCOPE, ())
        alternatives = (needed,) if isinstance(needed, Scope) else needed
        if alternatives is not None and not _are_scopes(alternatives):
            raise UsageError(
                f"the route {path} does not say what scope it needs",
                advice='Give its handler opt={"scope": Scope...}, or None if it is for everybody.',
            )


def handlers_of(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Path and handler of each route that somebody wrote."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise UsageError(f"{route.path} is no HTTP route, and nothing guards it")
        for handler in route.route_handlers:
            if not _is_automatic_options(handler):
                yield route.path, handler


def _are_scopes(found: object) -> bool:
    return (
        isinstance(found, (tuple, frozenset, set))
        and bool(found)
        and all(isinstance(each, Scope) for each in found)
    )


def _is_automatic_options(handler: BaseRouteHandler) -> bool:
    """Litestar's own answer to OPTIONS, which only lists methods."""
    return (
        isinstance(handler, HTTPRouteHandler)
        and handler.http_methods == {HttpMethod.OPTIONS}
        and SCOPE not in handler.opt
    )
