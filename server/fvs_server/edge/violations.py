"""All that is wrong with a JSON document, where msgspec stops at the first thing."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec

from fvs_server.problems import Violation

__all__ = ["violations_of"]

_AT = re.compile(r" - at `(?P<path>.*)`$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[A-Za-z0-9_]+)|\[(?P<index>\d+)\]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_MOST = 50
"""Violations in one answer."""


def violations_of(document: object, expected: Any) -> tuple[Violation, ...]:  # noqa: ANN401 - any type
    """What keeps a decoded JSON document from being of a type; empty where nothing does.

    Args:
        document: as JSON decodes without a type.
        expected: a struct's type, a union or a list of such.
    """
    return tuple(_violations(document, expected, ""))[:_MOST]


def _violations(value: object, expected: Any, pointer: str) -> list[Violation]:  # noqa: ANN401
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        found = _inside(value, expected, pointer)
        return found or [_violation(str(error), pointer)]
    return []


def _inside(value: object, expected: Any, pointer: str) -> list[Violation]:  # noqa: ANN401
    """Of the members of an object or the items of a list."""
    if isinstance(value, dict):
        struct = next((t for t in _alternatives(expected) if _is_struct(t)), None)
        return [] if struct is None else _of_members(value, struct, pointer)
    if isinstance(value, list):
        item = next((_item_type(t) for t in _alternatives(expected) if get_args(t)), None)
        found = (
            []
            if item is None
            else [_violations(each, item, f"{pointer}/{i}") for i, each in enumerate(value)]
        )
        return [violation for each in found for violation in each]
    return []


def _of_members(value: dict[str, object], struct: Any, pointer: str) -> list[Violation]:  # noqa: ANN401
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    found = [
        Violation(
            pointer=f"{pointer}/{_shown(name)}", code="unknown", detail="There is no such member."
        )
        for name in value
        if name not in known and struct.__struct_config__.forbid_unknown_fields
    ]
    for name, field in known.items():
        if name in value:
            found += _violations(value[name], field.type, f"{pointer}/{name}")
        elif field.required:
            found.append(
                Violation(pointer=f"{pointer}/{name}", code="missing", detail="It is required.")
            )
    return found


def _violation(message: str, pointer: str) -> Violation:
    at = _AT.search(message)
    for step in _STEP.finditer(at["path"]) if at else ():
        pointer += f"/{step['name'] or step['index']}"
    detail = _AT.sub("", message)
    # msgspec quotes a wrong name of an enumeration: it was sent, and may be anything.
    if detail.startswith("Invalid enum value"):
        detail = "It is none of the values that are allowed."
    return Violation(pointer=pointer, code="invalid", detail=detail)


def _alternatives(expected: Any) -> list[Any]:  # noqa: ANN401
    """The members of a union, or the type alone; without what `Annotated` adds."""
    plain = (
        getattr(expected, "__origin__", expected) if hasattr(expected, "__metadata__") else expected
    )
    if isinstance(plain, type) or (
        getattr(plain, "__origin__", None) is not None and _is_list(plain)
    ):
        return [plain]
    return [each for part in get_args(plain) for each in _alternatives(part)] or [plain]


def _is_list(expected: Any) -> bool:  # noqa: ANN401
    return getattr(expected, "__origin__", None) in (list, tuple)


def _item_type(expected: Any) -> Any:  # noqa: ANN401
    return get_args(expected)[0]


def _is_struct(expected: Any) -> bool:  # noqa: ANN401
    return isinstance(expected, type) and issubclass(expected, msgspec.Struct)


def _shown(name: str) -> str:
    """A member's name where it looks like one."""
    return name if _NAME.fullmatch(name) else "?"
