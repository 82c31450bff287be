"""`fvs verify` and `fvs inspect`: pictures in, answers out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.table import Table

from fvs.answer import VerificationAnswer, answer_picture, answer_verification
from fvs.cli.certificates import CertificateOption
from fvs.cli.common import (
    JsonOption,
    PackOption,
    read_picture,
    require_writable_picture,
    write_picture,
)
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_error, print_json, print_line
from fvs.deployment.certificates import open_policy
from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.errors import FvsError, UsageError
from fvs.operating_points import EITHER_SEX
from fvs.status import Outcome, Role, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs.answer import PictureAnswer
    from fvs.decide import DecisionPolicy
    from fvs.engine import Engine, Verifications
    from fvs.records import Pixels

    Draw = Callable[[Verifications, int, DecisionPolicy], Pixels]

__all__ = [
    "DEFAULT_TARGET_FMR",
    "EXIT_CODES",
    "OUTCOME_STYLES",
    "Sex",
    "inspect",
    "print_answer",
    "verify",
]

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
CANNOT_READ = "cannot_read"
NOT_ASSESSED = "not assessed"
UNREADABLE = {"faces": [], "chosen": {"status": CANNOT_READ}}


class Sex(StrEnum):
    """As the register knows it."""

    FEMALE = "female"
    MALE = "male"


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
    sex: Annotated[
        Sex | None, typer.Option(help="The subject's sex, from the register; never from the face.")
    ] = None,
    pad: Annotated[
        bool, typer.Option("--pad/--no-pad", help="Require a live selfie; --no-pad for scans.")
    ] = True,
    pack: PackOption = DEFAULT_PACK,
    certificate: CertificateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify that a selfie and an ID card show the same person.

    Where --explain cannot be drawn after all, the answer and its exit code stand, and standard
    error says so.

    Exit codes: 0 match, 1 no match, 2 no decision (inconclusive or not compared), 3 wrong use.

    Examples:
      fvs verify selfie.jpg card.jpg
      fvs verify selfie.jpg card.jpg --fmr 1e-3 --age 34 --sex female --explain why.png
      fvs verify selfie.jpg card.jpg --json | jq .outcome
    """
    draw = _explainer(explain, [selfie, card]) if explain is not None else None
    opened = open_pack(pack)
    policy = open_policy(opened, fmr, certificate, with_pad=pad)
    selfies, cards = [read_picture(selfie)], [read_picture(card)]
    engine = open_engine(opened)
    verifications = engine.verify(selfies, cards, policy, [age], [sex or EITHER_SEX])
    answer = answer_verification(verifications, 0, policy)
    if as_json:
        print_json(answer)
    else:
        print_answer(answer, with_pad=pad)
    if explain is not None and draw is not None:
        _explain(explain, lambda: draw(verifications, 0, policy))
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

    Liveness is shown, not judged: `fvs verify` holds it against its pack's threshold. Each picture
    is searched twice, the second time to count all its faces. A file that cannot be read is
    reported as `cannot_read` and does not stop the others.

    Exit codes: 0 every picture is fit to compare, 2 one or more are not, 3 a file cannot be read,
    or wrong use.

    Examples:
      fvs inspect selfie.jpg
      fvs inspect card.jpg --role card
      fvs inspect *.jpg --json | jq '.[].chosen.status'
    """
    engine = open_engine(open_pack(pack))
    files, unreadable = _read_all(images)
    samples = engine.extract(list(files.values()), role)
    answers = (answer_picture(samples, row, None) for row in range(len(samples)))
    found = _faces_found(engine, list(files.values()))
    inspected = dict(zip(files, zip(found, answers, strict=True), strict=True))
    if as_json:
        print_json(
            {
                str(path): _inspection(*inspected[path]) if path in inspected else UNREADABLE
                for path in images
            }
        )
    else:
        for path in images:
            if path in inspected:
                _print_picture(path, *inspected[path])
            else:
                print_line((str(path), "bold"), f": {CANNOT_READ}")
    for error in unreadable:
        print_error(error)
    if unreadable:
        raise typer.Exit(ExitCode.WRONG_USE)
    fit = all(answer.status == "ok" for _, answer in inspected.values())
    raise typer.Exit(ExitCode.MATCH if fit else ExitCode.NO_DECISION)


def _read_all(paths: Sequence[Path]) -> tuple[dict[Path, bytes], list[UsageError]]:
    """What can be read of the files, and why the others cannot."""
    files: dict[Path, bytes] = {}
    unreadable = []
    for path in dict.fromkeys(paths):
        try:
            files[path] = read_picture(path)
        except UsageError as error:
            unreadable.append(error)
    return files, unreadable


def _inspection(faces: list[FoundFace], answer: PictureAnswer) -> dict[str, object]:
    return {"faces": faces, "chosen": answer}


def _explainer(target: Path, inputs: Sequence[Path]) -> Draw:
    """What draws, once it is known that it can be drawn and written."""
    require_writable_picture(target, inputs)
    from fvs.explain import draw_explanation  # noqa: PLC0415 - needs the demo extra

    return draw_explanation


def _explain(target: Path, draw: Callable[[], Pixels]) -> None:
    """Draw, or say why not: the answer has been given and must not be lost to a drawing."""
    try:
        write_picture(target, draw())
    except FvsError as error:
        print_error(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it changes nothing of the answer
        print_error(FvsError(f"{target} could not be drawn: {type(error).__name__}: {error}"))


def print_answer(answer: VerificationAnswer, *, with_pad: bool) -> None:
    """Print an answer for people: outcome, facts and reasons with advice."""
    outcome = Outcome(answer.outcome)
    print_line((outcome.replace("_", " "), OUTCOME_STYLES[outcome]))
    facts = Table.grid(padding=(0, 2))
    facts.add_row("score", _shown(answer.score))
    facts.add_row("threshold", f"{_shown(answer.threshold)} (target FMR {answer.target_fmr:g})")
    if with_pad:
        facts.add_row("live", _shown_liveness(answer.selfie))
    facts.add_row("selfie", _shown_face(answer.selfie))
    if answer.card is not None:
        facts.add_row("card", _shown_face(answer.card))
    OUTPUT_CONSOLE.print(facts)
    for reason in answer.reasons:
        print_line(f"- {reason.about}: ", (reason.code, "bold"))
        OUTPUT_CONSOLE.print(f"    {reason.english}\n    {reason.thai}")


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


def _print_picture(path: Path, faces: list[FoundFace], answer: PictureAnswer) -> None:
    print_line((str(path), "bold"), f": {answer.status}")
    facts = Table.grid(padding=(0, 2))
    size = f" {answer.width_px} x {answer.height_px} px" if answer.width_px else ""
    facts.add_row("  file", f"{answer.file_format or 'unknown'}{size}")
    facts.add_row("  faces", str(len(faces)))
    facts.add_row("  chosen", _shown_face(answer))
    facts.add_row("  live", _shown_liveness(answer))
    OUTPUT_CONSOLE.print(facts)
    if answer.face_xyxy_px is None:
        return
    table = Table("component", "raw", "0..100", box=None, padding=(0, 2))
    for component, measure in answer.quality.items():
        style = "red" if measure.refused else ""
        table.add_row(component, _shown(measure.raw), _shown(measure.scalar, 0), style=style)
    OUTPUT_CONSOLE.print(table)


def _shown_face(answer: PictureAnswer) -> str:
    if answer.face_xyxy_px is None:
        return answer.status
    box = ", ".join(f"{value:.0f}" for value in answer.face_xyxy_px)
    return f"{answer.status}, face at ({box}) px, eyes {_shown(answer.inter_eye_px, 0)} px apart"


def _shown_liveness(answer: PictureAnswer) -> str:
    liveness = answer.liveness
    if liveness.live_probability is None:
        return NOT_ASSESSED + _because_of(liveness.status)
    threshold = "" if liveness.threshold is None else f" (threshold {liveness.threshold:g})"
    return f"probability {liveness.live_probability:.3f}{threshold}"


def _because_of(status: str) -> str:
    """The cause, where it lies before the PAD networks."""
    if status in (Status.OK.code, Status.LIVENESS_NOT_ASSESSED.code):
        return ""
    return f" ({status.replace('_', ' ')})"


def _shown(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
