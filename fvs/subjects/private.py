"""A value that no printing, logging or serialising gives away by accident."""

from __future__ import annotations

from typing import Any, Generic, NoReturn, Self, TypeVar, final

__all__ = ["Private"]

T = TypeVar("T")
_SHOWN = "(private)"


@final
class Private(Generic[T]):
    """Holds a value that only `reveal()` gives out.

    `str`, `repr`, `format` and whatever builds on them (logging, f-strings, `dataclasses.asdict`
    and then print) show "(private)". Pickle, JSON and msgspec refuse it with a TypeError: what
    leaves this process is a pseudonym, not the value. Equal and hashable by value.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself; every use of this method is a place to look at in a review."""
        return self._value

    def __repr__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        return format(_SHOWN, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Private) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash((Private, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> NoReturn:
        raise TypeError("a private value is not serialised; pass its pseudonym on instead")
