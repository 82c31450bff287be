"""`fvs embed` and `fvs compare`: templates and bare scores, without a decision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import (
    DEFAULT_PACK,
    OUTPUT_CONSOLE,
    ExitCode,
    JsonOption,
    PackOption,
    open_engine,
    open_pack,
    print_json,
    read_picture,
)
from fvs.compare import compare_pairs
from fvs.status import Role, Status
from fvs.template import embeddings_to_templates, templates_to_embeddings

if TYPE_CHECKING:
    from fvs.engine import Engine
    from fvs.records import Embeddings

__all__ = ["compare", "embed"]

TEMPLATE_SUFFIX = ".fvst"


def embed(
    images: Annotated[list[Path], typer.Argument(help="Pictures (JPEG, PNG or WebP).")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the templates.")] = Path(),
    role: Annotated[Role, typer.Option(help="What the pictures are.")] = Role.CARD,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Write one template (PICTURE.fvst) for each picture that is fit.

    A template is biometric data: protect it as such.

    Exit codes: 0 all written, 2 one or more pictures gave none, 3 wrong use.

    Examples:
      fvs embed card.jpg
      fvs embed portraits/*.jpg --out templates
    """
    engine = open_engine(open_pack(pack))
    samples = engine.extract([read_picture(path) for path in images], role)
    templates = embeddings_to_templates(samples.embeddings, engine.embedder.manifest)
    out.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, object]] = {}
    for row, (path, template) in enumerate(zip(images, templates, strict=True)):
        refusals = samples.refusals(row)
        target = out / f"{path.stem}{TEMPLATE_SUFFIX}"
        if not refusals:
            target.write_bytes(template)
        results[str(path)] = {
            "template": None if refusals else str(target),
            "refused_for": list(refusals),
        }
    _report_embedded(results, as_json=as_json)
    refused = any(result["template"] is None for result in results.values())
    raise typer.Exit(ExitCode.NO_DECISION if refused else ExitCode.MATCH)


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
    scores = compare_pairs(_embedding(engine, one), _embedding(engine, other))
    status = Status(int(scores.status[0]))
    score = float(scores.similarity[0]) if status == Status.OK else None
    if as_json:
        print_json({"status": status.code, "similarity": score})
    else:
        OUTPUT_CONSOLE.print(status.code if score is None else f"{score:.4f}", highlight=False)
    raise typer.Exit(ExitCode.NO_DECISION if score is None else ExitCode.MATCH)


def _embedding(engine: Engine, path: Path) -> Embeddings:
    content = read_picture(path)
    if path.suffix == TEMPLATE_SUFFIX:
        return templates_to_embeddings([content], engine.embedder.manifest)
    return engine.extract([content], Role.CARD).embeddings


def _report_embedded(results: dict[str, dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    for path, result in results.items():
        shown = result["template"] or f"refused: {result['refused_for']}"
        OUTPUT_CONSOLE.print(f"{path}: {shown}", highlight=False, markup=False)
