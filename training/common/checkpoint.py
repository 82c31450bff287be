"""Checkpoints that are whole or not there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["restore", "save"]


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` beside `path`, flush it, and put it in place in one step."""
    draft = path.with_suffix(".partial")
    with draft.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def restore(path: Path) -> dict[str, Any] | None:
    """The state at `path`, or None where there is none yet."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
