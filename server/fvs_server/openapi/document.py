"""Routes -> the document that describes them, and nothing that they do not say of themselves.

Schemas are msgspec's own (JSON Schema 2020-12, the dialect of OpenAPI 3.1), so that the document
and the decoder cannot disagree. Descriptions are the docstrings of handlers and structs.
"""

from __future__ import annotations

import importlib.metadata
import inspect
from typing import TYPE_CHECKING, Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from fvs_server.openapi.answers import answers_of
from fvs_server.openapi.bodies import body_of
from fvs_server.openapi.schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar import Litestar
    from litestar.typing import FieldDefinition

    from fvs_server.identity import Scope

__all__ = ["openapi_document"]

_PUBLIC_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SECURITY = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "A key of `fvs server keys`."},
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "OAuth 2.0 client credentials (RFC 9068), where an issuer is configured.",
    },
    "mutualTls": {"type": "mutualTLS", "description": "Where certificates are configured."},
}
_BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "minLength": "min_length",
    "maxLength": "max_length",
}
"""JSON Schema's names, and Litestar's."""
_LINKS = {
    "verify_face": ("get_transaction", "transaction_id", "/transaction_id"),
    "compare_faces": ("get_transaction", "transaction_id", "/transaction_id"),
    "create_import_job": ("read_import_job", "job_id", "/id"),
    "enrol_portrait": ("erase_portrait", "record_id", "/record_id"),
}
"""Which operation's parameter a member of an answer can be."""
_HEADERS = {
    "idempotency-key": {
        "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
        "description": "The same key with the same request gets the first one's answer for a day.",
    },
    "accept-language": {
        "schema": {"type": "string", "examples": ["th"]},
        "description": "`th` or `en`: of advice and problems.",
    },
}


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The document of an application, ready for JSON."""
    handlers = list(_handlers(app))
    schemas = Schemas(_types(handlers))
    paths: dict[str, dict[str, Any]] = {}
    for path, handler in handlers:
        operation = _operation(path, handler, schemas)
        paths.setdefault(path, {})[next(iter(handler.http_methods)).lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Face Verification Service",
            "version": importlib.metadata.version("face-verification-service"),
            "description": "Verifies a selfie against an enrolled ID-card portrait, 1:1.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY},
    }


def _handlers(app: Litestar) -> Iterable[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            # The framework answers OPTIONS by itself.
            described = (
                isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema()
            )
            if described and handler.http_methods & {*_PUBLIC_METHODS}:
                yield route.path_format, handler


def _types(handlers: Iterable[tuple[str, HTTPRouteHandler]]) -> list[Any]:
    """Of all that is taken or given as JSON."""
    types: list[Any] = []
    for _, handler in handlers:
        if handler.parsed_data_field is not None:
            types.append(handler.parsed_data_field.annotation)
        types += answers_of(handler).types
        types += [field.annotation for field in _parameters(handler).values()]
    return types


def _operation(path: str, handler: HTTPRouteHandler, schemas: Schemas) -> dict[str, Any]:
    # Handlers that run in threads are wrapped.
    function = getattr(handler.fn, "func", handler.fn)
    summary, _, description = (inspect.getdoc(function) or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": handler.handler_name,
        "summary": summary,
        "tags": [path.removeprefix("/v1").split("/")[1]],
        "parameters": [
            *(_parameter(name, field, schemas) for name, field in _parameters(handler).items()),
            *({"in": "header", "name": name, **said} for name, said in _headers(handler)),
        ],
        "responses": _linked(answers_of(handler).responses(schemas), handler),
        "security": _security(handler.opt["scope"]),
    }
    if description.strip():
        operation["description"] = description.strip()
    body = body_of(handler, schemas)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _linked(responses: dict[str, Any], handler: HTTPRouteHandler) -> dict[str, Any]:
    """With what can be done next."""
    if handler.handler_name not in _LINKS:
        return responses
    operation, parameter, pointer = _LINKS[handler.handler_name]
    link = {
        "operationId": operation,
        "parameters": {parameter: f"$response.body#{pointer}"},
    }
    status = str(handler.status_code)
    return {**responses, status: {**responses[status], "links": {operation: link}}}


def _parameters(handler: HTTPRouteHandler) -> dict[str, FieldDefinition]:
    return {
        name: field
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, PathParameter | QueryParameter)
    }


def _parameter(name: str, field: FieldDefinition, schemas: Schemas) -> dict[str, Any]:
    said = field.kwarg_definition
    in_path = isinstance(said, PathParameter)
    schema = schemas.of(field.annotation)
    found = {key: getattr(said, bound) for key, bound in _BOUNDS.items()}
    limits = {key: value for key, value in found.items() if value is not None}
    parameter = {
        "name": getattr(said, "name", None) or name,
        "in": "path" if in_path else "query",
        "required": in_path or not field.has_default,
        "schema": {"allOf": [schema], **limits} if limits and "$ref" in schema else schema | limits,
    }
    description = getattr(said, "description", None)
    return parameter | ({"description": description} if description else {})


def _headers(handler: HTTPRouteHandler) -> Iterable[tuple[str, dict[str, Any]]]:
    """Those that only some routes heed, by the dependencies that read them."""
    heeded = handler.parsed_fn_signature.parameters
    if "repeat" in heeded:
        yield "Idempotency-Key", _HEADERS["idempotency-key"]
    if "language" in heeded:
        yield "Accept-Language", _HEADERS["accept-language"]


def _security(scope: Scope | Iterable[Scope] | None) -> list[dict[str, list[str]]]:
    """Any one is enough, with any one of the scopes."""
    if scope is None:
        return []
    scopes = [scope] if isinstance(scope, str) else sorted(scope)
    return [{name: [each.value]} for name in _SECURITY for each in scopes]
