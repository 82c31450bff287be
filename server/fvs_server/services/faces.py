"""The networks, the levels and the registry that this server works with, opened."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.deployment.packs import open_engine, open_pack
from fvs.deployment.registry_location import Location, require_extra
from fvs.engine import EngineSettings
from fvs.errors import DeploymentError, UsageError
from fvs.network import Runtime
from fvs_server.services.levels import LevelTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.engine import Engine
    from fvs.packs import Pack
    from fvs.registry.alike import AlikeVerifier
    from fvs.registry.registry import Registry
    from fvs_server.settings import Settings

__all__ = ["Faces", "open_faces", "open_worker_engine"]


@dataclass(frozen=True, kw_only=True)
class Faces:
    """All that judges faces.

    Attributes:
        pack: of the networks.
        engine: of the pack.
        levels: of assurance.
        registry: of the authority; None where this server compares pictures only.
        verifier: of the registry, which does not tell who is enrolled.
    """

    pack: Pack
    engine: Engine
    levels: LevelTable
    registry: Registry | None
    verifier: AlikeVerifier | None

    @property
    def model_ids(self) -> tuple[str, ...]:
        """Of all networks of the pack."""
        return tuple(files.manifest.id for files in self.pack.files)


@contextmanager
def open_faces(settings: Settings, engine: Engine | None = None) -> Iterator[Faces]:
    """Open them, and close the registry at the end of the block.

    Args:
        settings: of the server.
        engine: of the same pack, where one was opened already.

    Raises:
        DeploymentError: a pack, a certificate, the registry or its keys are not there or not right.
        UsageError: likewise; its advice names the setting.
    """
    location = _location(settings.registry.folder)
    _require_certificate(settings.engine.certificate)
    pack = location.open_pack() if location else open_pack(settings.engine.pack)
    levels = LevelTable(settings, pack)
    with ExitStack() as stack:
        registry = stack.enter_context(_opened(location, pack, settings)) if location else None
        alike = registry.alike(from_store=not settings.registry.index) if registry else None
        yield Faces(
            pack=pack,
            engine=engine or open_worker_engine(pack, Runtime(provider=settings.engine.provider)),
            levels=levels,
            registry=registry,
            verifier=alike,
        )


def open_worker_engine(pack: Pack, runtime: Runtime) -> Engine:
    """One that works in the threads, or the process, that call it."""
    return open_engine(pack, EngineSettings(workers=1), runtime)


def _location(folder: str) -> Location | None:
    """Where the registry is; None without one."""
    if not folder:
        return None
    try:
        return Location.find(Path(folder))
    except UsageError as error:
        raise DeploymentError(
            str(error), advice="Name in [registry] folder one that `fvs registry init` made."
        ) from error


def _require_certificate(own: str | None) -> None:
    if own is not None and not Path(own).exists():
        raise DeploymentError(
            f"there is no certificate {own}",
            advice="Correct [engine] certificate, or leave it out: the pack has one of its own.",
        )


@contextmanager
def _opened(location: Location, pack: Pack, settings: Settings) -> Iterator[Registry]:
    with require_extra():
        from fvs.deployment.registry_opening import (  # noqa: PLC0415 - needs faiss
            attach_registry,
            duplicate_policy,
            open_registry,
        )
    if not settings.registry.index:
        with attach_registry(location, pack) as registry:
            yield registry
        return
    own = settings.engine.certificate
    spec = location.spec.duplicates
    policy = duplicate_policy(spec, pack, Path(own) if own else None) if spec else None
    # Replicas would write one folder: each makes its own index.
    with open_registry(location, pack, duplicates=policy) as registry:
        yield registry
