"""Every route: one module a resource."""

from fvs_server.routes import face_comparisons, face_verifications, problems

__all__ = ["ROUTES"]

ROUTES = (
    *face_comparisons.ROUTES,
    *face_verifications.ROUTES,
    *problems.ROUTES,
)
