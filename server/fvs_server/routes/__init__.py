"""Every route: one module a resource."""

from litestar import Router

from fvs_server.routes import (
    duplicate_reviews,
    face_comparisons,
    face_quality,
    face_verifications,
    import_jobs,
    liveness_sessions,
    openapi,
    operation,
    portraits,
    problems,
    receipts,
    statistics,
    subjects,
    transactions,
    web_assets,
    web_operations,
    web_try,
)

__all__ = ["ROUTES"]

ROUTES = (
    *duplicate_reviews.ROUTES,
    *face_comparisons.ROUTES,
    *face_quality.ROUTES,
    *face_verifications.ROUTES,
    *import_jobs.ROUTES,
    *liveness_sessions.ROUTES,
    *openapi.ROUTES,
    *portraits.ROUTES,
    *operation.ROUTES,
    *problems.ROUTES,
    *receipts.ROUTES,
    *statistics.ROUTES,
    *subjects.ROUTES,
    *transactions.ROUTES,
    Router(
        "/",
        route_handlers=[*web_assets.ROUTES, *web_operations.ROUTES, *web_try.ROUTES],
        # Pages are for people, and no part of the API.
        include_in_schema=False,
    ),
)
