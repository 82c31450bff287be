"""Everything that is printed goes through here.

Text is printed as it is: paths and messages may hold brackets and colons, so neither rich's markup
nor its emoji names are ever read out of a string; where style is wanted, pass a `rich.text.Text`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import msgspec
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from fvs.errors import FvsError

__all__ = [
    "ERROR_CONSOLE",
    "OUTPUT_CONSOLE",
    "print_error",
    "print_json",
    "print_json_error",
    "print_line",
    "print_note",
]


class _Console(Console):
    """A console that leaves the exit code to `main`."""

    def on_broken_pipe(self) -> NoReturn:
        """Pass the error on; rich itself would exit with 1, which means "no match" here."""
        raise BrokenPipeError


OUTPUT_CONSOLE = _Console(markup=False, emoji=False, highlight=False)
ERROR_CONSOLE = _Console(stderr=True, markup=False, emoji=False, highlight=False)


def print_line(*parts: str | tuple[str, str]) -> None:
    """Print one line, however long; a part may be `(text, style)`."""
    OUTPUT_CONSOLE.print(Text.assemble(*parts), soft_wrap=True)


def print_note(text: str) -> None:
    """Print one line beside the result, to standard error."""
    ERROR_CONSOLE.print(text, soft_wrap=True)


def print_json(document: object) -> None:
    """Write one JSON document to standard output, in UTF-8 whatever the terminal's encoding.

    Names of files need not be UTF-8; bytes of theirs that are not are written as escapes.
    """
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(document)))
    _write(msgspec.json.format(encoded, indent=2) + b"\n")


def print_json_error(error: FvsError) -> None:
    """Write the document that stands for an answer that could not be given.

    Errors that programs tell apart, as of certificates and registries, have a code.
    """
    code = getattr(error, "code", "")
    named = {"code": code} if code else {}
    print_json({"error": {"message": str(error), "advice": error.advice, **named}})


def print_error(error: FvsError) -> None:
    """Write an error and what to do about it to standard error."""
    ERROR_CONSOLE.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
    if error.advice:
        ERROR_CONSOLE.print(f"  {error.advice}", soft_wrap=True)


def _encodable(node: object) -> object:
    if isinstance(node, str):
        return node.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(node, dict):
        return {_encodable(key): _encodable(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_encodable(item) for item in node]
    return node


def _write(content: bytes) -> None:
    stream = sys.stdout
    if stream is None:  # closed by whoever started this process
        return
    stream.flush()
    stream.buffer.write(content)
    stream.buffer.flush()
