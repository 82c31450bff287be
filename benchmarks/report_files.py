"""Results as files: JSON, indented for people and for `git diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_report", "write_report"]

Report = TypeVar("Report", bound=msgspec.Struct)


def read_report(path: Path, kind: type[Report]) -> Report | None:
    """Read what `write_report` wrote; None where there is no file.

    Raises:
        msgspec.DecodeError: the file is no JSON, or of another kind.
    """
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None


def write_report(report: msgspec.Struct, path: Path) -> None:
    """Write a file, in place of one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
