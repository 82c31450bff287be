"""`fvs registry enrol`: one portrait under one number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.answer import Reason
from fvs.cli.common import JsonOption, read_picture
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.registry.items import Portrait, advice_on
from fvs.cli.registry.options import (
    KindOfNumberOption,
    NumberArgument,
    RegistryOption,
    read_subject,
)
from fvs.deployment.registry_location import Location, require_extra
from fvs.registry.days import portrait_day, retention_day
from fvs.registry.records import TemplateKind
from fvs.subjects import SubjectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.bulk.portraits import Portraits

__all__ = ["enrol"]

REFUSED = "refused"
ERASED_BEFORE = "erased_before"


class EnrolmentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one portrait.

    Attributes:
        outcome: enrolled, unchanged, erased_before or refused.
        subject: the number, masked.
        record_id: of the template that is kept; null where none is.
        quality: the unified quality score, 0 to 100.
        reasons: why it was not enrolled.
    """

    outcome: str
    subject: str
    record_id: str | None
    quality: float | None
    reasons: list[Reason]


def enrol(
    number: NumberArgument,
    card: Annotated[Path, typer.Argument(help="The ID card, or its portrait.")],
    *,
    kind: Annotated[
        TemplateKind, typer.Option(help="What the portrait was taken from.")
    ] = TemplateKind.CARD,
    portrait_date: Annotated[
        str | None, typer.Option(help="When it was taken.", metavar="YYYY-MM-DD")
    ] = None,
    legal_basis: Annotated[
        str, typer.Option(help="Consent or law that allows keeping it. \\[default: the registry's]")
    ] = "",
    source: Annotated[str, typer.Option(help="Where it comes from, in your words.")] = "",
    retain_until: Annotated[
        str | None,
        typer.Option(
            help="Last day that it may be kept. \\[default: by the registry's rule]",
            metavar="YYYY-MM-DD",
        ),
    ] = None,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol the face of a card under a number.

    Only the template is kept, sealed; the picture is not. A second portrait of the same person is
    kept beside the first, the same picture twice changes nothing.

    Exit codes: 0 enrolled, or there already, 2 refused: the reasons say why, 3 wrong use.

    Examples:
      fvs registry enrol - card.jpg --registry people < number.txt
      fvs registry enrol 1234567890121 card.jpg --portrait-date 2024-05-01 --json
    """
    location = Location.find(registry)
    portrait = Portrait(
        place=str(card),
        subject=read_subject(number, kind_of_number),
        path=card,
        kind=kind,
        portrait_date=portrait_day(portrait_date),
        source=source,
        legal_basis=legal_basis,
        retain_until=retention_day(retain_until),
    )
    answer = _enrol(location, portrait, read_picture(card))
    if as_json:
        print_json(answer)
    else:
        _print_answer(answer)
    raise typer.Exit(ExitCode.NO_DECISION if answer.reasons else ExitCode.MATCH)


def _enrol(location: Location, portrait: Portrait, content: bytes) -> EnrolmentAnswer:
    with require_extra():
        from fvs.bulk.portraits import PortraitExtraction  # noqa: PLC0415 - goes with the next
        from fvs.cli.registry.enrolling import enrolment_of  # noqa: PLC0415 - 0.1 s

    pack = location.open_pack()
    with location.opened(pack) as registry:
        portraits = PortraitExtraction(pack)([content])
        refusals = portraits.refusals[0]
        if refusals:
            return _answer(portrait, REFUSED, refusals, None, portraits)
        enrolment = enrolment_of(portrait, portraits, 0, location.spec.enrolment)
        receipt = registry.enrol([enrolment])
    outcome = receipt.outcomes[0]
    if outcome == ERASED_BEFORE:
        return _answer(portrait, outcome, (ERASED_BEFORE,), None, portraits)
    return _answer(portrait, outcome, (), receipt.record_ids[0], portraits)


def _answer(
    portrait: Portrait,
    outcome: str,
    codes: Sequence[str],
    record_id: bytes | None,
    portraits: Portraits,
) -> EnrolmentAnswer:
    quality = float(portraits.quality[0])
    advice = [(code, advice_on(code)) for code in codes]
    return EnrolmentAnswer(
        outcome=outcome,
        subject=str(portrait.subject),
        record_id=None if record_id is None else record_id.hex(),
        quality=round(quality, 1) if math.isfinite(quality) else None,
        reasons=[
            Reason(code=code, about="card", english=words.english, thai=words.thai)
            for code, words in advice
        ],
    )


def _print_answer(answer: EnrolmentAnswer) -> None:
    style = "bold yellow" if answer.reasons else "bold green"
    print_line((answer.outcome.replace("_", " "), style), f": {answer.subject}")
    for reason in answer.reasons:
        print_line("- ", (reason.code, "bold"))
        OUTPUT_CONSOLE.print(f"    {reason.english}\n    {reason.thai}")
