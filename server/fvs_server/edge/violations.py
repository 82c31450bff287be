"""All that is wrong with a JSON document, where msgspec stops at the first thing.

msgspec decides whether a document is right; what is said of one that is not follows from the type,
not from msgspec's words, which name the types of Python and may quote what was sent.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from fvs_server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fvs_server.faults import Violation

    _Check = Callable[[Any, Any, str], Iterable[Violation]]
    """Of a value, the type that it should have, and where it is."""

__all__ = ["FAULT", "violations_of"]

FAULT = "fault"
"""Key of `msgspec.Meta(extra=...)`: what is wrong with a value that does not fit the type."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_MOST = 50
"""Violations in one answer."""


def violations_of(document: object, expected: Any) -> tuple[Violation, ...]:  # noqa: ANN401 - any type
    """What keeps a decoded JSON document from being of a type; empty where nothing does.

    Args:
        document: as JSON decodes without a type.
        expected: a struct's type, a union or a list of such, or of a parameter.
    """
    try:
        msgspec.convert(document, expected)
    except msgspec.ValidationError:
        found = _found(document, inspect.type_info(expected), "")
        return tuple(islice(found, _MOST)) or (Fault.NOT_ALLOWED.at(""),)
    return ()


def _found(value: object, kind: inspect.Type, pointer: str) -> Iterable[Violation]:
    check: _Check = _CHECKS.get(type(kind), _of_any_other)
    return check(value, kind, pointer)


def _of_annotated(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    """What the annotation says of everything that is wrong, else what its type says."""
    fault = (kind.extra or {}).get(FAULT)
    for violation in _found(value, kind.type, pointer):
        yield violation if fault is None else fault.at(pointer)


def _of_union(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    """Of the alternative that fits best."""
    alternatives = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
    if value is None and len(alternatives) < len(kind.types):
        return
    found = [list(islice(_found(value, each, pointer), _MOST)) for each in alternatives]
    yield from min(found, key=len)


def _of_struct(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield Fault.NOT_OBJECT.at(pointer)
        return
    fields = {field.encode_name: field for field in kind.fields}
    if kind.forbid_unknown_fields:
        strange = (name for name in value if name not in fields)
        yield from (Fault.UNKNOWN.at(f"{pointer}/{_shown(name)}") for name in strange)
    for name, field in fields.items():
        if name in value:
            yield from _found(value[name], field.type, f"{pointer}/{name}")
        elif field.required:
            yield Fault.MISSING.at(f"{pointer}/{name}")


def _of_list(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    if not isinstance(value, list):
        yield Fault.NOT_LIST.at(pointer)
        return
    if len(value) < (kind.min_length or 0):
        yield Fault.TOO_FEW_ITEMS.at(pointer, least=kind.min_length)
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Fault.TOO_MANY_ITEMS.at(pointer, most=kind.max_length)
    for i, item in enumerate(value):
        yield from _found(item, kind.item_type, f"{pointer}/{i}")


def _of_string(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    if not isinstance(value, str):
        yield Fault.NOT_STRING.at(pointer)
    elif len(value) < (kind.min_length or 0):
        yield Fault.TOO_SHORT.at(pointer, least=kind.min_length)
    elif kind.max_length is not None and len(value) > kind.max_length:
        yield Fault.TOO_LONG.at(pointer, most=kind.max_length)
    elif not _fits(value, kind.pattern):
        yield Fault.NOT_ALLOWED.at(pointer)


def _fits(value: str, pattern: str | None) -> bool:
    return pattern is None or re.search(pattern, value) is not None


def _of_integer(value: object, kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        yield Fault.NOT_INTEGER.at(pointer)
    elif kind.ge is not None and value < kind.ge:
        yield Fault.TOO_SMALL.at(pointer, least=kind.ge)
    elif kind.le is not None and value > kind.le:
        yield Fault.TOO_LARGE.at(pointer, most=kind.le)


def _of_choice(value: object, allowed: Iterable[object], pointer: str) -> Iterator[Violation]:
    names = list(allowed)
    if value not in names:
        yield Fault.NOT_ONE_OF.at(pointer, allowed=", ".join(map(str, names)))


def _readable(kind: type, fault: Fault) -> Callable[[object, Any, str], Iterator[Violation]]:
    """A check of what msgspec alone can read."""

    def check(value: object, _kind: Any, pointer: str) -> Iterator[Violation]:  # noqa: ANN401
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            yield fault.at(pointer)

    return check


def _of_any_other(_value: object, _kind: Any, _pointer: str) -> Iterable[Violation]:  # noqa: ANN401
    """Nothing is known of it; where nothing else is wrong, the whole is said not to be allowed."""
    return ()


_CHECKS: dict[type[inspect.Type], _Check] = {
    inspect.Metadata: _of_annotated,
    inspect.UnionType: _of_union,
    inspect.StructType: _of_struct,
    inspect.ListType: _of_list,
    inspect.VarTupleType: _of_list,
    inspect.StrType: _of_string,
    inspect.IntType: _of_integer,
    inspect.LiteralType: lambda value, kind, at: _of_choice(value, kind.values, at),
    inspect.EnumType: lambda value, kind, at: _of_choice(value, [e.value for e in kind.cls], at),
    inspect.BytesType: _readable(bytes, Fault.NOT_BASE64),
    inspect.BoolType: _readable(bool, Fault.NOT_BOOLEAN),
    inspect.DateType: _readable(date, Fault.NOT_DATE),
    inspect.DateTimeType: _readable(datetime, Fault.NOT_TIME),
}


def _shown(name: str) -> str:
    """A member's name where it looks like one."""
    return name if _NAME.fullmatch(name) else "?"
