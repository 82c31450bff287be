"""`fvs registry stats` and `check`: what is in a registry, and whether it is sound."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.table import Table

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.registry.options import RegistryOption
from fvs.deployment.registry_location import Location, require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.cli.registry.checking import CheckAnswer
    from fvs.registry.records import Tally

__all__ = ["check", "stats"]


class StatsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a registry.

    Attributes:
        model_id: of the embedder.
        key_id: of the key that wraps new records.
        public_key: by which erasure proofs are checked, in hexadecimal.
        subjects: people with an active template.
        active: templates that take part in comparisons.
        erased: records whose template is destroyed.
        index_bytes: that vectors and keys of the active templates take in memory.
        tallies: records by status, kind and year of enrolment.
    """

    registry_id: str
    store: str
    model_id: str
    key_id: str
    public_key: str
    revision: int
    subjects: int
    active: int
    erased: int
    index_bytes: int
    tallies: Sequence[Tally]


def stats(*, registry: RegistryOption = None, as_json: JsonOption = False) -> None:
    """Show how much is in a registry, of what kind and from when.

    Exit codes: 0 shown, 3 wrong use.

    Examples:
      fvs registry stats --registry people
      fvs registry stats --json | jq .public_key
    """
    location = Location.find(registry)
    with require_extra():
        from fvs.deployment.registry_opening import index_bytes  # noqa: PLC0415 - needs faiss

    pack, keys = location.open_pack(), location.read_keys()
    with closing(location.open_store()) as store:
        tallies = store.tallies()
    with location.opened(pack) as opened:
        numbers = opened.stats()
    answer = StatsAnswer(
        registry_id=numbers.registry_id,
        store=location.describe_store(),
        model_id=numbers.model_id,
        key_id=keys.current_key_id,
        public_key=keys.public_key.hex(),
        revision=numbers.revision,
        subjects=numbers.subjects,
        active=numbers.active,
        erased=numbers.erased,
        index_bytes=index_bytes(location, pack, numbers.active),
        tallies=tallies,
    )
    if as_json:
        print_json(answer)
    else:
        _print_stats(answer)


def check(*, registry: RegistryOption = None, as_json: JsonOption = False) -> None:
    """Read all of a registry: the store's own checks, every seal, and the index against both.

    Exit codes: 0 sound, 3 not sound, or wrong use.

    Examples:
      fvs registry check --registry people
      fvs registry check --json | jq -r '.faults[]'
    """
    location = Location.find(registry)
    with require_extra():
        from fvs.cli.registry.checking import check_registry  # noqa: PLC0415 - needs faiss

    answer = check_registry(location)
    if as_json:
        print_json(answer)
    else:
        _print_check(answer)
    if not answer.ok:
        raise typer.Exit(ExitCode.WRONG_USE)


def _print_stats(answer: StatsAnswer) -> None:
    print_line(("registry ", ""), (answer.registry_id, "bold"), f" in {answer.store}")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("people", f"{answer.subjects}")
    facts.add_row("templates", f"{answer.active} active, {answer.erased} erased")
    facts.add_row("embedder", answer.model_id)
    facts.add_row("index", f"{answer.index_bytes / 1e6:.1f} MB in memory")
    facts.add_row("revision", f"{answer.revision}")
    facts.add_row("current key", answer.key_id)
    facts.add_row("public key", answer.public_key)
    OUTPUT_CONSOLE.print(facts, soft_wrap=True)
    table = Table("status", "kind", "year", "records", box=None, padding=(0, 2))
    for tally in answer.tallies:
        table.add_row(tally.status, tally.kind, str(tally.year), str(tally.records))
    OUTPUT_CONSOLE.print(table)


def _print_check(answer: CheckAnswer) -> None:
    if answer.ok:
        print_line(("sound", "bold green"), f": {answer.active} templates open and are indexed")
    for fault in answer.faults:
        print_line(("fault", "bold red"), f": {fault}")
