"""`fvs server openapi`: the description of the API, for generators of clients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs_server.cli.written_files import STDOUT, write_file

__all__ = ["openapi"]


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
    write_file(output, content, as_json=as_json)
