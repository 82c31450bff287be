"""The option by which commands take a certificate of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["CertificateOption"]

CERTIFICATE_VARIABLE = "FVS_CERTIFICATE"

CertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--certificate",
        help="A certificate of your own, in place of the pack's.",
        envvar=CERTIFICATE_VARIABLE,
        metavar="FILE",
    ),
]
