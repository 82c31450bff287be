"""The application: routes, and what surrounds every one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.di import Provide

from fvs_server.edge.bodies import ServiceRequest
from fvs_server.edge.boundary import Boundary
from fvs_server.edge.errors import exception_handlers
from fvs_server.identity import Principal  # noqa: TC001 - Litestar reads the annotations
from fvs_server.routes import ROUTES
from fvs_server.wiring import Services  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from litestar.connection import Request

__all__ = ["create_app"]


def create_app(services: Services) -> Litestar:
    """The service over HTTP, for any ASGI server.

    Args:
        services: opened by `fvs_server.wiring.open_services`, and closed by whoever opened them.
    """

    def provide_services() -> Services:
        return services

    app = Litestar(
        ROUTES,
        dependencies={
            "services": Provide(provide_services, use_cache=True, sync_to_thread=False),
            "principal": Provide(provide_principal, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(),
        request_class=ServiceRequest,
        request_max_body_size=services.settings.http.max_body_bytes,
        logging_config=None,
        openapi_config=None,
    )
    # Around the router too, which answers 404 and 405 before any middleware of the framework runs.
    app.asgi_handler = Boundary(app.asgi_handler)
    return app


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """Who calls, as the middleware of `fvs_server.identity` found before it read the body."""
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # ours
    return principal
