"""`fvs server openapi`: the description of the API, for generators of clients."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption, require_writable
from fvs.cli.output import print_json

__all__ = ["openapi"]

STDOUT = Path("-")


def openapi(
    *,
    output: Annotated[
        Path, typer.Option("--output", help="Where to write it; - is here.", metavar="FILE")
    ] = STDOUT,
    as_json: JsonOption = False,
) -> None:
    """Write the OpenAPI 3.1 document, as a server answers it at /openapi.json.

    It needs no settings, database or pack. The document is JSON anyway; with --json and --output
    standard output gets the name of the file.

    Exit codes: 0 written, 3 wrong use.

    Examples:
      fvs server openapi --output openapi.json
      fvs server openapi | jq .paths
    """
    from fvs_server.app import create_bare_app  # noqa: PLC0415 - heavy
    from fvs_server.openapi import openapi_document  # noqa: PLC0415

    document = msgspec.json.encode(openapi_document(create_bare_app()))
    content = msgspec.json.format(document) + b"\n"
    if output == STDOUT:
        sys.stdout.buffer.write(content)
        return
    require_writable(output)
    output.write_bytes(content)
    if as_json:
        print_json({"written": str(output)})
