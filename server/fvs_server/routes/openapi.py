"""`/openapi.json` and `/docs`: what every route takes and answers, for programs and for people."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get

from fvs_server.openapi import openapi_document
from fvs_server.openapi.page import CONTENT_SECURITY_POLICY, reference_page

__all__ = ["ROUTES"]

_PUBLIC: dict[str, Any] = {"scope": None}
_DOCUMENT, _PAGE = "openapi_document", "reference_page"


@get("/openapi.json", opt=_PUBLIC, sync_to_thread=False)
def get_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe the API, as OpenAPI 3.1."""
    state = request.app.state
    if _DOCUMENT not in state:
        state[_DOCUMENT] = msgspec.json.encode(openapi_document(request.app))
    return Response(state[_DOCUMENT], media_type=MediaType.JSON)


@get("/docs", opt=_PUBLIC, media_type=MediaType.HTML, sync_to_thread=False)
def get_docs(request: Request[Any, Any, Any]) -> Response[str]:
    """Describe the API, as a page that needs no network."""
    state = request.app.state
    if _PAGE not in state:
        state[_PAGE] = reference_page(openapi_document(request.app))
    headers = {"content-security-policy": CONTENT_SECURITY_POLICY}
    return Response(state[_PAGE], headers=headers)


ROUTES = (get_docs, get_openapi)
