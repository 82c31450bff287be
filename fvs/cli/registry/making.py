"""What `fvs registry init` makes, and unmakes where a step fails."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fvs.deployment.registry_file import FILE_NAME, KeysSpec, RegistrySpec, SqliteSpec, write_spec
from fvs.deployment.registry_location import Location, user_keys_dir
from fvs.errors import DeploymentError, UsageError
from fvs.registry.keys import KEY_RING_VARIABLE, KeyRing
from fvs.registry.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.deployment.registry_file import DuplicatesSpec, EnrolmentSpec, PostgresSpec

__all__ = ["Made", "Plan", "make", "make_folder", "remover", "write_public_key"]

PUBLIC_KEY_FILE = "proofs.pub"

_FOLDER_MODE = 0o700
_NAME_BYTES = 4
BACK_UP = (
    "Back the key ring up now, and keep that copy apart from the data. Whoever loses it loses "
    "every template for good; whoever has both has every face."
)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` made.

    Attributes:
        key_ring: the file; null where the environment holds the ring.
        public_key: of erasure proofs, in hexadecimal; not secret.
    """

    registry_id: str
    folder: str
    store: str
    key_ring: str | None
    public_key: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for; `key_ring` None leaves the place to this user's configuration."""

    folder: Path
    pack: str
    store: SqliteSpec | PostgresSpec
    key_ring: Path | None
    enrolment: EnrolmentSpec
    duplicates: DuplicatesSpec | None


def make(plan: Plan) -> Made:
    """Make a registry; what was made is removed again where a later step fails.

    Raises:
        UsageError: a registry is there, or the key ring would lie beside the data.
        DeploymentError: the file system, the store or the pack refuses.
    """
    spec = RegistrySpec(
        pack=plan.pack,
        store=plan.store,
        keys=KeysSpec(file=str(_key_file(plan.folder, plan.key_ring))),
        enrolment=plan.enrolment,
        duplicates=plan.duplicates,
    )
    return _make(Location(plan.folder, spec))


def _key_file(folder: Path, named: Path | None) -> Path:
    """Where the key ring will be.

    Raises:
        UsageError: inside the registry's folder.
    """
    name = f"{folder.resolve().name}-{secrets.token_hex(_NAME_BYTES)}.json"
    path = (named or user_keys_dir() / name).resolve()
    if path.is_relative_to(folder.resolve()):
        raise UsageError(
            "the key ring would lie in the registry's folder, beside what it protects",
            advice="Name a file elsewhere with --key-ring.",
        )
    return path


def _make(location: Location) -> Made:
    """All of it; what was made is removed again where a later step fails."""
    folder, spec = location.folder, location.spec
    model = location.open_pack().embedder.manifest
    with ExitStack() as undo:
        make_folder(folder)
        from_environment = bool(os.environ.get(KEY_RING_VARIABLE))
        if not from_environment:
            _write_new_keys(location.key_file)
            undo.callback(location.key_file.unlink)
        keys = location.read_keys()
        store = location.open_store(create=True)
        undo.callback(remover(location))
        with closing(store):
            registry = Registry.create(store, keys, model)
            registry_id = registry.registry_id
        write_spec(folder, spec)
        undo.pop_all()
    write_public_key(folder, keys)
    return Made(
        registry_id=registry_id,
        folder=str(folder),
        store=location.describe_store(),
        key_ring=None if from_environment else str(location.key_file),
        public_key=keys.public_key.hex(),
        advice=BACK_UP,
    )


def make_folder(folder: Path) -> None:
    """The folder of a new registry.

    Raises:
        UsageError: it holds one already, or cannot be made.
    """
    if (folder / FILE_NAME).exists():
        raise UsageError(f"{folder} holds a registry already", advice="Name another folder.")
    try:
        folder.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make {folder}: {error.strerror}", advice="Name a folder that you may write."
        ) from error


def write_public_key(folder: Path, keys: KeyRing) -> None:
    """Keep what checks erasure proofs where it can be published from; it is not secret."""
    (folder / PUBLIC_KEY_FILE).write_text(f"{keys.public_key.hex()}\n", encoding="ascii")


def _write_new_keys(path: Path) -> None:
    try:
        path.parent.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise DeploymentError(
            f"cannot make {path.parent}: {error.strerror}", advice="Name a file with --key-ring."
        ) from error
    KeyRing.generate().write(path)


def remover(location: Location) -> Callable[[], None]:
    """What removes a new SQLite file; a new schema stays, for only its owner may drop one."""
    store = location.spec.store
    if not isinstance(store, SqliteSpec):
        return lambda: None
    database = location.database(store)
    return lambda: database.unlink(missing_ok=True)
