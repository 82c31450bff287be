"""`registry.toml`: what a registry folder says about itself, and nothing secret.

The reference for operators is docs/reference/registry-toml.md; a test holds it against this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from fvs.errors import DeploymentError, UsageError
from fvs.manifest import to_toml
from fvs.registry.days import LONGEST_RETENTION_DAYS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FILE_NAME",
    "DuplicatesSpec",
    "EnrolmentSpec",
    "IndexSpec",
    "KeysSpec",
    "PostgresSpec",
    "RegistrySpec",
    "SqliteSpec",
    "parse_spec",
    "read_spec",
    "write_spec",
]

FILE_NAME = "registry.toml"

_OWNER_ONLY = 0o600

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table in which a misspelt key is an error."""


class SqliteSpec(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="sqlite"):
    """One SQLite file.

    Attributes:
        file: its path, from the registry's folder.
    """

    file: _Text = "registry.db"


class PostgresSpec(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="postgres"):
    """One schema of a PostgreSQL database.

    Attributes:
        dsn_variable: the environment variable that holds the connection string, which may hold a
            password and so never stands in this file.
        schema: its name in the database.
    """

    dsn_variable: _Text = "FVS_REGISTRY_DSN"
    schema: _Text = "fvs"


class KeysSpec(_Strict, frozen=True, kw_only=True):
    """Where the key ring is.

    Attributes:
        file: a path outside the registry's folder, so that no copy of the data holds its keys. The
            variable FVS_KEY_RING, where it is set, is used instead.
    """

    file: _Text


class EnrolmentSpec(_Strict, frozen=True, kw_only=True):
    """What holds for every template that does not say otherwise.

    Attributes:
        legal_basis: the consent or the law that allows keeping it.
        retain_days: days after enrolment until it expires; left out, it does not.
    """

    legal_basis: _Text
    retain_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_RETENTION_DAYS)] | None = None


class DuplicatesSpec(_Strict, frozen=True, kw_only=True):
    """The table whose presence allows `search` and `dedupe`.

    Attributes:
        purpose: what duplicates are looked for, in the words of the record of processing.
        legal_basis: of that purpose; not the one that templates were enrolled under.
        fmr: the pack's operating point whose threshold makes two faces a hit.
    """

    purpose: _Text
    legal_basis: _Text
    fmr: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 1e-4


class IndexSpec(_Strict, frozen=True, kw_only=True):
    """The index that `search` and `dedupe` make in memory; `verify` reads the store instead.

    Attributes:
        precision: of a vector's numbers, see `fvs.matching.precision`.
        folder: where to keep it between commands, from the registry's folder, with vectors in the
            clear (`fvs.registry.saved_gallery`); left out, it is made anew each time.
        search_memory_gb: what the vectors, and an approximate index where one pays, may take.
        recall: share of searches that must find their best hit; 1 never approximates.
    """

    precision: Literal["float32", "float16", "int8x2", "int8"] = "float32"
    folder: _Text | None = None
    search_memory_gb: Annotated[float, msgspec.Meta(gt=0)] = 16.0
    recall: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.99


class RegistrySpec(_Strict, frozen=True, kw_only=True):
    """The file.

    Attributes:
        format: of this file.
        pack: whose embedder made the templates, and whose certified operating points decide.
        store: where records are.
        keys: where the key ring is.
        enrolment: defaults of every enrolment.
        duplicates: left out, nobody is searched for.
        index: of the vectors.
    """

    format: Literal["fvs-registry-1"] = "fvs-registry-1"
    pack: _Text = "standard"
    store: SqliteSpec | PostgresSpec
    keys: KeysSpec
    enrolment: EnrolmentSpec
    duplicates: DuplicatesSpec | None = None
    index: IndexSpec = IndexSpec()


def read_spec(folder: Path) -> RegistrySpec:
    """Read `folder/registry.toml`.

    Raises:
        UsageError: there is none.
        DeploymentError: it cannot be read, or breaks its schema.
    """
    path = folder / FILE_NAME
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"{folder} holds no registry: there is no {FILE_NAME}",
            advice="Name its folder with --registry or in FVS_REGISTRY; or make one with "
            "`fvs registry init`.",
        ) from error
    except OSError as error:
        raise DeploymentError(
            f"cannot read {path}: {error.strerror}", advice="Look at the file's owner and mode."
        ) from error
    return parse_spec(content, str(path))


def parse_spec(content: bytes, name: str) -> RegistrySpec:
    """The content of a `registry.toml`; `name` is what errors call it.

    Raises:
        DeploymentError: it breaks its schema.
    """
    try:
        return msgspec.toml.decode(content, type=RegistrySpec)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DeploymentError(
            f"{name}: {error}", advice="docs/reference/registry-toml.md names every key."
        ) from error


def write_spec(folder: Path, spec: RegistrySpec) -> None:
    """Write `folder/registry.toml`, where none is yet.

    Raises:
        UsageError: there is one.
        OSError: the file system refuses.
    """
    path = folder / FILE_NAME
    try:
        path.touch(_OWNER_ONLY, exist_ok=False)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", advice="Name another folder.") from error
    try:
        path.write_text(to_toml(spec), encoding="utf-8")
    except OSError:
        path.unlink()
        raise
