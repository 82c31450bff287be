"""The one place where services are made of settings and of one another."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from fvs.bulk.engines import available_cores
from fvs.network import Runtime
from fvs_server.audit import AuditLog
from fvs_server.audit.checkpoints import CheckpointKey, Checkpoints
from fvs_server.database import Database
from fvs_server.edge.admission import Gate
from fvs_server.enrolment.opening import Authority, Surroundings, open_authority
from fvs_server.extraction import Extractor, extract_batch
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.authenticator import Authenticator
from fvs_server.limits import Limits, LimitsKeeper
from fvs_server.operation.housekeeping import Housekeeping
from fvs_server.operation.metrics import Metrics
from fvs_server.operation.readiness import Readiness
from fvs_server.operation.tls import require_usable_tls
from fvs_server.operation.traces import open_parts
from fvs_server.receipts import SigningKeys
from fvs_server.services.faces import Faces, open_faces, open_worker_engine
from fvs_server.services.publishing import Publisher
from fvs_server.statistics.statistics import Statistics
from fvs_server.transactions import Transactions
from fvs_server.web.operators import Operators
from fvs_server.web.sessions import WebSessions
from fvs_server.worker_processes import WorkerProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fvs.engine import Engine
    from fvs.subjects import Pseudonymiser
    from fvs_server.extraction import Extraction, Picture
    from fvs_server.inference import InferencePool
    from fvs_server.parts import Parts
    from fvs_server.receipts import Receipts
    from fvs_server.secrets import ServerSecrets
    from fvs_server.services.comparison import Comparison
    from fvs_server.services.desk import Desk
    from fvs_server.services.verification import Verification
    from fvs_server.settings import Settings

__all__ = ["Services", "open_services", "utc_now"]

_MS_PER_S = 1e3


@dataclass(frozen=True, kw_only=True)
class Services:
    """All that routes may call; a field a service.

    Attributes:
        settings: of the server.
        database: for handlers that join several services in one transaction.
        clock: the time, UTC.
        api_keys: the table of callers' keys.
        authenticator: who calls.
        limits: of rates, attempts, repetitions, sessions and captures.
        pseudonyms: of subjects in the server's tables.
        faces: networks, levels and registry.
        extractor: has pictures worked on.
        gate: counts the requests that wait for it.
        verification: against the registry.
        comparison: of two pictures.
        authority: enrolment, imports and reviews; None where there is no registry.
        transactions: that were answered, each in the audit log.
        statistics: counts of them.
        checkpoints: of the audit log.
        receipts: signs answers.
        metrics: for operators.
        readiness: likewise.
        operators: what their pages show.
        parts: what some of these were made of.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    api_keys: ApiKeys
    authenticator: Authenticator
    limits: Limits
    pseudonyms: Pseudonymiser
    transactions: Transactions
    faces: Faces
    extractor: Extractor
    gate: Gate
    verification: Verification
    comparison: Comparison
    authority: Authority | None
    statistics: Statistics
    checkpoints: Checkpoints
    receipts: Receipts
    metrics: Metrics
    readiness: Readiness
    operators: Operators
    parts: Parts


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@contextmanager
def open_services(
    settings: Settings,
    secrets: ServerSecrets,
    *,
    clock: Callable[[], datetime] = utc_now,
    engine: Engine | None = None,
) -> Iterator[Services]:
    """Open everything, and close it at the end of the block in reverse order.

    Args:
        settings: of the server.
        secrets: of the server.
        clock: the time, UTC.
        engine: of the settings' pack, where one was opened already.

    Raises:
        DeploymentError: something that the settings name is not there or not right.
    """
    require_usable_tls(settings.http)
    database = Database.open(settings.database.url, connections=settings.database.connections)
    with ExitStack() as stack:
        stack.callback(database.close)
        parts = stack.enter_context(open_parts(settings.traces))
        pool = parts.pool(settings.engine.workers or available_cores(), settings.engine.queue)
        stack.callback(pool.close, settings.http.drain_s)
        database.require_current()
        faces = stack.enter_context(open_faces(settings, engine))
        base = Surroundings(
            settings=settings,
            secrets=secrets,
            database=database,
            faces=faces,
            extractor=stack.enter_context(_extracting(settings, faces, pool, engine)),
            pseudonyms=secrets.pseudonyms,
            clock=clock,
        )
        authority = stack.enter_context(open_authority(base))
        services = _services(base, authority, parts)
        housekeeping = Housekeeping(
            database, services.checkpoints, services.statistics, settings.audit, clock
        )
        stack.enter_context(LimitsKeeper(database, services.limits, clock).running())
        stack.enter_context(housekeeping.running())
        yield services


