"""Where a registry is: its folder, store and key ring, opened as `registry.toml` says."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import platformdirs

from fvs.deployment.packs import open_pack
from fvs.deployment.registry_file import PostgresSpec, SqliteSpec, read_spec
from fvs.errors import DeploymentError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.deployment.registry_file import RegistrySpec
    from fvs.packs import Pack
    from fvs.registry.keys import KeyRing
    from fvs.registry.registry import Registry
    from fvs.registry.store import RecordStore

__all__ = ["REGISTRY_VARIABLE", "Location", "require_extra", "user_keys_dir"]

REGISTRY_VARIABLE = "FVS_REGISTRY"
_NEEDED_BY_THE_EXTRA = ("faiss", "psycopg", "psycopg_pool")


def user_keys_dir() -> Path:
    """Where `init` puts key rings: this user's own configuration, away from every registry."""
    return Path(platformdirs.user_config_dir("fvs", appauthor=False)) / "keys"


@contextmanager
def require_extra() -> Iterator[None]:
    """Speak of a missing package of the extra `registry` as an error with advice.

    Raises:
        MissingExtraError: an import inside failed for want of one.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _NEEDED_BY_THE_EXTRA:
            raise
        raise MissingExtraError(
            f"this registry needs {package}",
            advice="Install it with `pip install 'face-verification-service[registry]'`.",
        ) from error


@dataclass(frozen=True)
class Location:
    """A registry that is there.

    Attributes:
        folder: that holds `registry.toml`.
        spec: what the file says.
    """

    folder: Path
    spec: RegistrySpec

    @classmethod
    def find(cls, folder: Path | None) -> Self:
        """The registry of --registry or FVS_REGISTRY.

        Raises:
            UsageError: neither names one, or it is none.
        """
        if folder is None:
            raise UsageError(
                "no registry was named",
                advice=f"Name its folder with --registry or in {REGISTRY_VARIABLE}.",
            )
        return cls(folder, read_spec(folder))

    @property
    def key_file(self) -> Path:
        """Where the key ring is, unless the environment holds it."""
        return self.folder / self.spec.keys.file

    def read_keys(self) -> KeyRing:
        """The key ring: of FVS_KEY_RING where that is set, else of the file.

        Raises:
            KeyRingError: it is missing, malformed or open to others.
        """
        from fvs.registry.keys import KEY_RING_VARIABLE, KeyRing  # noqa: PLC0415 - 0.1 s

        if os.environ.get(KEY_RING_VARIABLE):
            return KeyRing.from_environment(os.environ)
        return KeyRing.read(self.key_file)

    def require_key_file(self) -> None:
        """Refuse to change a key ring that is not in a file.

        Raises:
            UsageError: the environment holds it.
        """
        from fvs.registry.keys import KEY_RING_VARIABLE  # noqa: PLC0415 - 0.1 s

        if os.environ.get(KEY_RING_VARIABLE):
            raise UsageError(
                f"the key ring is in the variable {KEY_RING_VARIABLE}, which cannot be changed",
                advice="Write it to the file that registry.toml names, and unset the variable.",
            )

    def open_store(self, *, create: bool = False) -> RecordStore:
        """The store.

        Raises:
            StoreError: it refuses; or, with `create`, is there already.
            MissingExtraError: it needs the extra `registry`.
            DeploymentError: the variable of its connection string is not set.
        """
        if isinstance(self.spec.store, SqliteSpec):
            from fvs.registry.sqlite_store import SqliteStore  # noqa: PLC0415 - only where used

            return SqliteStore.open(self.database(self.spec.store), create=create)
        with require_extra():
            from fvs.registry.postgres_store import PostgresStore  # noqa: PLC0415 - the extra
        schema = self.spec.store.schema
        return PostgresStore.open(dsn_of(self.spec.store), schema=schema, create=create)

    def database(self, spec: SqliteSpec) -> Path:
        """The file of a SQLite store."""
        return self.folder / spec.file

    def check_store(self) -> None:
        """Have a SQLite file read whole; PostgreSQL checks its pages as they are read.

        Raises:
            StoreError: its content is damaged.
        """
        if isinstance(self.spec.store, SqliteSpec):
            from fvs.registry.sqlite_files import check_file  # noqa: PLC0415 - only where used

            check_file(self.database(self.spec.store))

    def migrate_store(self) -> tuple[int, int]:
        """Bring the store's schema to the newest version; returns the one before and that after.

        Raises:
            StoreError: the store refuses, or is newer than this version of fvs.
        """
        from fvs.registry.migrate import shipped  # noqa: PLC0415 - only where used

        store = self.spec.store
        if isinstance(store, SqliteSpec):
            from fvs.registry.sqlite_files import migrate_file  # noqa: PLC0415 - only where used

            return migrate_file(self.database(store)), len(shipped("sqlite"))
        with require_extra():
            from fvs.registry.postgres_schema import migrate_schema  # noqa: PLC0415 - the extra
        return migrate_schema(dsn_of(store), store.schema), len(shipped("postgres"))

    @contextmanager
    def opened(self, pack: Pack | None = None) -> Iterator[Registry]:
        """The registry without its index, until the end of the block.

        Args:
            pack: of the registry, where it was opened already.

        Raises:
            StoreError: the store refuses, or holds no registry.
            KeyRingError: the key ring is missing, or that of another registry.
            ModelMismatchError: the pack's embedder is another than that of the templates.
            MissingExtraError: the extra `registry` is not installed.
        """
        with require_extra():
            from fvs.deployment.registry_opening import attach_registry  # noqa: PLC0415 - needs faiss
        with attach_registry(self, pack or self.open_pack()) as registry:
            yield registry

    @property
    def index_dir(self) -> Path | None:
        """Where the index is kept between processes; None keeps none."""
        folder = self.spec.index.folder
        return None if folder is None else self.folder / folder

    def describe_store(self) -> str:
        """The store in words, without anything secret."""
        store = self.spec.store
        if isinstance(store, SqliteSpec):
            return str(self.database(store))
        return f"PostgreSQL, schema {store.schema} (connection in {store.dsn_variable})"

    def open_pack(self) -> Pack:
        """The pack that the registry was made for."""
        return open_pack(self.spec.pack)


def dsn_of(spec: PostgresSpec) -> str:
    """The connection string.

    Raises:
        MissingExtraError: the extra `registry` is not installed.
        DeploymentError: its variable is not set, or holds none.
    """
    dsn = os.environ.get(spec.dsn_variable, "")
    if not dsn:
        raise DeploymentError(
            f"the variable {spec.dsn_variable} is not set",
            advice="Set it to the connection string of the PostgreSQL database.",
        )
    with require_extra():
        from psycopg import ProgrammingError  # noqa: PLC0415 - the extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - the extra
    try:
        conninfo_to_dict(dsn)
    except ProgrammingError:
        # Not chained: psycopg quotes the string, password and all.
        raise DeploymentError(
            f"the variable {spec.dsn_variable} holds no connection string",
            advice="Write postgresql://USER@HOST/DATABASE, or host=HOST dbname=DATABASE user=USER.",
        ) from None
    return dsn
