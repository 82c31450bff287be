"""`/operations`: the dashboard of operators, who log in with an API key."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import Provide
from litestar.params import FromPath, QueryParameter

from fvs.registry.reviews import ReviewState
from fvs_server.details import Detail
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.edge.languages import Language  # noqa: TC001 - likewise
from fvs_server.edge.problem_documents import headers_of, texts_of
from fvs_server.faults import Fault, Violation
from fvs_server.identity import Principal, Scope
from fvs_server.identity.peers import Peers
from fvs_server.identity.request_head import RequestHead
from fvs_server.problems import Problem, ServiceError
from fvs_server.routes.authority import id_bytes
from fvs_server.web.charts import HEIGHT, WIDTH
from fvs_server.web.dashboard import PERIODS_DAYS, DashboardData
from fvs_server.web.origins import is_own_origin
from fvs_server.web.pages import PAGE_HEADERS, language_of, render_page
from fvs_server.web.sessions import SESSION_LIFE
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]

COOKIE = "fvs_operations"
_PATH = "/operations"
_MOST_FORM_BYTES = 16_384
_FORM_TYPE = "application/x-www-form-urlencoded"
_LONGEST_NOTE = 1000
_SEE_OTHER = 303

_Lang = Annotated[str | None, QueryParameter(description="en or th", max_length=8)]
_Days = Annotated[Literal[1, 7, 30], QueryParameter(description="Length of the period.")]
_Idp = Annotated[str | None, QueryParameter(description="Whose numbers.", max_length=128)]


def _language(request: Request[Any, Any, Any]) -> Language:
    return language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def provide_operator(
    request: Request[Any, Any, Any], services: Injected[Services]
) -> Principal | None:
    """Who is logged in."""
    return services.operators.principal_of(request.cookies.get(COOKIE, ""))


async def provide_form(
    request: Request[Any, Any, Any], services: Injected[Services]
) -> dict[str, str]:
    """The fields of a form that our own page sent.

    Raises:
        ServiceError: CROSS_ORIGIN, another page sent it; UNSUPPORTED_MEDIA_TYPE; INVALID_REQUEST.
    """
    if not is_own_origin(request.headers, services.settings.http.public_url):
        raise ServiceError(Problem.CROSS_ORIGIN)
    if request.content_type[0] != _FORM_TYPE:
        raise ServiceError(
            Problem.UNSUPPORTED_MEDIA_TYPE, Detail.MEDIA_TYPES.with_(allowed=_FORM_TYPE)
        )
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        wrong = Fault.NOT_UTF8.at("")
    raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))


_FORM: dict[str, Any] = {
    "opt": {"scope": None},
    "dependencies": {"form": Provide(provide_form)},
    "request_max_body_size": _MOST_FORM_BYTES,
    "sync_to_thread": True,
}
_OPERATOR = {"operator": Provide(provide_operator, sync_to_thread=True)}


@get(
    _PATH,
    opt={"scope": None},
    dependencies=_OPERATOR,
    media_type=MediaType.HTML,
    sync_to_thread=True,
)
def get_operations_page(
    request: Request[Any, Any, Any],
    services: Injected[Services],
    operator: Injected[Principal | None],
    days: _Days = 1,
    idp: _Idp = None,
    lang: _Lang = None,  # noqa: ARG001 - documents what `_language` reads
) -> Response[str]:
    """The dashboard, or the form to log in."""
    language = _language(request)
    if operator is None:
        return _page("login.html", language, refused="")
    data = services.operators.dashboard(operator, days, idp or None, language)
    return _dashboard_page(operator, data, language)


@post(f"{_PATH}/login", **_FORM)
def log_in(
    request: Request[Any, Any, Any], services: Injected[Services], form: Injected[dict[str, str]]
) -> Response[str]:
    """Log in; a key that does not hold gets the form again, with what is wrong."""
    address = Peers(services.settings.http.trusted_proxies).client_of(_head(request))
    try:
        cookie = services.operators.log_in(form.get("key", "").strip(), address)
    except ServiceError as error:
        language = _language(request)
        page = _page("login.html", language, refused=" ".join(texts_of(error.problem, language)))
        page.status_code = int(error.problem.value.status)
        page.headers.update(headers_of(error, language))
        return page
    return _redirect(request, _cookie(cookie, int(SESSION_LIFE.total_seconds())))


@post(f"{_PATH}/logout", **_FORM)
def log_out(request: Request[Any, Any, Any], form: Injected[dict[str, str]]) -> Response[str]:  # noqa: ARG001 - it proves where the form came from
    """Log out."""
    return _redirect(request, _cookie("", 0))


@post(
    f"{_PATH}/reviews/{{review_id:str}}",
    **{**_FORM, "dependencies": {**_FORM["dependencies"], **_OPERATOR}},
)
def judge_review(
    request: Request[Any, Any, Any],
    services: Injected[Services],
    operator: Injected[Principal | None],
    form: Injected[dict[str, str]],
    review_id: FromPath[str],
) -> Response[str]:
    """Close a review of suspected duplicates."""
    if operator is None:
        return _redirect(request)
    state, note = form.get("state"), form.get("note", "")
    if state not in {ReviewState.CONFIRMED.value, ReviewState.DISMISSED.value}:
        raise _wrong(Fault.NOT_ONE_OF.at("/state", allowed="confirmed, dismissed"))
    if len(note) > _LONGEST_NOTE:
        raise _wrong(Fault.TOO_LONG.at("/note", most=_LONGEST_NOTE))
    try:
        services.operators.judge(operator, id_bytes(review_id), ReviewState(state), note)
    except ServiceError as error:
        if error.problem is not Problem.INVALID_REQUEST:
            raise
        return _note_again(request, services, operator)
    return _redirect(request)


def _note_again(
    request: Request[Any, Any, Any], services: Services, operator: Principal
) -> Response[str]:
    """The page once more, which says why nothing was written down; the note is not repeated."""
    language = _language(request)
    data = services.operators.dashboard(operator, PERIODS_DAYS[0], None, language)
    page = _dashboard_page(operator, data, language, note_refused=True)
    page.status_code = int(Problem.INVALID_REQUEST.value.status)
    return page


def _dashboard_page(
    operator: Principal, data: DashboardData, language: Language, *, note_refused: bool = False
) -> Response[str]:
    return _page(
        "operations.html",
        language,
        data=data,
        principal=operator,
        periods=PERIODS_DAYS,
        is_admin=Scope.ADMIN in operator.scopes,
        may_review=Scope.REVIEW in operator.scopes,
        note_refused=note_refused,
        width=WIDTH,
        height=HEIGHT,
    )


def _page(template: str, language: Language, **context: object) -> Response[str]:
    return Response(
        render_page(template, language, **context),
        media_type=MediaType.HTML,
        headers={**PAGE_HEADERS, "content-language": language.value},
    )


def _redirect(request: Request[Any, Any, Any], *cookies: Cookie) -> Response[str]:
    """Back to the page, which the browser then fetches with GET."""
    return Response(
        "",
        status_code=_SEE_OTHER,
        headers={**PAGE_HEADERS, "location": f"{_PATH}?lang={_language(request).value}"},
        cookies=cookies,
    )


def _cookie(value: str, life_s: int) -> Cookie:
    """Browsers take a secure cookie over TLS, and from the machine itself."""
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=life_s,
        path=_PATH,
        secure=True,
        httponly=True,
        samesite="strict",
    )


def _head(request: Request[Any, Any, Any]) -> RequestHead:
    return RequestHead(
        method=request.method,
        target="",
        scheme=request.scope["scheme"],
        peer=(request.scope.get("client") or ("",))[0],
        fields=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in request.scope["headers"]
        ),
    )


def _wrong(violation: Violation) -> ServiceError:
    return ServiceError(Problem.INVALID_REQUEST, violations=(violation,))


ROUTES = (get_operations_page, judge_review, log_in, log_out)
