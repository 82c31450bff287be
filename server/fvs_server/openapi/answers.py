"""What an operation may answer: its own documents, and the problems that its kind can meet."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from litestar import MediaType, Response
from litestar.params import QueryParameter

from fvs_server.edge.admission import INFERENCE
from fvs_server.edge.problem_documents import PROBLEM_MEDIA_TYPE, ProblemDocument
from fvs_server.identity import Scope
from fvs_server.openapi.bodies import BODY_TYPES
from fvs_server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.handlers import HTTPRouteHandler

    from fvs_server.openapi.schemas import Schemas

__all__ = ["ANSWER", "ANSWER_STATUSES", "PROBLEMS", "Answers", "answers_of"]

ANSWER = "answer"
"""Key of a handler's `opt`: the struct that its `Response[bytes]` is of."""

ANSWER_STATUSES = "answer_statuses"
"""Key of a handler's `opt`: further statuses with which it answers the same struct."""

PROBLEMS = "problems"
"""Key of a handler's `opt`: problems that only it can meet."""

_ALWAYS = (Problem.INTERNAL_ERROR, Problem.DATABASE_UNAVAILABLE)
_AUTHENTICATED = (
    Problem.UNAUTHENTICATED,
    Problem.INVALID_CREDENTIALS,
    Problem.INVALID_SIGNATURE,
    Problem.INSUFFICIENT_SCOPE,
    Problem.INVALID_REQUEST,
    Problem.CONTENT_DIGEST_MISMATCH,
    Problem.AUTHENTICATION_THROTTLED,
    Problem.ISSUER_UNAVAILABLE,
)
_WITH_A_BODY = (
    Problem.INVALID_REQUEST,
    Problem.BODY_TOO_LARGE,
    Problem.UNSUPPORTED_MEDIA_TYPE,
)
_INFERENCE = (
    Problem.OVERLOADED,
    Problem.DEADLINE_EXCEEDED,
    Problem.CERTIFICATE_NOT_VALID,
    Problem.RATE_LIMITED,
    Problem.CONCURRENCY_EXCEEDED,
)
_OF_THE_REGISTRY = (
    Problem.NOT_FOUND,
    Problem.RATE_LIMITED,
    Problem.REGISTRY_UNAVAILABLE,
    Problem.CONCURRENCY_EXCEEDED,
)
_REGISTRY_SCOPES = (Scope.ENROL, Scope.REVIEW)
_REPEATED = (Problem.IDEMPOTENCY_IN_FLIGHT, Problem.IDEMPOTENCY_KEY_REUSED)
_WAITING = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_REQUEST_ID = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "Names the request in our logs."}
}
_RETRY_AFTER = {
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}
}
_RATE_LIMIT = {
    "RateLimit-Policy": {
        "schema": {"type": "string", "examples": ['"key";q=40;w=2']},
        "description": "How many requests the key may send at once, and in how many seconds so "
        "many come back (draft-ietf-httpapi-ratelimit-headers-11). On every answer to a request "
        "that was counted.",
    },
    "RateLimit": {
        "schema": {"type": "string", "examples": ['"key";r=39;t=1']},
        "description": "How many requests the key has left, and in how many seconds all of them.",
    },
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Of one operation.

    Attributes:
        status: of success.
        further: statuses with the same document.
        media_type: of the document.
        document: its type; None for text.
        problems: that may be met.
    """

    status: int
    further: tuple[int, ...]
    media_type: str
    document: Any | None
    problems: tuple[Problem, ...]

    @property
    def types(self) -> list[Any]:
        """Of all documents."""
        return [ProblemDocument, *([] if self.document is None else [self.document])]

    def responses(self, schemas: Schemas) -> dict[str, Any]:
        """By status, as OpenAPI has them."""
        schema = {"type": "string"} if self.document is None else schemas.of(self.document)
        headers = _REQUEST_ID | (_RATE_LIMIT if Problem.RATE_LIMITED in self.problems else {})
        success = {
            "description": HTTPStatus(self.status).phrase,
            "headers": headers,
            "content": {self.media_type: {"schema": schema}},
        }
        found = {str(status): success for status in (self.status, *self.further)}
        return found | {
            str(int(status)): _problem_response(
                status, group, schemas, found.get(str(int(status)), {}), headers
            )
            for status, group in groupby(sorted(self.problems, key=_status), key=_status)
        }


def answers_of(handler: HTTPRouteHandler) -> Answers:
    """What a handler may answer."""
    document = handler.opt.get(ANSWER) or _returned(handler)
    media_type = str(getattr(handler.media_type, "value", handler.media_type) or "")
    return Answers(
        status=handler.status_code,
        further=tuple(handler.opt.get(ANSWER_STATUSES, ())),
        media_type=media_type or (MediaType.JSON if document else "text/plain"),
        document=document,
        problems=tuple(set(_problems(handler))),
    )


def _returned(handler: HTTPRouteHandler) -> Any | None:  # noqa: ANN401 - any type
    annotation: Any = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotation) is Response:
        (annotation,) = get_args(annotation)
    is_struct = isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    return annotation if is_struct else None


def _problems(handler: HTTPRouteHandler) -> Iterable[Problem]:
    parameters = handler.parsed_fn_signature.parameters
    yield from _ALWAYS
    yield from handler.opt.get(PROBLEMS, ())
    if handler.opt["scope"] is not None:
        yield from _AUTHENTICATED
    if handler.parsed_data_field is not None or BODY_TYPES in handler.opt:
        yield from _WITH_A_BODY
    if INFERENCE in handler.opt:
        yield from _INFERENCE
    if handler.opt["scope"] in _REGISTRY_SCOPES:
        yield from _OF_THE_REGISTRY
    if any(isinstance(each.kwarg_definition, QueryParameter) for each in parameters.values()):
        yield Problem.INVALID_REQUEST
    if "repeat" in parameters:
        yield from _REPEATED
    if any("{" in path for path in handler.paths):
        yield Problem.NOT_FOUND


def _status(problem: Problem) -> HTTPStatus:
    return problem.value.status


def _problem_response(
    status: HTTPStatus,
    group: Iterable[Problem],
    schemas: Schemas,
    success: dict[str, Any],
    headers: dict[str, Any],
) -> dict[str, Any]:
    """What is answered with a status; some have a document of success too."""
    codes = ", ".join(f"`{problem.code}`" for problem in sorted(group, key=lambda p: p.name))
    problem = {PROBLEM_MEDIA_TYPE: {"schema": schemas.of(ProblemDocument)}}
    return {
        "description": codes,
        "headers": headers | (_RETRY_AFTER if status in _WAITING else {}),
        "content": success.get("content", {}) | problem,
    }
