"""The authority's services, made of the registry that is open; their threads run until the end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.deployment.registry_location import Location
from fvs_server.audit import AuditLog
from fvs_server.enrolment.acts import ActNotes
from fvs_server.enrolment.jobs import ImportJobs
from fvs_server.enrolment.keeper import RegistryKeeper
from fvs_server.enrolment.queue import ImportQueue
from fvs_server.enrolment.reviews import Reviews
from fvs_server.enrolment.rows import RowSeal
from fvs_server.enrolment.service import Enrolment
from fvs_server.enrolment.worker import ImportWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from fvs.subjects import Pseudonymiser
    from fvs_server.database import Database
    from fvs_server.extraction import Extractor
    from fvs_server.secrets import ServerSecrets
    from fvs_server.services.faces import Faces
    from fvs_server.settings import Settings

__all__ = ["Authority", "Surroundings", "open_authority"]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the authority's services share with others.

    Attributes:
        settings: of the server.
        secrets: of the server.
        database: of the server.
        faces: networks and registry.
        extractor: that pictures are worked on by.
        pseudonyms: of subjects, in the server's tables.
        clock: the time, UTC.
    """

    settings: Settings
    secrets: ServerSecrets
    database: Database
    faces: Faces
    extractor: Extractor
    pseudonyms: Pseudonymiser
    clock: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What only the authority's keys may call.

    Attributes:
        enrolment: of one subject at a time.
        imports: of many.
        reviews: of suspected duplicates.
        keeper: of the registry; `reload_keys` when the key ring was rotated.
        worker: of imports.
    """

    enrolment: Enrolment
    imports: ImportJobs
    reviews: Reviews
    keeper: RegistryKeeper
    worker: ImportWorker


@contextmanager
def open_authority(around: Surroundings) -> Iterator[Authority | None]:
    """The authority's services, their threads started; None where there is no registry.

    Raises:
        DeploymentError, UsageError: the registry's file is not there or not right.
    """
    authority = _authority(around)
    if authority is None:
        yield None
        return
    with authority.keeper.running(), authority.worker.running():
        yield authority


def _authority(around: Surroundings) -> Authority | None:
    registry, database, clock = around.faces.registry, around.database, around.clock
    if registry is None:
        return None
    settings, seal = around.settings.imports, RowSeal(around.secrets)
    location = Location.find(Path(around.settings.registry.folder))
    notes = ActNotes(audit=AuditLog(), model_ids=around.faces.model_ids, clock=clock)
    enrolment = Enrolment(
        registry=registry,
        defaults=location.spec.enrolment,
        engine=around.faces.engine,
        extractor=around.extractor,
        database=database,
        notes=notes,
        pseudonyms=around.pseudonyms,
        clock=clock,
    )
    queue = ImportQueue(
        settings=settings,
        database=database,
        notes=notes,
        clock=clock,
        holder=ImportQueue.new_holder(),
    )
    return Authority(
        enrolment=enrolment,
        imports=ImportJobs(
            settings=settings,
            database=database,
            seal=seal,
            notes=notes,
            pseudonyms=around.pseudonyms,
            clock=clock,
        ),
        reviews=Reviews(registry=registry, database=database, notes=notes, clock=clock),
        keeper=RegistryKeeper(location, registry, index=around.settings.registry.index),
        worker=ImportWorker(queue, seal, enrolment),
    )
