"""Every route: one module a resource."""

from fvs_server.routes import problems

__all__ = ["ROUTES"]

ROUTES = (*problems.ROUTES,)
