"""`/`, `/try`: a page on which an IdP tries the service out in a browser."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter
from litestar.response import Redirect

from fvs.subjects import SubjectKind
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.web.pages import PAGE_HEADERS, language_of, render_page
from fvs_server.web.script_texts import SCRIPT_TEXTS
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]

_KINDS = (SubjectKind.CITIZEN_ID, SubjectKind.PASSPORT, SubjectKind.TRAVEL_CARD)
"""Of people; companies have no faces."""


@get("/try", opt={"scope": None}, media_type=MediaType.HTML, sync_to_thread=False)
def get_try_page(
    request: Request[Any, Any, Any],
    services: Injected[Services],
    lang: Annotated[str | None, QueryParameter(description="en or th", max_length=8)] = None,
) -> Response[str]:
    """The try-out page; what it does, it does by the API, with a key that is typed into it."""
    language = language_of(lang, request.headers.get("accept-language", ""))
    levels = services.faces.levels
    page = render_page(
        "try.html",
        language,
        kinds=[kind.value for kind in _KINDS],
        levels=[levels.at(name) for name in sorted(levels.names)],
        script_texts=SCRIPT_TEXTS,
    )
    return Response(page, headers={**PAGE_HEADERS, "content-language": language.value})


@get("/", opt={"scope": None}, status_code=302, sync_to_thread=False)
def get_front_page() -> Redirect:
    """Whoever comes without a path wants to see what this is."""
    return Redirect("/try", status_code=302)


ROUTES = (get_front_page, get_try_page)
