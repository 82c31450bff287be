"""Whatever a handler or the framework raises -> a problem document."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from fvs_server.details import Detail
from fvs_server.edge.boundary import as_service_error, request_id_of
from fvs_server.edge.languages import preferred_language
from fvs_server.edge.parameters import parameter_violations
from fvs_server.edge.problem_documents import (
    PROBLEM_MEDIA_TYPE,
    ProblemDocument,
    document_of,
    headers_of,
)
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Request

    from fvs_server.words import Words

__all__ = ["exception_handlers"]

_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: Problem.INVALID_REQUEST,
    HTTPStatus.NOT_FOUND: Problem.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: Problem.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Problem.BODY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Problem.UNSUPPORTED_MEDIA_TYPE,
}


def exception_handlers() -> dict[int | type[Exception], Callable[..., Response[ProblemDocument]]]:
    """For the application; a ServiceError of an owner needs nothing more."""
    return {ServiceError: _answer, HTTPException: _answer, Exception: _answer}


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDocument]:
    request_id = request_id_of(request.scope)
    known = _translated(error, request) if isinstance(error, HTTPException) else error
    refusal = as_service_error(known, request_id)
    language = preferred_language(request.headers.get("accept-language", ""))
    headers = headers_of(refusal, language)
    if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
        headers["allow"] = error.headers["allow"]
    return Response(
        document_of(refusal, language, request_id),
        status_code=refusal.problem.value.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )


def _translated(error: HTTPException, request: Request[Any, Any, Any]) -> Exception:
    """The framework's own refusals; its words may quote what was sent and are not repeated."""
    if isinstance(error, ValidationException):
        violations = parameter_violations(request, request.route_handler)
        return ServiceError(Problem.INVALID_REQUEST, violations=violations)
    problem = _OF_STATUS.get(HTTPStatus(error.status_code))
    return error if problem is None else ServiceError(problem, _detail(problem, error, request))


def _detail(
    problem: Problem, error: HTTPException, request: Request[Any, Any, Any]
) -> Words | None:
    """What helps against it."""
    if problem is Problem.NOT_FOUND:
        return Detail.NO_ROUTE.value
    if problem is Problem.METHOD_NOT_ALLOWED:
        return Detail.METHODS.with_(allowed=(error.headers or {}).get("allow", "-"))
    if problem is Problem.BODY_TOO_LARGE:
        most = request.route_handler.resolve_request_max_body_size()
        return Detail.BODY_LIMIT.with_(most=most)
    return None
