"""The TOML files that describe training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Strict", "read_config"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen struct in which a misspelt key is an error."""


T = TypeVar("T", bound=Strict)


def read_config(path: Path, kind: type[T]) -> T:
    """Read and check a run's configuration.

    Raises:
        msgspec.ValidationError: a key is missing, unknown or of the wrong type (with its path).
    """
    return msgspec.toml.decode(path.read_bytes(), type=kind)
