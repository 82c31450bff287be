"""`fvs registry search`, `dedupe` and `reviews`: whether one face is enrolled under two numbers.

That is another purpose than verifying a claim. Without a purpose and a legal basis of its own in
`registry.toml` nobody is searched for; and what is found is a question for a person, never an
answer.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Column, Table

from fvs.cli.certificates import CertificateOption
from fvs.cli.common import JsonOption, print_advice, read_picture
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.registry.options import DEFAULT_ENGINE, EngineOption, RegistryOption
from fvs.cli.registry.plan_view import PlanAnswer, print_plan
from fvs.deployment.packs import open_engine
from fvs.deployment.registry_file import FILE_NAME
from fvs.deployment.registry_location import Location, require_extra
from fvs.errors import UsageError
from fvs.registry.errors import DuplicatesOffError
from fvs.registry.reviews import REVIEW_ID_BYTES, ReviewState, require_no_number
from fvs.status import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.deployment.registry_file import DuplicatesSpec
    from fvs.registry.duplicates import SubjectHits
    from fvs.registry.reviews import Review

__all__ = ["dedupe", "reviews", "search"]

SHOWN_ID_DIGITS = 16
SHOWN_DIGITS = 6
"""float32 has seven."""

_MOST_REVIEWS = 1000


class HitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who looks like the probe; a pseudonym, never a number."""

    subject: str
    record_id: str
    score: float


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found.

    Attributes:
        refused_for: why the picture could not be searched with.
        hits: the most alike first.
        threshold: lowest score of a hit.
        target_fmr: of that threshold, in a comparison of two.
        gallery_size: templates that were searched.
        fpir: expected share of searches for people who are not enrolled that find somebody.
        plan: how everybody was searched, and why.
    """

    refused_for: tuple[str, ...]
    hits: list[HitAnswer]
    threshold: float
    target_fmr: float
    gallery_size: int
    fpir: float
    purpose: str
    legal_basis: str
    plan: PlanAnswer | None


def search(
    selfie: Annotated[Path, typer.Argument(help="The picture of the face to search for.")],
    *,
    most: Annotated[
        int, typer.Option("--most", min=1, max=100, help="People to show at most.")
    ] = 10,
    role: Annotated[
        Role, typer.Option(help="Judge the picture as a selfie or as an ID card.")
    ] = Role.SELFIE,
    certificate: CertificateOption = None,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search everybody for a face, where the table `duplicates` of registry.toml allows it.

    Hits are shown by pseudonym with their scores and the FPIR: how often a search for somebody who
    is not enrolled finds people all the same. A hit is no proof of anything.

    Exit codes: 0 searched, whatever was found, 2 the picture is not fit, 3 wrong use.

    Examples:
      fvs registry search selfie.jpg --registry people
      fvs registry search card.jpg --role card --most 3 --json | jq .fpir
    """
    location = Location.find(registry)
    spec = _require_purpose(location)
    content = read_picture(selfie)
    with require_extra():
        from fvs.cli.registry.opening import open_registry  # noqa: PLC0415 - needs faiss
        from fvs.deployment.registry_opening import duplicate_policy  # noqa: PLC0415 - needs faiss

    pack = location.open_pack()
    policy = duplicate_policy(spec, pack, certificate)
    samples = open_engine(pack).extract([content], role)
    refusals = samples.refusals(0)
    with open_registry(location, pack, duplicates=policy, index_dir=location.index_dir) as opened:
        probes = samples.embeddings.take([] if refusals else [0])
        found = opened.search(probes, most)
    answer = SearchAnswer(
        refused_for=refusals,
        hits=_hits(found),
        threshold=policy.threshold,
        target_fmr=policy.target_fmr,
        gallery_size=found.gallery_size,
        fpir=found.fpir,
        purpose=policy.purpose,
        legal_basis=policy.legal_basis,
        plan=PlanAnswer.of(found.plan),
    )
    if as_json:
        print_json(answer)
    else:
        _print_search(answer)
    raise typer.Exit(ExitCode.NO_DECISION if refusals else ExitCode.MATCH)


