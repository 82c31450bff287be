"""Baselines and canary sets as files: JSON, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from fvs.errors import UsageError
from fvs.monitoring.baseline import Baseline
from fvs.monitoring.canary import CanarySet

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_baseline", "load_canary", "save_record"]

T = TypeVar("T")


def load_baseline(path: Path) -> Baseline:
    """Read what `fvs monitor baseline` wrote.

    Raises:
        UsageError: it cannot be read, or is no baseline.
    """
    return _load(path, Baseline, "baseline", "fvs monitor baseline")


def load_canary(path: Path) -> CanarySet:
    """Read what `fvs monitor canary-record` wrote.

    Raises:
        UsageError: it cannot be read, or is no canary set.
    """
    return _load(path, CanarySet, "canary set", "fvs monitor canary-record")


def save_record(record: Baseline | CanarySet, path: Path) -> None:
    """Write a record, indented.

    Raises:
        UsageError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _load(path: Path, kind: type[T], what: str, command: str) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is no {what}: {error}", advice=f"Make one with `{command}`."
        ) from error
