"""`fvs registry verify`: a selfie against what is enrolled under a number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fvs.answer import answer_judgement
from fvs.cli.certificates import CertificateOption
from fvs.cli.common import JsonOption, read_picture
from fvs.cli.output import print_json
from fvs.cli.registry.options import (
    KindOfNumberOption,
    NumberArgument,
    RegistryOption,
    read_subject,
)
from fvs.cli.verify import DEFAULT_TARGET_FMR, EXIT_CODES, Sex, print_answer
from fvs.deployment.certificates import open_policy
from fvs.deployment.packs import open_engine
from fvs.deployment.registry_location import Location
from fvs.operating_points import EITHER_SEX
from fvs.status import Outcome, Role
from fvs.subjects import SubjectKind

__all__ = ["verify"]


def verify(
    number: NumberArgument,
    selfie: Annotated[Path, typer.Argument(help="The live selfie (JPEG, PNG or WebP).")],
    *,
    fmr: Annotated[
        float, typer.Option(help="Operating point: at most this share of strangers match.")
    ] = DEFAULT_TARGET_FMR,
    age: Annotated[
        int | None,
        typer.Option(min=0, max=130, help="The subject's age in years, from the register."),
    ] = None,
    sex: Annotated[
        Sex | None, typer.Option(help="The subject's sex, from the register; never from the face.")
    ] = None,
    pad: Annotated[
        bool, typer.Option("--pad/--no-pad", help="Require a live selfie; --no-pad for scans.")
    ] = True,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    certificate: CertificateOption = None,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify that a selfie shows the person who is enrolled under a number.

    The answer is that of `fvs verify`, without a card's picture. Several templates of one person
    count as one score. Nothing is kept of the selfie.

    Exit codes: 0 match, 1 no match, 2 no decision (nobody is enrolled under the number, among
    other reasons), 3 wrong use.

    Examples:
      fvs registry verify - selfie.jpg --age 34 --registry people < number.txt
      fvs registry verify 1234567890121 selfie.jpg --fmr 1e-3 --json | jq .outcome
    """
    location = Location.find(registry)
    subject = read_subject(number, kind_of_number)
    pack = location.open_pack()
    policy = open_policy(pack, fmr, certificate, with_pad=pad)
    content = read_picture(selfie)
    with location.opened(pack) as opened:
        engine = open_engine(pack)
        probes = engine.extract([content], Role.SELFIE)
        scores = opened.verify_from_store([subject], probes.embeddings)
    judged = engine.judge(probes, scores, policy, [age], [sex or EITHER_SEX])
    answer = answer_judgement(judged, 0, policy)
    if as_json:
        print_json(answer)
    else:
        print_answer(answer, with_pad=pad)
    raise typer.Exit(EXIT_CODES[Outcome(answer.outcome)])