def dedupe(
    *,
    engine: EngineOption = DEFAULT_ENGINE,
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            help="Worker processes: 1 is this process, 0 is one for each core. Several read "
            "vectors in the clear from a private temporary folder while they work.",
        ),
    ] = 1,
    certificate: CertificateOption = None,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare everybody with everybody, and put pairs that look alike on the review list.

    Allowed only with a table `duplicates` in registry.toml. The time grows with the square of the
    number of templates. Pairs that are on the list already stay as they are, so that it can be
    stopped and run again.

    Exit codes: 0 done, whatever was found, 3 wrong use.

    Examples:
      fvs registry dedupe --registry people
      fvs registry dedupe --workers 0
      fvs registry dedupe --json | jq .new
    """
    location = Location.find(registry)
    spec = _require_purpose(location)
    with require_extra():
        from fvs.cli.registry.deduping import (  # noqa: PLC0415 - needs faiss
            find_duplicates,
            workers_of,
        )

    answer = find_duplicates(location, spec, certificate, workers_of(engine, workers))
    if as_json:
        print_json(answer)
        return
    print_line(
        f"{answer.pairs} pairs from a score of {answer.threshold:.3f}, {answer.new} of them new "
        "on the review list"
    )
    print_line(
        f"FMR {answer.target_fmr:g} among {answer.gallery_size} templates: of people without a "
        f"double, {answer.fpir:.2%} are expected to be listed all the same (FPIR)"
    )
    print_plan(answer.plan)


def reviews(
    review: Annotated[
        str | None, typer.Argument(help="The id of a review to resolve.", metavar="ID")
    ] = None,
    *,
    state: Annotated[ReviewState, typer.Option(help="Which to list.")] = ReviewState.OPEN,
    resolve_as: Annotated[
        ReviewState | None,
        typer.Option("--as", help="What the pair is: confirmed (one person) or dismissed (two)."),
    ] = None,
    note: Annotated[str, typer.Option(help="What the reviewer saw; no number of a person.")] = "",
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List pairs that wait for a person, or write down what a person made of one.

    Exit codes: 0 done, 2 there is no review of that id, 3 wrong use.

    Examples:
      fvs registry reviews --registry people
      fvs registry reviews --state dismissed --json
      fvs registry reviews 5f2c... --as dismissed --note "twins, both came in person"
    """
    location = Location.find(registry)
    if (review is None) != (resolve_as is None):
        raise UsageError("an id and --as go together", advice="Give both, or neither to list.")
    with closing(location.open_store()) as store:
        if review is None or resolve_as is None:
            listed = store.reviews(state, _MOST_REVIEWS)
            _report_reviews(listed, as_json=as_json)
            return
        if resolve_as is ReviewState.OPEN:
            raise UsageError("a review is resolved as confirmed or dismissed", advice="See --as.")
        require_no_number(note)
        known = store.resolve_review(_review_id(review), resolve_as, note, datetime.now(UTC))
    document = {"review": review, "known": known, "state": resolve_as}
    if as_json:
        print_json(document)
    else:
        print_line(f"{review}: {resolve_as if known else 'there is no such review'}")
    raise typer.Exit(ExitCode.MATCH if known else ExitCode.NO_DECISION)


def _require_purpose(location: Location) -> DuplicatesSpec:
    """What allows searching everybody.

    Raises:
        DuplicatesOffError: nothing does; the advice says how it would be allowed.
    """
    if location.spec.duplicates is None:
        raise DuplicatesOffError(
            "this registry states no purpose for which everybody may be searched",
            advice=f"Where the law allows it, add to {location.folder / FILE_NAME}: [duplicates] "
            'with purpose = "...", legal_basis = "..." and fmr = 1e-4.',
        )
    return location.spec.duplicates


def _hits(found: SubjectHits) -> list[HitAnswer]:
    rows = zip(found.subjects, found.record_ids, found.similarity.tolist(), strict=True)
    return [
        HitAnswer(
            subject=subject.hex(), record_id=record.hex(), score=round(similarity, SHOWN_DIGITS)
        )
        for subject, record, similarity in rows
    ]


def _print_search(answer: SearchAnswer) -> None:
    for code in answer.refused_for:
        print_line("- ", (code, "bold"))
        print_advice(code)
    if answer.refused_for:
        print_line("nobody was searched for")
        return
    table = Table("person", "record", "score", box=None, padding=(0, 2))
    for hit in answer.hits:
        table.add_row(hit.subject[:SHOWN_ID_DIGITS], hit.record_id, f"{hit.score:.3f}")
    if answer.hits:
        OUTPUT_CONSOLE.print(table)
    print_line(
        f"{len(answer.hits)} people from a score of {answer.threshold:.3f} (FMR "
        f"{answer.target_fmr:g}) among {answer.gallery_size} templates"
    )
    print_line(
        f"Of searches for people who are not enrolled, {answer.fpir:.2%} find somebody all the "
        "same (FPIR): a hit is a question for a person."
    )
    print_plan(answer.plan)


def _report_reviews(listed: Sequence[Review], *, as_json: bool) -> None:
    if as_json:
        print_json({"reviews": [_review_document(review) for review in listed]})
        return
    if not listed:
        print_line("there is none")
        return
    # An id is typed again: it is never cut short, however narrow the terminal.
    identity = Column("id", no_wrap=True, min_width=2 * REVIEW_ID_BYTES)
    table = Table(identity, "score", "FPIR", "found", "note", box=None, padding=(0, 1))
    for review in listed:
        table.add_row(
            review.review_id.hex(),
            f"{review.similarity:.3f}",
            f"{review.fpir:.2%}",
            f"{review.created_at:%Y-%m-%d}",
            review.note,
        )
    OUTPUT_CONSOLE.print(table)


def _review_document(review: Review) -> dict[str, object]:
    """With bytes in hexadecimal."""
    values = msgspec.structs.asdict(review)
    return {k: v.hex() if isinstance(v, bytes) else v for k, v in values.items()}


def _review_id(text: str) -> bytes:
    try:
        review_id = bytes.fromhex(text)
    except ValueError:
        review_id = b""
    if len(review_id) != REVIEW_ID_BYTES:
        raise UsageError(
            "a review's id is 32 hexadecimal digits", advice="`fvs registry reviews` lists them."
        )
    return review_id
