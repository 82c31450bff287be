"""`fvs registry backup`, `restore`, `migrate` and `rotate-keys`: what keeps a registry in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import JsonOption
from fvs.cli.output import print_json, print_line
from fvs.cli.registry.options import RegistryOption
from fvs.cli.registry.progress import counting
from fvs.deployment.registry_location import Location
from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.registry.keys import KeyRing
    from fvs.registry.registry import Registry

__all__ = ["migrate", "rotate_keys"]


def migrate(
    *,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the store's tables to this version of fvs; back it up first.

    Exit codes: 0 done, or nothing to do, 3 wrong use.

    Examples:
      fvs registry backup people.fvsbackup && fvs registry migrate
      fvs registry migrate --registry people --json
    """
    location = Location.find(registry)
    before, after = location.migrate_store()
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        print_line(f"nothing to do: the store has version {after}")
    else:
        print_line(f"the store had version {before} and has version {after}")


def rotate_keys(
    *,
    destroy_old: Annotated[
        bool,
        typer.Option(
            "--destroy-old",
            help="Drop the old wrapping keys once no record needs them. Older backups then open "
            "with an older copy of the key ring only; without one they are worthless.",
        ),
    ] = False,
    registry: RegistryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wrap every record's key under a new key, while others go on working.

    The new key is written into the key ring's file first; back the file up again. A rotation that
    was cut off is finished before a new key is made: run the command again. Other processes read
    the ring anew when they are started anew; until then they read old records and new ones, but
    add records under the old key.

    Exit codes: 0 rotated, 3 wrong use.

    Examples:
      fvs registry rotate-keys --registry people
      fvs registry rotate-keys --destroy-old --json
    """
    location = Location.find(registry)
    location.require_key_file()
    with location.opened() as opened:
        wrapped, ring = _rotate(opened, location)
        if destroy_old:
            ring = _without_old(opened, location, ring)
    document = {"wrapped": wrapped, "key_id": ring.current_key_id, "keys": len(ring.wrapping_keys)}
    if as_json:
        print_json(document)
    else:
        print_line(f"{wrapped} record keys wrapped under the key {ring.current_key_id}")
        print_line((f"Back up {location.key_file} again, apart from the data.", "bold yellow"))


def _rotate(opened: Registry, location: Location) -> tuple[int, KeyRing]:
    """Finish a rotation that was cut off, or else make one."""
    ring = location.read_keys()
    with counting("finish") as on_progress:
        wrapped = opened.rotate_keys(ring, on_progress) if len(ring.wrapping_keys) > 1 else 0
    if wrapped:
        return wrapped, ring
    new = ring.rotated()
    new.update(location.key_file, ring)
    with counting("rewrap") as on_progress:
        return opened.rotate_keys(new, on_progress), new


def _without_old(opened: Registry, location: Location, ring: KeyRing) -> KeyRing:
    """Drop old keys, once a whole pass has found nothing that needs them."""
    if opened.rotate_keys(ring):
        raise UsageError(
            "records were added under an old key meanwhile, so none was destroyed",
            advice="Start the other programs of this registry anew, then run this again.",
        )
    kept = ring
    for key in ring.wrapping_keys[:-1]:
        kept = kept.without(key.id)
    if kept != ring:
        kept.update(location.key_file, ring)
    return kept
