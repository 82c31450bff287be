"""Every route: one module a resource."""

from fvs_server.routes import face_comparisons, face_verifications, liveness_sessions, problems

__all__ = ["ROUTES"]

ROUTES = (
    *face_comparisons.ROUTES,
    *face_verifications.ROUTES,
    *liveness_sessions.ROUTES,
    *problems.ROUTES,
)
