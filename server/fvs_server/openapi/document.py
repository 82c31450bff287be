"""Routes -> OpenAPI 3.1. Schemas are those by which msgspec decodes and encodes.

Litestar's own generator would describe what its decoder takes; ours takes base64, several media
types and refuses unknown members, and answers what the services encoded.
"""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from litestar import Response
from litestar.params import PathParameter, QueryParameter

from fvs import __version__
from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.edge.problem_documents import PROBLEM_MEDIA_TYPE, ProblemDocument
from fvs_server.openapi.examples import EXAMPLES
from fvs_server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.handlers import HTTPRouteHandler

__all__ = ["ANSWER", "RAW_BODY", "openapi_document"]

ANSWER = "answer"
"""Key of a handler's `opt`: the struct that it answers, where its annotation does not say."""
RAW_BODY = "raw_body"
"""Likewise: media type -> what a body is that is no JSON."""

_JSON = "application/json"
_REF = "#/components/schemas/{name}"
_SCHEME = "bearer"
_NEEDS_KEY = (400, 401, 403, 405, 429, 500, 503)
_PUBLIC = (400, 405, 500, 503)
_TAKES_BODY = (413, 415)
_REPEATABLE = (409, 422)


def openapi_document(routes: Iterable[HTTPRouteHandler], server_url: str = "") -> dict[str, Any]:
    """The document.

    Args:
        routes: handlers of all routes.
        server_url: of the service, as callers name it; empty is where the document came from.
    """
    handlers = sorted(routes, key=lambda handler: (min(handler.paths), handler.handler_name))
    types = [ProblemDocument, *_types_of(handlers)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for handler in handlers:
        for path in handler.paths:
            operations = paths.setdefault(_path_format(path), {})
            for method in sorted(handler.http_methods):
                operations[method.lower()] = _operation(handler, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Face Verification Service",
            "version": __version__,
            "description": "A live selfie against the portrait that an authority keeps, 1:1. The wire "
            "format is our own design. Errors are problem details (RFC 9457).",
        },
        "servers": [{"url": server_url or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                _SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`fvs_...`) or an OAuth 2.0 access token (RFC 9068).",
                }
            },
        },
    }


def _types_of(handlers: Iterable[HTTPRouteHandler]) -> list[Any]:
    """What goes in and out as JSON, each once, and the types of query parameters."""
    found: dict[Any, None] = {}
    for handler in handlers:
        for each in (_body_type(handler), _answer_type(handler)):
            if each is not None:
                found[each] = None
        for parameter in _parameters_of(handler, QueryParameter):
            found[parameter.annotation] = None
    return list(found)


def _operation(handler: HTTPRouteHandler, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    scope = handler.opt["scope"]
    documentation = inspect.getdoc(handler.fn) or ""
    summary, _, rest = documentation.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": handler.handler_name,
        "summary": summary,
        "tags": [_tag(handler)],
        "parameters": [*_path_and_query(handler, schemas), *_headers(handler)],
        "responses": _responses(handler, schemas),
        "security": [] if scope is None else [{_SCHEME: []}],
    }
    description = "\n\n".join(filter(None, (rest, _scope_words(scope))))
    if description:
        operation["description"] = description
    body = _request_body(handler, schemas)
    if body:
        operation["requestBody"] = body
    return operation


def _scope_words(scope: Any) -> str:  # noqa: ANN401 - a scope, several or none
    if scope is None:
        return "Public."
    names = [scope] if isinstance(scope, str) else sorted(scope)
    return "Scope: " + " or ".join(f"`{name}`" for name in names) + "."


def _path_and_query(handler: HTTPRouteHandler, schemas: Mapping[Any, Any]) -> list[dict[str, Any]]:
    found = []
    for parameter in _parameters_of(handler, PathParameter):
        found.append(
            {
                "name": parameter.name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
            }
        )
    for parameter in _parameters_of(handler, QueryParameter):
        wanted = parameter.kwarg_definition
        described: dict[str, Any] = {
            "name": wanted.query or wanted.name or parameter.name,
            "in": "query",
            "required": parameter.is_required,
            "schema": {**schemas[parameter.annotation], **_limits_of(wanted)},
        }
        if wanted.description:
            described["description"] = wanted.description
        found.append(described)
    return found


