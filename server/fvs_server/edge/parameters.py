"""What is wrong with the parameters of a request, in the names that callers know."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from litestar.params import PathParameter, QueryParameter

from fvs_server.problems import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.exceptions import ValidationException
    from litestar.handlers import BaseRouteHandler

__all__ = ["parameter_violations"]

_PLACES: dict[type[object], str] = {QueryParameter: "query", PathParameter: "path"}


def parameter_violations(
    error: ValidationException, handler: BaseRouteHandler
) -> tuple[Violation, ...]:
    """What Litestar found; of what was sent nothing is repeated.

    Args:
        error: its refusal.
        handler: whose parameters they are.
    """
    known = dict(_parameters_of(handler))
    listed = error.extra if isinstance(error.extra, list) else []
    keys = [str(each.get("key", "")) for each in listed]
    # A parameter that is not there is named in the message alone.
    if not keys:
        quoted = {key: pointer.partition(":")[2] for key, (pointer, _) in known.items()}
        keys = [key for key, name in quoted.items() if f"'{name}'" in error.detail]
    found = tuple(
        Violation(pointer=known[key][0], code="invalid", detail=_wanted(known[key][1]))
        for key in keys
        if key in known
    )
    somewhere = Violation(
        pointer="", code="invalid", detail="A parameter is missing or not what is allowed."
    )
    return found or (somewhere,)


def _parameters_of(handler: BaseRouteHandler) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Name in the code -> pointer for callers, type."""
    for key, parameter in handler.parsed_fn_signature.parameters.items():
        definition = parameter.kwarg_definition
        place = _PLACES.get(type(definition))
        if place is not None:
            name = getattr(definition, "query", None) or getattr(definition, "name", None) or key
            yield key, (f"{place}:{name}", parameter.annotation)


def _wanted(kind: Any) -> str:  # noqa: ANN401 - a type
    if datetime in (kind, *get_args(kind)):
        return "It is a time such as 2026-11-01T00:00:00Z."
    return "It is missing or not what is allowed here."
