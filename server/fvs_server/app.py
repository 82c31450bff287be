"""The application: routes, and what surrounds every one of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.di import Provide

from fvs_server.edge.admission import Admission
from fvs_server.edge.bodies import ServiceRequest
from fvs_server.edge.boundary import Boundary
from fvs_server.edge.errors import exception_handlers
from fvs_server.edge.parameters import require_known_parameters
from fvs_server.identity import Principal  # noqa: TC001 - Litestar reads the annotations
from fvs_server.identity.guard import require_known_scopes, require_scope
from fvs_server.identity.middleware import AuthenticationMiddleware
from fvs_server.operation.observing import Observer
from fvs_server.routes import ROUTES
from fvs_server.routes.requests import Call, provide_call, provide_deadline, provide_language
from fvs_server.wiring import Services  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.connection import Request

__all__ = ["create_app"]

_OTHER_THREADS = 16
"""For handlers that ask the database only."""


def create_app(services: Services) -> Litestar:
    """The service over HTTP, for any ASGI server.

    Args:
        services: opened by `fvs_server.wiring.open_services`, and closed by whoever opened them.

    Raises:
        UsageError: a route does not say what scope it needs.
    """
    app = Litestar(
        ROUTES,
        dependencies=_dependencies(lambda: services),
        guards=[require_scope, require_known_parameters],
        middleware=[partial(Admission, gate=services.gate)],
        on_startup=[partial(_use_threads, services)],
        exception_handlers=exception_handlers(),
        request_class=ServiceRequest,
        request_max_body_size=services.settings.http.max_body_bytes,
        logging_config=None,
        openapi_config=None,
    )
    require_known_scopes(app)
    # Around the router too, which answers 404 and 405 before any middleware of the framework runs.
    authenticated = AuthenticationMiddleware(app.asgi_handler, services.authenticator)
    observer = Observer(
        Boundary(authenticated), services.metrics, log_requests=services.settings.logs.requests
    )
    app.asgi_handler = services.parts.outermost(observer)
    return app


def create_bare_app() -> Litestar:
    """The routes with no service behind them: to be described, not called."""

    def provide_nothing() -> Services:
        raise NotImplementedError

    return Litestar(
        ROUTES,
        dependencies=_dependencies(provide_nothing),
        request_class=ServiceRequest,
        logging_config=None,
        openapi_config=None,
    )


def _dependencies(services: Callable[[], Services]) -> dict[str, Provide]:
    """What handlers take by name."""

    def provide_services() -> Services:
        return services()

    async def provide_this_call(request: Request[Any, Any, Any]) -> Call:
        return await provide_call(request, services())

    return {
        "services": Provide(provide_services, use_cache=True, sync_to_thread=False),
        "principal": Provide(provide_principal, sync_to_thread=False),
        "deadline": Provide(provide_deadline, sync_to_thread=False),
        "language": Provide(provide_language, sync_to_thread=False),
        "call": Provide(provide_this_call),
    }


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """Who calls, as the middleware of `fvs_server.identity` found before it read the body."""
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # ours
    return principal


def _use_threads(services: Services) -> None:
    """A thread for every request that may be inside, so that none waits where nobody counts it."""
    threads = services.extractor.pool.capacity + _OTHER_THREADS
    executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
    asyncio.get_running_loop().set_default_executor(executor)
