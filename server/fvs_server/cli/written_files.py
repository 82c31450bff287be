"""Where a command writes what it made: a file, or standard output."""

from __future__ import annotations

import sys
from pathlib import Path

from fvs.cli.common import require_writable
from fvs.cli.output import print_json

__all__ = ["STDOUT", "tell_written", "write_file"]

STDOUT = Path("-")


def write_file(out: Path, content: bytes, *, as_json: bool) -> None:
    """Write to a file, or to standard output."""
    if out == STDOUT:
        sys.stdout.buffer.write(content)
        return
    require_writable(out)
    out.write_bytes(content)
    tell_written(out, as_json=as_json)


def tell_written(out: Path, *, as_json: bool) -> None:
    """Tell programs too; what went to standard output is all that may stand there."""
    if as_json and out != STDOUT:
        print_json({"written": str(out)})
