"""`/static/{name}`: the pages' styles and scripts."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath  # noqa: TC002 - Litestar reads the annotations of handlers

from fvs_server.problems import Problem, ServiceError
from fvs_server.web.pages import find_asset

__all__ = ["ROUTES"]

_HEADERS = {
    # Scripts that import one another name no version: a release shows within minutes.
    "cache-control": "public, max-age=300",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@get("/static/{name:str}", opt={"scope": None}, sync_to_thread=False)
def get_asset(name: FromPath[str]) -> Response[bytes]:
    """A file of the pages."""
    asset = find_asset(name)
    if asset is None:
        raise ServiceError(Problem.NOT_FOUND)
    return Response(asset.content, media_type=asset.media_type, headers=_HEADERS)


ROUTES = (get_asset,)
