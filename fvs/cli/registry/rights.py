"""`fvs registry export`, `erase` and `expire`: what subjects may ask for, and what time does."""

from __future__ import annotations

import sys
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line
from fvs.cli.registry.files import private_file, require_new_file
from fvs.cli.registry.options import (
    KindOfNumberOption,
    NumberArgument,
    RegistryOption,
    read_subject,
)
from fvs.deployment.registry_location import Location
from fvs.errors import UsageError
from fvs.registry.days import today
from fvs.subjects import SubjectKind

if TYPE_CHECKING:
    from fvs.registry.lifecycle import ErasureReceipt
    from fvs.subjects import SubjectId

__all__ = ["erase", "expire", "export"]

_MOST_COUNTED = 1_000_000
"""Of a dry run: some gigabyte of records."""

YesOption = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]


def export(
    number: NumberArgument,
    *,
    out: Annotated[Path, typer.Option(help="New file to write, for your eyes only (0600).")],
    templates: Annotated[
        bool, typer.Option("--templates", help="With the templates themselves, unsealed.")
    ] = False,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything that is kept about one person, as JSON.

    Exit codes: 0 written, 2 nothing is kept under the number, 3 wrong use.

    Examples:
      fvs registry export - --out export.json --registry people < number.txt
      fvs registry export 1234567890121 --out export.json --templates --json
    """
    location = Location.find(registry)
    require_new_file(out)
    subject = read_subject(number, kind_of_number)
    with location.opened() as opened:
        document = opened.export(subject, templates=templates)
    if not document.records:
        _say_that_nothing_is_kept(subject, as_json=as_json)
    with private_file(out) as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    if as_json:
        summary = {"subject": str(subject), "records": len(document.records), "out": str(out)}
        print_json(summary)
    else:
        print_line(f"{subject}: {len(document.records)} records written to {out}")


def erase(
    number: NumberArgument,
    *,
    out: Annotated[Path, typer.Option(help="New file for the signed proof.")],
    yes: YesOption = False,
    kind_of_number: KindOfNumberOption = SubjectKind.CITIZEN_ID,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy all templates of one person, and write a signed proof of it.

    It cannot be undone. Older backups keep the templates until they are destroyed, or until the
    wrapping key they were sealed under is (see `rotate-keys`). Doing it again writes a proof
    again, which states the later time.

    Exit codes: 0 erased, 2 nothing was ever kept under the number, 3 wrong
    use.

    Examples:
      fvs registry erase - --out proof.json --yes --registry people < number.txt
      fvs registry erase 1234567890121 --out proof.json --yes --json
    """
    location = Location.find(registry)
    require_new_file(out)
    subject = read_subject(number, kind_of_number)
    with location.opened() as opened:
        _require_consent(f"Erase all templates of {subject}?", agreed=yes)
        receipt = opened.erase(subject, datetime.now(UTC))
    if receipt.proof is None:
        _say_that_nothing_is_kept(subject, as_json=as_json)
    else:
        with private_file(out) as file:
            file.write(receipt.proof)
        _report_erasure(subject, receipt, out, as_json=as_json)


def expire(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many would be erased, and erase none.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="New file for the signed proofs, one a line.")
    ] = None,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase what is past its last day; meant to be run daily.

    Exit codes: 0 done, 3 wrong use.

    Examples:
      fvs registry expire --dry-run --registry people
      fvs registry expire --out proofs.jsonl --json
    """
    location = Location.find(registry)
    if out is not None:
        require_new_file(out)
    day = today()
    if dry_run:
        with closing(location.open_store()) as store:
            due = len(store.expired(day, _MOST_COUNTED))
        _report_expiry(due, erased=False, as_json=as_json)
        return
    erased = 0
    proofs = nullcontext(None) if out is None else private_file(out)
    with location.opened() as opened, proofs as file:
        for receipt in opened.expire(day):
            erased += len(receipt.record_ids)
            if file is not None:
                file.write((receipt.proof or b"") + b"\n")
    _report_expiry(erased, erased=True, as_json=as_json)


def _require_consent(question: str, *, agreed: bool) -> None:
    """Ask before what cannot be undone.

    Raises:
        UsageError: nobody is there to be asked, or the answer is no.
    """
    if agreed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "erasure cannot be undone and nobody is there to confirm it", advice="Add --yes."
        )
    if not typer.confirm(question, err=True):
        raise UsageError("it was not confirmed, so nothing was erased", advice="Add --yes.")


def _say_that_nothing_is_kept(subject: SubjectId, *, as_json: bool) -> None:
    """Tell, and exit.

    Raises:
        Exit: with the code of no decision.
    """
    if as_json:
        print_json({"subject": str(subject), "records": 0})
    else:
        print_line(f"{subject}: nothing is kept")
    raise typer.Exit(ExitCode.NO_DECISION)


def _report_erasure(
    subject: SubjectId, receipt: ErasureReceipt, out: Path, *, as_json: bool
) -> None:
    records = len(receipt.record_ids)
    if as_json:
        document = {"subject": str(subject), "records": records, "revision": receipt.revision}
        print_json({**document, "proof": str(out)})
    else:
        print_line(f"{subject}: {records} records erased; proof in {out}")


def _report_expiry(records: int, *, erased: bool, as_json: bool) -> None:
    if as_json:
        print_json({"records": records, "erased": erased})
    else:
        words = "erased" if erased else "would be erased"
        print_line(f"{records} records past their last day {words}")
