"""Logs: one JSON object a line, with nothing in it that a request holds but its route.

On a terminal it is the same in short lines for people.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["REQUESTS", "JsonLines", "ShortLines", "formatter_for", "log_to_stderr"]

_OURS = "fvs_server"
_FIELDS = "fields"
REQUESTS = "fvs_server.requests"
"""The logger of a line a request."""
_OF_REQUESTS = ("method", "route", "status", "ms", "idp", "request_id")


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


class ShortLines(logging.Formatter):
    """A record as a short line for people: what JSON lines hold, without the names.

    `09:30:00Z POST /v1/face-verifications 200 51.7 ms demo.example 5f2c...`
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields: dict[str, object] = dict(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__name__
        words = [f"{datetime.fromtimestamp(record.created, UTC):%H:%M:%SZ}"]
        if record.levelno > logging.INFO:
            words.append(record.levelname)
        if record.name == REQUESTS:
            fields["ms"] = f"{fields['ms']} ms"
            words += [str(fields[name]) for name in _OF_REQUESTS if fields.get(name) is not None]
        else:
            message = record.getMessage().replace("\n", " ")
            words += [message, *(f"{name}={value}" for name, value in fields.items())]
        return " ".join(words)


def formatter_for(stream: TextIO) -> logging.Formatter:
    """For people at a terminal, else for programs."""
    return ShortLines() if stream.isatty() else JsonLines()


def log_to_stderr(level: str) -> None:
    """Send all logs of the process there; libraries say warnings only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter_for(sys.stderr))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(_OURS).setLevel(level.upper())
