"""All settings of a server, from one TOML file and the environment.

`FVS_SERVER_<TABLE>_<KEY>` in the environment goes before the file: FVS_SERVER_DATABASE_URL is `url`
of `[database]`. docs/reference/server-toml.md is the reference; a test holds it against this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from fvs.deployment.packs import DEFAULT_PACK
from fvs.errors import DeploymentError
from fvs_server.enrolment.settings import ImportSettings
from fvs_server.identity.settings import IdentitySettings, MtlsSettings, Oauth2Settings
from fvs_server.limits.settings import LimitsSettings
from fvs_server.operation.settings import AuditSettings, LogSettings, TraceSettings
from fvs_server.services.settings import VerificationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SETTINGS_VARIABLE",
    "AssuranceLevel",
    "DatabaseSettings",
    "EngineSettings",
    "HttpSettings",
    "RegistrySettings",
    "SecretsSettings",
    "Settings",
    "origins_of",
    "read_settings",
]

SETTINGS_VARIABLE = "FVS_SERVER"
"""Names the file; what begins with it and an underscore names one of its keys."""

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
ProviderName = Literal["cpu", "cuda", "tensorrt", "openvino"]
"""`fvs.network.Provider`, which is not imported: it would load onnxruntime to read a file."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table in which a misspelt key is an error."""


class HttpSettings(Table, frozen=True, kw_only=True):
    """`[http]`.

    Attributes:
        host: address to listen on.
        port: likewise.
        public_url: as callers and receipts name the service, without a slash at its end.
        trusted_proxies: addresses or networks whose forwarding headers are believed.
        max_body_bytes: a longer body is refused before it is read.
        drain_s: for how long a stopping server finishes what it has begun.
        head_s: a connection that has sent no whole head of a request by then is closed.
        keep_alive_s: likewise one that has sent no further request.
        connections: at a time; to more a request is answered with 503.
        tls_certificate: PEM file; with `tls_key` the server speaks TLS itself.
        tls_key: PEM file.
    """

    host: _Text = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8443
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    max_body_bytes: _Positive = 48 * 2**20
    drain_s: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    head_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    keep_alive_s: Annotated[float, msgspec.Meta(gt=0)] = 15.0
    connections: _Positive = 12_000
    tls_certificate: str | None = None
    tls_key: str | None = None

    @property
    def issuer(self) -> str:
        """As receipts name the service: `public_url`, else where it listens."""
        scheme = "http" if self.tls_certificate is None else "https"
        return self.public_url or f"{scheme}://{self.host}:{self.port}"


class EngineSettings(Table, frozen=True, kw_only=True):
    """`[engine]`.

    Attributes:
        pack: of networks; the registry's, where there is one.
        certificate: in place of the pack's own.
        workers: pictures that are worked on at a time; 0 is one a core.
        processes: whether each worker is a process of its own, which uses many cores better and
            takes some 200 MB; else threads share the networks.
        queue: pictures that may wait for a thread; beyond it requests are shed.
        deadline_s: a request that is not done by then is given up.
        provider: where networks run, as onnxruntime must be installed for it.
        batch_pictures: of several requests that may go through the networks at once; more than 1
            gains on an accelerator only.
        batch_wait_ms: for how long a picture waits for others while they are fewer.
    """

    pack: _Text = DEFAULT_PACK
    certificate: str | None = None
    workers: Annotated[int, msgspec.Meta(ge=0)] = 0
    processes: bool = True
    queue: _Positive = 64
    deadline_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    provider: ProviderName = "cpu"
    batch_pictures: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    batch_wait_ms: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 2.0


class AssuranceLevel(Table, frozen=True, kw_only=True):
    """`[assurance.NAME]`: what a verification for this level of identity assurance must pass.

    Attributes:
        target_fmr: the operating point.
        pad: whether passive liveness must hold.
        session: whether a liveness session must have been begun.
    """

    target_fmr: _Share = 1e-4
    pad: bool = True
    session: bool = False


class RegistrySettings(Table, frozen=True, kw_only=True):
    """`[registry]`.

    Attributes:
        folder: that `fvs registry init` made.
        index: whether all templates are kept in memory; else each verification reads the store.
    """

    folder: str = ""
    index: bool = True


class DatabaseSettings(Table, frozen=True, kw_only=True):
    """`[database]`: the server's own, for keys, limits, transactions and the audit log.

    Attributes:
        url: `sqlite:///FILE`, or `postgresql://USER@HOST/DATABASE`, which replicas may share.
        connections: to PostgreSQL at most, of each process.
    """

    url: str = "sqlite:///fvs-server.db"
    connections: _Positive = 8


