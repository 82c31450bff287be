"""What is wrong with the parameters of a request, in the names that callers know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar.params import PathParameter, QueryParameter

from fvs_server.edge.violations import violations_of
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler
    from litestar.typing import FieldDefinition

    from fvs_server.faults import Violation

    Connection = ASGIConnection[Any, Any, Any, Any]

__all__ = ["parameter_violations", "require_known_parameters"]

_API = "/v1/"
_BOUNDS = ("ge", "le", "min_length", "max_length")


@dataclass(frozen=True, kw_only=True)
class _Parameter:
    """One that a handler takes.

    Attributes:
        place: `query` or `path`.
        name: for callers.
        type: without None, and with the bounds that are stated.
        is_number: whether the text is to be read as one.
        is_required: whether it must be there.
    """

    place: str
    name: str
    type: Any
    is_number: bool
    is_required: bool


def require_known_parameters(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard: a misspelt option of the API is not ignored, as in bodies.

    Raises:
        ServiceError: INVALID_REQUEST, with all that is wrong; the name that was sent is not
            repeated.
    """
    # Pages are opened from links, to which others add parameters of their own.
    if not connection.scope["query_string"] or not connection.scope["path"].startswith(_API):
        return
    known = {each.name for each in _parameters_of(handler) if each.place == "query"}
    if not connection.query_params.keys() <= known:
        unknown = Fault.UNKNOWN_PARAMETER.at("query:?", allowed=", ".join(sorted(known)) or "-")
        others = _violations(connection, handler)
        raise ServiceError(Problem.INVALID_REQUEST, violations=(unknown, *others))


def parameter_violations(
    connection: Connection, handler: BaseRouteHandler
) -> tuple[Violation, ...]:
    """Why Litestar refused the parameters, and what is wanted; nothing that was sent is repeated.

    Args:
        connection: that was refused.
        handler: whose parameters they are.
    """
    return tuple(_violations(connection, handler)) or (Fault.NOT_ALLOWED.at(""),)


def _violations(connection: Connection, handler: BaseRouteHandler) -> Iterator[Violation]:
    sent = {"query": connection.query_params, "path": connection.path_params}
    for parameter in _parameters_of(handler):
        raw = sent[parameter.place].get(parameter.name)
        pointer = f"{parameter.place}:{parameter.name}"
        for wrong in violations_of(_read(raw, parameter), parameter.type)[:1]:
            if raw is not None:
                yield replace(wrong, pointer=pointer)
            elif parameter.is_required:
                missing = Fault.MISSING.at(pointer)
                yield replace(missing, detail=missing.detail.then(wrong.detail))


def _read(raw: object, parameter: _Parameter) -> object:
    try:
        return int(str(raw)) if parameter.is_number else raw
    except ValueError:
        return raw


def _parameters_of(handler: BaseRouteHandler) -> Iterator[_Parameter]:
    for key, field in handler.parsed_fn_signature.parameters.items():
        said = field.kwarg_definition
        if isinstance(said, QueryParameter | PathParameter):
            found = {name: getattr(said, name) for name in _BOUNDS}
            bounds = {name: bound for name, bound in found.items() if bound is not None}
            kind = _without_none(field)
            yield _Parameter(
                place="query" if isinstance(said, QueryParameter) else "path",
                name=getattr(said, "name", None) or key,
                type=Annotated[kind, msgspec.Meta(**bounds)],
                is_number=kind is int,
                is_required=field.is_required,
            )


def _without_none(field: FieldDefinition) -> Any:  # noqa: ANN401 - a type
    if not field.is_optional:
        return field.annotation
    return next(each.annotation for each in field.inner_types if not each.is_none_type)