def _limits_of(wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - Litestar's definition
    names = {"ge": "minimum", "le": "maximum", "max_length": "maxLength", "min_length": "minLength"}
    found = {there: getattr(wanted, here) for here, there in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def _headers(handler: HTTPRouteHandler) -> list[dict[str, Any]]:
    language = {
        "name": "Accept-Language",
        "in": "header",
        "description": "`th` or `en`: of advice and problems.",
        "schema": {"type": "string"},
    }
    if "repeat" not in handler.parsed_fn_signature.parameters:
        return [language]
    repeat = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same request gets the same answer for 24 hours.",
        "schema": {"type": "string"},
    }
    return [language, repeat]


def _request_body(handler: HTTPRouteHandler, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    raw = handler.opt.get(RAW_BODY)
    if raw:
        content = {
            media_type: {"schema": {"type": "string", "format": "binary", "description": words}}
            for media_type, words in raw.items()
        }
        return {"required": True, "content": content}
    body = _body_type(handler)
    if body is None:
        return {}
    content: dict[str, Any] = {_JSON: {"schema": schemas[body]}}
    example = EXAMPLES.get(handler.handler_name)
    if example is not None:
        content[_JSON]["example"] = example
    parts = handler.opt.get(PICTURE_PARTS)
    if parts:
        content["multipart/form-data"] = {"schema": _multipart_schema(parts)}
    return {"required": True, "content": content}


def _multipart_schema(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON without its pictures in a part `request`, and each picture in one of its own."""
    binary = {"type": "string", "format": "binary"}
    properties: dict[str, Any] = {
        "request": {
            "type": "string",
            "contentMediaType": _JSON,
            "description": "The JSON body without its pictures.",
        }
    }
    for name, part in parts.items():
        properties[name] = {"type": "array", "items": binary} if part.many else binary
    return {"type": "object", "properties": properties, "required": list(properties)}


def _responses(handler: HTTPRouteHandler, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    answer, media_type = _answer_type(handler), str(handler.media_type or _JSON)
    if answer is None:
        content = {media_type: {"schema": {"type": "string"}}}
    else:
        content = {_JSON: {"schema": schemas[answer]}}
    responses: dict[str, Any] = {
        str(handler.status_code): {"description": "The answer.", "content": content}
    }
    for status, also in handler.opt.get("also", {}).items():
        responses[str(status)] = {"description": also, "content": content}
    for status in _problem_statuses(handler):
        if str(status) not in responses:
            responses[str(status)] = _problem_response(status, schemas[ProblemDocument])
    return dict(sorted(responses.items()))


def _problem_statuses(handler: HTTPRouteHandler) -> list[int]:
    statuses = set(_PUBLIC if handler.opt["scope"] is None else _NEEDS_KEY)
    if handler.opt["scope"] is not None or "{" in min(handler.paths):
        statuses.add(404)
    if _body_type(handler) is not None or handler.opt.get(RAW_BODY):
        statuses |= {*_TAKES_BODY, *_REPEATABLE}
    return sorted(statuses)


def _problem_response(status: int, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    codes = sorted(problem.code for problem in Problem if problem.value.status == status)
    words = ", ".join(f"`{code}`" for code in codes)
    response: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {words}." if codes else "A problem.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
    }
    if status in {409, 429, 503}:
        response["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return response


def _body_type(handler: HTTPRouteHandler) -> Any:  # noqa: ANN401 - a struct
    field = handler.parsed_data_field
    return None if field is None else field.annotation


def _answer_type(handler: HTTPRouteHandler) -> Any:  # noqa: ANN401 - a struct
    """What is answered as JSON; None of an answer that is none."""
    stated = handler.opt.get(ANSWER)
    if stated is not None:
        return stated
    annotation = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotation) is Response:
        (annotation,) = get_args(annotation)
    is_struct = isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    return annotation if is_struct else None


def _parameters_of(handler: HTTPRouteHandler, kind: type) -> list[Any]:
    parameters = handler.parsed_fn_signature.parameters.values()
    return [each for each in parameters if isinstance(each.kwarg_definition, kind)]


def _path_format(path: str) -> str:
    """`/v1/x/{id:str}` -> `/v1/x/{id}`."""
    parts = (part.split(":")[0] + "}" if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts).replace("}}", "}")


def _tag(handler: HTTPRouteHandler) -> str:
    return handler.fn.__module__.rpartition(".")[2].replace("_", " ")