class SecretsSettings(Table, frozen=True, kw_only=True):
    """`[secrets]`.

    Attributes:
        file: that `fvs server init` made; every replica has the same.
    """

    file: str = "fvs-server-secrets.json"


def _default_levels() -> dict[str, AssuranceLevel]:
    return {
        "ial2.1": AssuranceLevel(target_fmr=1e-3),
        "ial2.3": AssuranceLevel(target_fmr=1e-4, session=True),
        "ial2.2": AssuranceLevel(target_fmr=1e-4),
    }


class Settings(Table, frozen=True, kw_only=True):
    """The file."""

    http: HttpSettings = HttpSettings()
    engine: EngineSettings = EngineSettings()
    registry: RegistrySettings = RegistrySettings()
    database: DatabaseSettings = DatabaseSettings()
    secrets: SecretsSettings = SecretsSettings()
    identity: IdentitySettings = IdentitySettings()
    oauth2: Oauth2Settings = Oauth2Settings()
    mtls: MtlsSettings = MtlsSettings()
    limits: LimitsSettings = LimitsSettings()
    verification: VerificationSettings = VerificationSettings()
    imports: ImportSettings = ImportSettings()
    audit: AuditSettings = AuditSettings()
    logs: LogSettings = LogSettings()
    traces: TraceSettings = TraceSettings()
    assurance: dict[str, AssuranceLevel] = msgspec.field(default_factory=_default_levels)


def read_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The file's settings, and over them those of the environment.

    Args:
        path: of the file; None goes by FVS_SERVER, and without that by defaults alone.
        environment: of the process.

    Raises:
        DeploymentError: the file cannot be read, or a key or value cannot be right.
    """
    named = _named(path, environment)
    tables = _from_file(named)
    settings = _converted(tables, str(named), strict=True)
    for (table, key), text in _from_environment(environment).items():
        tables.setdefault(table, {})[key] = _value(text)
        # Not strict: all that an environment holds is text.
        settings = _converted(tables, _variable(table, key), strict=False)
    _require_name(settings.http.public_url)
    return settings


def _converted(tables: dict[str, Any], source: str, *, strict: bool) -> Settings:
    """What the tables hold; of what is wrong, the source is named."""
    try:
        return msgspec.convert(tables, Settings, strict=strict)
    except msgspec.ValidationError as error:
        raise DeploymentError(
            f"the settings of the server are wrong, {source}: {error}",
            advice="docs/reference/server-toml.md names every key.",
        ) from error


def _require_name(public_url: str) -> None:
    """Callers compare it as text: with receipts, tokens and signed requests."""
    parts = urlsplit(public_url)
    is_name = parts.scheme in {"http", "https"} and parts.netloc and not parts.path.endswith("/")
    if public_url and not (
        is_name and public_url == f"{parts.scheme}://{parts.netloc}{parts.path}"
    ):
        raise DeploymentError(
            f"{public_url!r} does not name a service",
            advice="Set [http] public_url to an address such as https://fvs.example, without a "
            "slash at its end.",
        )


def origins_of(path: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Where each key that is not a default comes from: `table.key` to a file or a variable.

    Args:
        path: as of `read_settings`, and so is what is raised.
        environment: likewise.
    """
    named = _named(path, environment)
    tables = _from_file(named)
    origins = {f"{table}.{key}": str(named) for table, keys in tables.items() for key in keys}
    for table, key in _from_environment(environment):
        origins[f"{table}.{key}"] = _variable(table, key)
    return origins


def _named(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file of the argument, else of the variable."""
    variable = environment.get(SETTINGS_VARIABLE, "")
    return path or (Path(variable) if variable else None)


def _variable(table: str, key: str) -> str:
    """That goes before the file's key."""
    return f"{SETTINGS_VARIABLE}_{table}_{key}".upper()


def _from_file(path: Path | None) -> dict[str, Any]:
    return {} if path is None else _read_toml(path)


def _from_environment(environment: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """(table, key) -> text, of the variables that name one."""
    prefix = f"{SETTINGS_VARIABLE}_"
    found = {}
    for name, text in environment.items():
        table, _, key = name.removeprefix(prefix).lower().partition("_")
        if name.startswith(prefix) and key:
            found[table, key] = text
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise DeploymentError(
            f"cannot read {path}: {error.strerror}",
            advice="Name the settings with --settings or in FVS_SERVER.",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DeploymentError(f"{path}: {error}", advice="Write it as TOML.") from error


def _value(text: str) -> object:
    """A list as JSON; everything else is converted from text by its type."""
    if not text.startswith("["):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
