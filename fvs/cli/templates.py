"""`fvs embed` and `fvs compare`: templates and bare scores, without a decision."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption, PackOption, print_advice, read_picture
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line
from fvs.compare import compare_pairs
from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.errors import UsageError
from fvs.status import Role, Status
from fvs.template import embeddings_to_templates, templates_to_embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.engine import Engine
    from fvs.records import Embeddings

__all__ = ["compare", "embed"]

TEMPLATE_SUFFIX = ".fvst"
TEMPLATE_MODE = 0o600
"""A template is biometric data: its owner's alone."""


class _Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one picture: a template's path, or why there is none."""

    template: str | None
    refused_for: tuple[str, ...]


def embed(
    images: Annotated[list[Path], typer.Argument(help="Pictures (JPEG, PNG or WebP).")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the templates.")] = Path(),
    role: Annotated[Role, typer.Option(help="What the pictures are.")] = Role.CARD,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace templates that are there already.")
    ] = False,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Write one template (PICTURE.fvst) for each picture that is fit.

    A template is biometric data: only you may read the files. Liveness is not judged.

    Exit codes: 0 all written, 2 one or more pictures gave none, 3 wrong use.

    Examples:
      fvs embed card.jpg
      fvs embed portraits/*.jpg --out templates
      fvs embed card.jpg --out templates --overwrite --json
    """
    files = [read_picture(path) for path in images]
    targets = _targets(images, out, overwrite=overwrite)
    engine = open_engine(open_pack(pack))
    samples = engine.extract(files, role)
    templates = embeddings_to_templates(samples.embeddings, engine.embedder.manifest)
    results: dict[str, _Embedded] = {}
    for row, (path, template) in enumerate(zip(images, templates, strict=True)):
        refusals = samples.refusals(row)
        if not refusals:
            _write_template(targets[row], template)
        results[str(path)] = _Embedded(
            template=None if refusals else str(targets[row]), refused_for=refusals
        )
    _report_embedded(results, as_json=as_json)
    refused = any(result.refused_for for result in results.values())
    raise typer.Exit(ExitCode.NO_DECISION if refused else ExitCode.MATCH)


def _targets(images: Sequence[Path], out: Path, *, overwrite: bool) -> list[Path]:
    """A file for each template, in a folder that is there, and none of them a surprise.

    Raises:
        UsageError: the folder cannot be had, or a file would be written over.
    """
    targets = [out / f"{path.stem}{TEMPLATE_SUFFIX}" for path in images]
    twice = [target for target, times in Counter(targets).items() if times > 1]
    if twice:
        raise UsageError(
            f"more than one picture would become {twice[0]}",
            advice="Embed pictures of one name into different folders.",
        )
    there = [target for target in targets if target.exists()]
    if there and not overwrite:
        raise UsageError(
            f"{there[0]} is there already", advice="Add --overwrite, or name another --out."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {out}: {error.strerror}") from error
    if not os.access(out, os.W_OK):
        raise UsageError(f"cannot write into {out}: permission denied")
    return targets


def _write_template(target: Path, template: bytes) -> None:
    try:
        # A new file, or the mode of the old one would stay.
        target.unlink(missing_ok=True)
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, TEMPLATE_MODE)
        with os.fdopen(opened, "wb") as file:
            file.write(template)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error


def compare(
    one: Annotated[Path, typer.Argument(help="A picture or a template (.fvst).")],
    other: Annotated[Path, typer.Argument(help="A picture or a template (.fvst).")],
    *,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Print the similarity of two faces (cosine, -1..1) without deciding anything.

    Quality and liveness are not judged: to verify a person use `fvs verify`.

    Exit codes: 0 compared, 2 one side has no usable face, 3 wrong use.

    Examples:
      fvs compare one.jpg other.jpg
      fvs compare card.fvst selfie.jpg --json
    """
    engine = open_engine(open_pack(pack))
    sides = [_embedding(engine, path) for path in (one, other)]
    scores = compare_pairs(*sides)
    status = Status(int(scores.status[0]))
    score = float(scores.similarity[0]) if status == Status.OK else None
    if as_json:
        codes = [Status(int(side.status[0])).code for side in sides]
        print_json({"status": status.code, "similarity": score, "of_each": codes})
    elif score is None:
        _print_failure((one, other), sides, status)
    else:
        print_line(f"{score:.4f}")
    raise typer.Exit(ExitCode.NO_DECISION if score is None else ExitCode.MATCH)


def _print_failure(paths: Sequence[Path], sides: Sequence[Embeddings], status: Status) -> None:
    """Say which side has no usable face, or that the comparison itself failed; and what to do."""
    of_each = zip(paths, (Status(int(side.status[0])) for side in sides), strict=True)
    codes = {str(path): side.code for path, side in of_each if side != Status.OK}
    for about, code in (codes or {"comparison": status.code}).items():
        print_line((about, "bold"), f": {code}")
        print_advice(code)


def _embedding(engine: Engine, path: Path) -> Embeddings:
    content = read_picture(path)
    if path.suffix == TEMPLATE_SUFFIX:
        return templates_to_embeddings([content], engine.embedder.manifest)
    return engine.extract([content], Role.CARD).embeddings


def _report_embedded(results: dict[str, _Embedded], *, as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    for path, result in results.items():
        print_line(f"{path}: {result.template or 'refused'}")
        for code in result.refused_for:
            print_line("- ", (code, "bold"))
            print_advice(code)
