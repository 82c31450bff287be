"""Whatever a handler or the framework raises -> a problem document."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar import Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException, ValidationException

from fvs_server.edge.boundary import as_service_error, request_id_of
from fvs_server.edge.languages import preferred_language
from fvs_server.edge.problem_documents import (
    PROBLEM_MEDIA_TYPE,
    ProblemDocument,
    document_of,
    headers_of,
)
from fvs_server.problems import Problem, ServiceError, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Request

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
        return ServiceError(Problem.INVALID_REQUEST, violations=_violations(error.extra, request))
    problem = _OF_STATUS.get(HTTPStatus(error.status_code))
    return error if problem is None else ServiceError(problem)


def _violations(extra: object, request: Request[Any, Any, Any]) -> tuple[Violation, ...]:
    """Of parameters, which Litestar lists; a body is `fvs_server.edge.bodies`' matter."""
    listed = extra if isinstance(extra, list) else []
    return tuple(
        Violation(
            pointer=_pointer(
                each.get("source") or "body", _sent_name(request, str(each.get("key", "")))
            ),
            code="invalid",
            detail="It is missing or not what is allowed here.",
        )
        for each in listed
    )


def _sent_name(request: Request[Any, Any, Any], parameter: str) -> str:
    """As the caller knows what the handler may call otherwise."""
    field = request.route_handler.parsed_fn_signature.parameters.get(parameter)
    name: str | None = getattr(getattr(field, "kwarg_definition", None), "name", None)
    return name or parameter


def _pointer(source: ParamType | str, key: str) -> str:
    # Litestar's enumeration prints as its own name.
    name = source.value if isinstance(source, ParamType) else source
    return "" if name == "body" else f"{name}:{key}"
