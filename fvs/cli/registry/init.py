"""`fvs registry init`: a folder, a store and a key ring that is kept elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import JsonOption, PackOption
from fvs.cli.output import print_json, print_line
from fvs.deployment.packs import DEFAULT_PACK
from fvs.deployment.registry_file import DuplicatesSpec, EnrolmentSpec, PostgresSpec, SqliteSpec
from fvs.deployment.registry_location import REGISTRY_VARIABLE, require_extra
from fvs.errors import UsageError
from fvs.packs import list_packs, shipped_models_dir
from fvs.registry.days import LONGEST_RETENTION_DAYS

if TYPE_CHECKING:
    from fvs.cli.registry.making import Made

__all__ = ["init"]


def init(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The registry's folder, made where it is missing.", envvar=REGISTRY_VARIABLE
        ),
    ],
    *,
    legal_basis: Annotated[
        str, typer.Option(help="Consent or law that allows keeping templates, where none is named.")
    ],
    retain_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=LONGEST_RETENTION_DAYS,
            help="Days after enrolment until a template expires.",
        ),
    ] = None,
    key_ring: Annotated[
        Path | None,
        typer.Option(
            help="File to write the new key ring to, outside FOLDER. \\[default: this user's "
            "configuration folder]",
            metavar="FILE",
        ),
    ] = None,
    dsn_variable: Annotated[
        str | None,
        typer.Option(
            help="Keep records in the PostgreSQL database whose connection string this environment "
            "variable holds, instead of in a SQLite file.",
            metavar="NAME",
        ),
    ] = None,
    schema: Annotated[str, typer.Option(help="Schema in that database; it is made.")] = "fvs",
    duplicates_purpose: Annotated[
        str | None,
        typer.Option(help="Allow looking for people who are enrolled twice, for this purpose."),
    ] = None,
    duplicates_legal_basis: Annotated[
        str | None, typer.Option(help="Consent or law that allows that.")
    ] = None,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Make an empty registry.

    The key ring is written for its owner alone (0600), never into FOLDER; where FVS_KEY_RING holds
    one in base64, that is used and nothing is written. Back it up apart from the data.

    Exit codes: 0 made, 3 wrong use.

    Examples:
      fvs registry init people --legal-basis "PDPA section 26 (5)" --retain-days 3650
      FVS_REGISTRY_DSN=... fvs registry init people --legal-basis consent
          --dsn-variable FVS_REGISTRY_DSN
      fvs registry init people --legal-basis consent --duplicates-purpose "one person, one card"
          --duplicates-legal-basis "Ministerial Regulation 12"
    """
    with require_extra():
        from fvs.cli.registry.making import Plan, make  # noqa: PLC0415 - needs faiss

    made = make(
        Plan(
            folder=folder,
            pack=_lasting(pack),
            store=SqliteSpec()
            if dsn_variable is None
            else PostgresSpec(dsn_variable=dsn_variable, schema=schema),
            key_ring=key_ring,
            enrolment=EnrolmentSpec(
                legal_basis=_stated(legal_basis, "--legal-basis"), retain_days=retain_days
            ),
            duplicates=_duplicates(duplicates_purpose, duplicates_legal_basis),
        )
    )
    if as_json:
        print_json(made)
    else:
        _print_made(made)


def _lasting(pack: str) -> str:
    """The pack's name; or its folder, named so that it is found from anywhere."""
    folder = Path(pack)
    is_name = pack in list_packs(shipped_models_dir())
    return pack if is_name or not folder.is_dir() else str(folder.resolve())


def _duplicates(purpose: str | None, legal_basis: str | None) -> DuplicatesSpec | None:
    if purpose is None and legal_basis is None:
        return None
    if purpose is None or legal_basis is None:
        raise UsageError(
            "a purpose and its legal basis go together",
            advice="Give both --duplicates-purpose and --duplicates-legal-basis, or neither.",
        )
    return DuplicatesSpec(
        purpose=_stated(purpose, "--duplicates-purpose"),
        legal_basis=_stated(legal_basis, "--duplicates-legal-basis"),
    )


def _stated(words: str, option: str) -> str:
    """Words that say something.

    Raises:
        UsageError: they are blank.
    """
    if not words.strip():
        raise UsageError(f"{option} is blank", advice="State it in words, such as the section.")
    return words


def _print_made(made: Made) -> None:
    print_line(("registry ", ""), (made.registry_id, "bold"), f" in {made.folder}")
    print_line(f"  records   {made.store}")
    print_line(f"  key ring  {made.key_ring or 'the variable FVS_KEY_RING'}")
    print_line(f"  proofs    public key {made.public_key}")
    print_line((made.advice, "bold yellow"))
