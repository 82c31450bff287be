"""`/openapi.json`: the document that describes every route."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get

from fvs_server.openapi import openapi_document

__all__ = ["ROUTES"]

_PUBLIC = {"scope": None}
_KEPT = "openapi_document"


@get("/openapi.json", opt=_PUBLIC, sync_to_thread=False)
def get_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe the API, as OpenAPI 3.1."""
    state = request.app.state
    if _KEPT not in state:
        state[_KEPT] = msgspec.json.encode(openapi_document(request.app))
    return Response(state[_KEPT], media_type="application/json")


ROUTES = (get_openapi,)