@contextmanager
def _extracting(
    settings: Settings, faces: Faces, pool: InferencePool, engine: Engine | None
) -> Iterator[Extractor]:
    """In processes of their own, unless the settings want none or somebody brought an engine."""
    engines = settings.engine
    work: Callable[[Sequence[Picture]], list[Extraction]] = partial(extract_batch, faces.engine)
    with ExitStack() as stack:
        if engines.processes and engine is None:
            opening = partial(open_worker_engine, faces.pack, Runtime(provider=engines.provider))
            processes = WorkerProcesses(pool.workers, opening)
            stack.callback(processes.close)
            stack.callback(pool.drain, settings.http.drain_s)
            processes.wait_until_ready()
            work = processes.extract
        yield Extractor(
            work,
            pool,
            batch_pictures=engines.batch_pictures,
            batch_wait_s=engines.batch_wait_ms / _MS_PER_S,
        )


def _services(base: Surroundings, authority: Authority | None, parts: Parts) -> Services:
    """All services over what was opened."""
    settings, secrets, database = base.settings, base.secrets, base.database
    faces, pool, clock = base.faces, base.extractor.pool, base.clock
    metrics = Metrics()
    metrics.watch(pool, lambda: faces.levels.certificate.expires_at, clock)
    transactions = Transactions(AuditLog(), notice=metrics.decision)
    receipts = parts.receipts(SigningKeys(secrets), database, clock)
    publisher = Publisher(
        transactions=transactions,
        model_ids=faces.model_ids,
        receipts=receipts,
        issuer=settings.http.issuer,
    )
    limits = Limits.create(settings.limits, secrets)
    operators = Operators(
        database=database,
        keys=ApiKeys(secrets),
        authenticator=Authenticator.open(settings, secrets, database, clock),
        sessions=WebSessions(secrets),
        statistics=Statistics(),
        authority=authority,
        levels=faces.levels,
        readiness=Readiness(database, faces, clock),
        clock=clock,
    )
    verification, comparison = _decisions(
        base, parts, parts.desk(database, limits, clock), publisher
    )
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        api_keys=operators.keys,
        authenticator=operators.authenticator,
        limits=limits,
        pseudonyms=base.pseudonyms,
        transactions=transactions,
        faces=faces,
        extractor=base.extractor,
        gate=Gate(pool, settings.engine.deadline_s),
        verification=verification,
        comparison=comparison,
        authority=authority,
        statistics=operators.statistics,
        checkpoints=Checkpoints(CheckpointKey(secrets)),
        receipts=receipts,
        metrics=metrics,
        readiness=operators.readiness,
        operators=operators,
        parts=parts,
    )


def _decisions(
    base: Surroundings, parts: Parts, desk: Desk, publisher: Publisher
) -> tuple[Verification, Comparison]:
    """What decides on faces."""
    verification = parts.verification(
        faces=base.faces,
        extractor=base.extractor,
        desk=desk,
        publisher=publisher,
        pseudonyms=base.pseudonyms,
        clock=base.clock,
        portrait_years=base.settings.verification.portrait_years,
    )
    comparison = parts.comparison(
        faces=base.faces,
        extractor=base.extractor,
        desk=desk,
        publisher=publisher,
        clock=base.clock,
    )
    return verification, comparison
