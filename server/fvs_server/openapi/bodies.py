"""What a request's body may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.openapi.examples import EXAMPLES

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from fvs_server.openapi.schemas import Schemas

__all__ = ["BODY_TYPES", "body_of"]

BODY_TYPES = "body_types"
"""Key of a handler's `opt`: media types of files that it takes as they are."""

_FILE = {"type": "string", "format": "binary"}


def body_of(handler: HTTPRouteHandler, schemas: Schemas) -> dict[str, Any] | None:
    """The body of an operation; None where it has none."""
    files = handler.opt.get(BODY_TYPES, ())
    if files:
        return {"required": True, "content": {name: {"schema": _FILE} for name in files}}
    field = handler.parsed_data_field
    if field is None:
        return None
    schema = schemas.of(field.annotation)
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if handler.handler_name in EXAMPLES:
        content["application/json"]["example"] = EXAMPLES[handler.handler_name]
    if handler.opt.get(PICTURE_PARTS):
        component = schemas.components[schema["$ref"].rsplit("/", 1)[1]]
        content["multipart/form-data"] = _multipart(handler, component)
    return {"required": True, "content": content}


def _multipart(handler: HTTPRouteHandler, component: dict[str, Any]) -> dict[str, Any]:
    """The JSON without its pictures as one part, and the pictures as files."""
    parts = handler.opt[PICTURE_PARTS]
    members = {part.member for part in parts.values()}
    rest = {
        **component,
        "properties": {
            name: member for name, member in component["properties"].items() if name not in members
        },
        "required": [name for name in component.get("required", ()) if name not in members],
    }
    rest.pop("title", None)
    needed = [name for name, part in parts.items() if part.member in component["required"]]
    files = {
        name: {
            "type": "array",
            "items": _FILE,
            "minItems": 1,
            "maxItems": component["properties"][part.member].get("maxItems", 1),
        }
        if part.many
        else _FILE
        for name, part in parts.items()
    }
    return {
        "schema": {
            "type": "object",
            "properties": {"request": rest, **files},
            "required": ["request", *needed],
        },
        "encoding": {"request": {"contentType": "application/json"}},
    }
