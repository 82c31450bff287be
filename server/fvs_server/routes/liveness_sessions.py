"""`/v1/liveness-sessions`: begun before pictures are taken, named by one verification."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import Literal

import msgspec
from litestar import post
from litestar.params import JSONBody  # noqa: TC002 - likewise

from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.edge.subject_bodies import SubjectBody  # noqa: TC001 - likewise
from fvs_server.identity import Principal, Scope
from fvs_server.limits import Step  # noqa: TC001 - msgspec reads the annotations
from fvs_server.openapi.answers import PROBLEMS
from fvs_server.problems import Problem
from fvs_server.wiring import Services  # noqa: TC001 - Litestar reads the annotations

__all__ = ["ROUTES"]


class SessionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who will be verified."""

    subject: SubjectBody


class ChallengeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the person is to do; each step is to be seen in a frame, in this order."""

    kind: Literal["turn_head"] = "turn_head"
    steps: tuple[Step, ...]


class SessionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A session; `id` and `nonce` go into `liveness_session` of the verification."""

    id: str
    nonce: str
    expires_at: datetime
    challenge: ChallengeBody


@post(
    "/v1/liveness-sessions",
    opt={"scope": Scope.VERIFY, PROBLEMS: (Problem.RATE_LIMITED,)},
    sync_to_thread=True,
)
def create_liveness_session(
    services: Injected[Services],
    principal: Injected[Principal],
    data: JSONBody[SessionRequest],
) -> SessionAnswer:
    """Begin a liveness session for a subject, known or not."""
    subject = services.pseudonyms.of([data.subject.to_subject()])[0]
    limits, now = services.limits, services.clock()
    with services.database.writing() as connection:
        limits.rates.take(connection, principal, now)
        session = limits.sessions.create(connection, principal, subject, now)
    return SessionAnswer(
        id=session.id,
        nonce=session.nonce,
        expires_at=session.expires_at,
        challenge=ChallengeBody(steps=session.challenge.steps),
    )


ROUTES = (create_liveness_session,)
