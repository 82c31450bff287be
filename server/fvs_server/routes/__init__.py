"""Every route: one module a resource."""

from fvs_server.routes import liveness_sessions, problems

__all__ = ["ROUTES"]

ROUTES = (
    *liveness_sessions.ROUTES,
    *problems.ROUTES,
)
