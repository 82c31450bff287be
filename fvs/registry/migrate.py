"""The schema of a store, step by step: numbered SQL files, each with its way back.

A step is two files, `NNNN_name.up.sql` and `NNNN_name.down.sql`, numbered from 1 without a gap.
All steps of one migration run in one transaction, so that a schema is never half of two versions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from fvs.registry.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from importlib.resources.abc import Traversable

__all__ = ["Migration", "SchemaTarget", "migrate", "read_migrations", "require_current", "shipped"]

_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.(?P<way>up|down)\.sql")

_VERSION_TABLE = """
CREATE TABLE IF NOT EXISTS schema_versions (
    number INTEGER PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""


@dataclass(frozen=True)
class Migration:
    """One step of the schema: SQL scripts there and back."""

    number: int
    name: str
    up: str
    down: str

    def forwards(self) -> str:
        """The step and its entry in the version table."""
        entry = f"INSERT INTO schema_versions (number, name) VALUES ({self.number}, '{self.name}');"  # noqa: S608 - a number, and letters that `_FILE_NAME` lets through
        return f"{self.up}\n{entry}\n"

    def backwards(self) -> str:
        """The way back, which removes the entry."""
        return f"{self.down}\nDELETE FROM schema_versions WHERE number = {self.number};\n"


class SchemaTarget(Protocol):
    """A database that migrations run on."""

    def exclusively(self) -> AbstractContextManager[None]:
        """One transaction that no other migration runs beside."""
        ...

    def run(self, script: str) -> None:
        """Execute the statements of `script`."""
        ...

    def version(self) -> int:
        """The highest number in the version table; 0 where the table is empty or missing."""
        ...


def shipped(dialect: str) -> tuple[Migration, ...]:
    """The steps that come with this version of fvs; `dialect` is `sqlite` or `postgres`."""
    return read_migrations((files("fvs.registry") / "migrations" / dialect).iterdir())


def read_migrations(scripts: Iterable[Traversable]) -> tuple[Migration, ...]:
    """Steps by number.

    Raises:
        StoreError: a step lacks one direction, two have one number, or a number is left out.
    """
    by_name = {script.name: script.read_text(encoding="utf-8") for script in scripts}
    names = sorted(name for name in by_name if name.endswith(".up.sql"))
    steps = tuple(_step(name, by_name) for name in names)
    numbers = [step.number for step in steps]
    if len(by_name) != 2 * len(steps) or numbers != list(range(1, len(steps) + 1)):
        raise StoreError("migrations are not numbered 1, 2, 3 ... each with an up and a down file")
    return steps


def _step(up_name: str, by_name: dict[str, str]) -> Migration:
    down_name = up_name.removesuffix(".up.sql") + ".down.sql"
    match = _FILE_NAME.fullmatch(up_name)
    if match is None or down_name not in by_name:
        raise StoreError(f"the migration {up_name} is misnamed, or {down_name} is missing")
    return Migration(int(match["number"]), match["name"], by_name[up_name], by_name[down_name])


def migrate(target: SchemaTarget, steps: Sequence[Migration], version: int | None = None) -> int:
    """Bring the schema up, or down, to `version` (the newest where it is None).

    Going down loses what only the newer schema can hold.

    Returns:
        The version before.

    Raises:
        StoreError: the schema is newer than `steps`, or there is no such version.
    """
    wanted = len(steps) if version is None else version
    if not 0 <= wanted <= len(steps):
        raise StoreError(f"there is no schema version {wanted}; the newest is {len(steps)}")
    with target.exclusively():
        target.run(_VERSION_TABLE)
        before = target.version()
        _refuse_newer(before, len(steps))
        for step in steps[before:wanted]:
            target.run(step.forwards())
        for step in reversed(steps[wanted:before]):
            target.run(step.backwards())
    return before


def require_current(version: int, steps: Sequence[Migration]) -> None:
    """Refuse to work on any schema but the newest.

    Raises:
        StoreError: it is older or newer, or there is none.
    """
    _refuse_newer(version, len(steps))
    if version == 0:
        raise StoreError("the database holds no registry", advice="Create the registry first.")
    if version < len(steps):
        raise StoreError(
            f"the database has schema version {version}, this version of fvs needs {len(steps)}",
            advice="Back it up, then migrate it.",
        )


def _refuse_newer(version: int, newest: int) -> None:
    if version > newest:
        raise StoreError(
            f"the database has schema version {version}, this version of fvs knows {newest}",
            advice="Use the version of fvs that wrote it, or a newer one.",
        )
