"""`fvs verify` and `fvs inspect`: pictures in, answers out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from fvs.answer import VerificationAnswer, answer_picture, answer_verification
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
    write_picture,
)
from fvs.decide import DecisionPolicy
from fvs.status import Outcome, Role

if TYPE_CHECKING:
    from fvs.answer import PictureAnswer
    from fvs.engine import Engine

__all__ = ["inspect", "verify"]

EXIT_CODES = {
    Outcome.MATCH: ExitCode.MATCH,
    Outcome.NO_MATCH: ExitCode.NO_MATCH,
    Outcome.INCONCLUSIVE: ExitCode.NO_DECISION,
    Outcome.NOT_COMPARED: ExitCode.NO_DECISION,
}
OUTCOME_STYLES = {
    Outcome.MATCH: "bold green",
    Outcome.NO_MATCH: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
    Outcome.NOT_COMPARED: "bold yellow",
}
DEFAULT_TARGET_FMR = 1e-4
"""One stranger in 10,000: NIST SP 800-63A-4 for remote identity proofing."""


class FoundFace(msgspec.Struct, frozen=True, kw_only=True):
    """One of possibly several faces in a picture."""

    xyxy_px: list[float]
    detection_score: float


def verify(
    selfie: Annotated[Path, typer.Argument(help="The live selfie (JPEG, PNG or WebP).")],
    card: Annotated[Path, typer.Argument(help="The ID card, or its portrait.")],
    *,
    fmr: Annotated[
        float, typer.Option(help="Operating point: at most this share of strangers match.")
    ] = DEFAULT_TARGET_FMR,
    age: Annotated[
        int | None,
        typer.Option(min=0, max=130, help="The subject's age in years, from the register."),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(help="Draw what was seen and why into this PNG.")
    ] = None,
    pad: Annotated[
        bool, typer.Option("--pad/--no-pad", help="Require a live selfie; --no-pad for scans.")
    ] = True,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Verify that a selfie and an ID card show the same person.

    Exit codes: 0 match, 1 no match, 2 no decision (inconclusive or not compared), 3 wrong use.

    Examples:
      fvs verify selfie.jpg card.jpg
      fvs verify selfie.jpg card.jpg --fmr 1e-3 --age 34 --explain why.png
      fvs verify selfie.jpg card.jpg --json | jq .outcome
    """
    opened = open_pack(pack)
    policy = DecisionPolicy.from_pack(opened, fmr, with_pad=pad)
    selfies, cards = [read_picture(selfie)], [read_picture(card)]
    verifications = open_engine(opened).verify(selfies, cards, policy, [age])
    answer = answer_verification(verifications, 0, policy)
    if explain is not None:
        from fvs.explain import draw_explanation  # noqa: PLC0415 - needs the demo extra

        write_picture(explain, draw_explanation(verifications, 0, policy))
    if as_json:
        print_json(answer)
    else:
        _print_answer(answer)
    raise typer.Exit(EXIT_CODES[Outcome(answer.outcome)])


def inspect(
    images: Annotated[list[Path], typer.Argument(help="Pictures (JPEG, PNG or WebP).")],
    *,
    role: Annotated[
        Role, typer.Option(help="Judge the pictures as selfies or as ID cards.")
    ] = Role.SELFIE,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Show the face, quality and liveness of pictures, and why one would be refused.

    Exit codes: 0 every picture is fit to compare, 2 one or more are not, 3 wrong use.

    Examples:
      fvs inspect selfie.jpg
      fvs inspect card.jpg --role card
      fvs inspect *.jpg --json | jq '.[].chosen.status'
    """
    engine = open_engine(open_pack(pack))
    files = [read_picture(path) for path in images]
    samples = engine.extract(files, role)
    answers = [answer_picture(samples, row, None) for row in range(len(samples))]
    found = _faces_found(engine, files)
    rows = list(zip(images, found, answers, strict=True))
    if as_json:
        print_json({str(path): {"faces": boxes, "chosen": answer} for path, boxes, answer in rows})
    else:
        for path, boxes, answer in rows:
            _print_picture(path, len(boxes), answer)
    fit = all(answer.status == "ok" for answer in answers)
    raise typer.Exit(ExitCode.MATCH if fit else ExitCode.NO_DECISION)


def _print_answer(answer: VerificationAnswer) -> None:
    outcome = Outcome(answer.outcome)
    OUTPUT_CONSOLE.print(f"[{OUTCOME_STYLES[outcome]}]{outcome.replace('_', ' ')}[/]")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("score", _shown(answer.score))
    facts.add_row("threshold", f"{_shown(answer.threshold)} (target FMR {answer.target_fmr:g})")
    facts.add_row("live", _shown_liveness(answer.selfie))
    facts.add_row("selfie", _shown_face(answer.selfie))
    facts.add_row("card", _shown_face(answer.card))
    OUTPUT_CONSOLE.print(facts, highlight=False)
    for reason in answer.reasons:
        OUTPUT_CONSOLE.print(
            f"- {reason.about}: [bold]{reason.code}[/]\n    {reason.english}\n    {reason.thai}",
            highlight=False,
        )


def _faces_found(engine: Engine, files: list[bytes]) -> list[list[FoundFace]]:
    """Per picture, its faces in native pixels, the best score first."""
    images, faces = engine.find_faces(files)
    return [
        [
            FoundFace(
                xyxy_px=(faces.xyxy_px[row] / images.scale[image]).round(1).tolist(),
                detection_score=float(faces.detection_score[row]),
            )
            for row in np.flatnonzero(faces.image_index == image)
        ]
        for image in range(len(files))
    ]


def _print_picture(path: Path, face_count: int, answer: PictureAnswer) -> None:
    OUTPUT_CONSOLE.print(f"[bold]{escape(str(path))}[/]: {answer.status}", highlight=False)
    facts = Table.grid(padding=(0, 2))
    facts.add_row(
        "  file", f"{answer.file_format or 'unknown'} {answer.width_px} x {answer.height_px} px"
    )
    facts.add_row("  faces", str(face_count))
    facts.add_row("  chosen", _shown_face(answer))
    facts.add_row("  live", _shown_liveness(answer))
    OUTPUT_CONSOLE.print(facts, highlight=False)
    if answer.face_xyxy_px is None:
        return
    table = Table("component", "raw", "0..100", box=None, padding=(0, 2))
    for component, measure in answer.quality.items():
        style = "red" if measure.refused else ""
        table.add_row(component, _shown(measure.raw), _shown(measure.scalar, 0), style=style)
    OUTPUT_CONSOLE.print(table, highlight=False)


def _shown_face(answer: PictureAnswer) -> str:
    if answer.face_xyxy_px is None:
        return answer.status
    box = ", ".join(f"{value:.0f}" for value in answer.face_xyxy_px)
    return f"{answer.status}, face at ({box}) px, eyes {_shown(answer.inter_eye_px, 0)} px apart"


def _shown_liveness(answer: PictureAnswer) -> str:
    liveness = answer.liveness
    if liveness.live_probability is None:
        return liveness.status
    threshold = "" if liveness.threshold is None else f" (threshold {liveness.threshold:g})"
    return f"probability {liveness.live_probability:.3f}{threshold}"


def _shown(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
