"""Options that the registry's commands share, and how a number is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fvs.cli.subjects import STDIN, read_text
from fvs.deployment.registry_location import REGISTRY_VARIABLE
from fvs.subjects import SubjectId, SubjectKind

__all__ = [
    "DEFAULT_ENGINE",
    "EngineOption",
    "KindOfNumberOption",
    "NumberArgument",
    "RegistryOption",
    "WorkersOption",
    "read_subject",
]

DEFAULT_ENGINE = "local"

RegistryOption = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        envvar=REGISTRY_VARIABLE,
        help="The registry's folder.",
        metavar="DIR",
        show_default=False,
    ),
]
NumberArgument = Annotated[
    str,
    typer.Argument(
        help="The subject's number; - reads it from standard input, which no shell remembers.",
        metavar="NUMBER",
    ),
]
KindOfNumberOption = Annotated[
    SubjectKind, typer.Option("--kind-of-number", help="What the number is.")
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine", help="Where the work is done: local or dask (extra `cluster`).", metavar="NAME"
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option("--workers", min=0, help="Worker processes; 0 is one for each core."),
]


def read_subject(number: str, kind: SubjectKind) -> SubjectId:
    """The subject of a number that stands on the command line or comes by standard input.

    Raises:
        SubjectError: it is no number of that kind; no part of it is repeated.
    """
    text = read_text(STDIN) if number == STDIN else number
    return SubjectId.parse(kind, text.strip())
