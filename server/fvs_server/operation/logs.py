"""Logs: one JSON object a line, with nothing in it that a request holds but its route."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec

__all__ = ["JsonLines", "log_to_stderr"]

_OURS = "fvs_server"
_FIELDS = "fields"


class JsonLines(logging.Formatter):
    """A record as one line; `extra={"fields": {...}}` adds members.

    Of an exception it tells the kind alone: messages and traces may quote what was sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        document: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            document["error"] = record.exc_info[0].__name__
        return msgspec.json.encode(document, enc_hook=str).decode()


def log_to_stderr(level: str) -> None:
    """Send all logs of the process there; libraries say warnings only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(_OURS).setLevel(level.upper())
