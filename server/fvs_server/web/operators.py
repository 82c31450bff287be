"""Logging in to the pages for operators, and what their page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fvs.registry.reviews import ReviewState
from fvs_server.identity import AuthenticationMethod, Principal, Scope
from fvs_server.identity.api_keys import KeyState
from fvs_server.problems import Problem, ServiceError
from fvs_server.statistics.drift import drift_of
from fvs_server.web.dashboard import DashboardData, Numbers, present_numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs.registry.reviews import Review
    from fvs_server.database import Database
    from fvs_server.edge.languages import Language
    from fvs_server.enrolment.opening import Authority
    from fvs_server.identity.api_keys import ApiKeys
    from fvs_server.identity.authenticator import Authenticator
    from fvs_server.operation.readiness import Readiness
    from fvs_server.services.levels import LevelTable
    from fvs_server.statistics.statistics import Statistics
    from fvs_server.web.sessions import WebSessions

__all__ = ["OPERATOR_SCOPES", "Operators"]

OPERATOR_SCOPES = frozenset({Scope.STATISTICS, Scope.REVIEW, Scope.ADMIN})
_OF_NUMBERS = frozenset({Scope.STATISTICS, Scope.ADMIN})
_MOST_REVIEWS = 50


@dataclass(frozen=True, kw_only=True)
class Operators:
    """Serves the dashboard; safe to use from many threads.

    Attributes:
        database: of the server.
        keys: the table of callers' keys.
        authenticator: checks a key that is typed in.
        sessions: the cookie.
        statistics: counts of transactions.
        authority: of reviews; None where there is no registry.
        levels: with the certificate in force.
        readiness: of the service.
        clock: the time, UTC.
    """

    database: Database
    keys: ApiKeys
    authenticator: Authenticator
    sessions: WebSessions
    statistics: Statistics
    authority: Authority | None
    levels: LevelTable
    readiness: Readiness
    clock: Callable[[], datetime]

    def log_in(self, key: str, address: str) -> str:
        """The cookie for whoever shows a key that may see any part of the page.

        Args:
            key: as it was typed.
            address: of the browser; who fails too often from there waits.

        Raises:
            ServiceError: as `Authenticator.principal_of_key`; INSUFFICIENT_SCOPE.
        """
        principal = self.authenticator.principal_of_key(key, address)
        if not OPERATOR_SCOPES & principal.scopes:
            raise ServiceError(Problem.INSUFFICIENT_SCOPE)
        return self.sessions.begin(principal.key_id, self.clock())

    def principal_of(self, cookie: str) -> Principal | None:
        """Who is logged in, by what the key may do now; None where nobody is."""
        now = self.clock()
        key_id = self.sessions.key_id_of(cookie, now)
        if key_id is None:
            return None
        with self.database.reading() as connection:
            found = self.keys.find(connection, key_id)
        if found is None or found[0].state(now) is not KeyState.ACTIVE:
            return None
        key = found[0]
        if not OPERATOR_SCOPES & key.scopes:
            return None
        return Principal(
            idp=key.idp,
            key_id=key.key_id,
            scopes=key.scopes,
            method=AuthenticationMethod.API_KEY,
        )

    def dashboard(
        self, principal: Principal, days: int, idp: str | None, language: Language
    ) -> DashboardData:
        """All that this operator may see.

        Args:
            principal: of `principal_of`.
            days: length of the period that ends now.
            idp: whose numbers an administrator asks for; None is everybody's. Others see their own.
            language: of the advice.
        """
        now, certificate = self.clock(), self.levels.certificate
        whose = idp if Scope.ADMIN in principal.scopes else principal.idp
        start = now - timedelta(days=days)
        numbers: Numbers | None = None
        idps: tuple[str, ...] = ()
        if _OF_NUMBERS & principal.scopes:
            with self.database.reading() as connection:
                numbers = self._numbers(connection, (start, now), whose, language)
                if Scope.ADMIN in principal.scopes:
                    idps = self.statistics.idps(connection, start, now)
        return DashboardData(
            now=now,
            days=days,
            idp=whose,
            idps=idps,
            numbers=numbers,
            reviews=self._reviews(principal),
            health=self.readiness.look(),
            certificate_id=certificate.certificate_id,
            certificate_expires_at=certificate.expires_at,
        )

    def judge(self, principal: Principal, review_id: bytes, state: ReviewState, note: str) -> None:
        """Close a review of suspected duplicates.

        Raises:
            ServiceError: INSUFFICIENT_SCOPE; NOT_FOUND, there is no such review or registry;
                INVALID_REQUEST, the note holds the number of a person.
        """
        if Scope.REVIEW not in principal.scopes:
            raise ServiceError(Problem.INSUFFICIENT_SCOPE)
        if self.authority is None:
            raise ServiceError(Problem.NOT_FOUND)
        self.authority.reviews.resolve(review_id, state, note, principal)

    def _numbers(
        self,
        connection: Connection,
        period: tuple[datetime, datetime],
        idp: str | None,
        language: Language,
    ) -> Numbers:
        start, end = period
        counted = self.statistics.of(connection, start, end, idp)
        live = self.statistics.signals(connection, start, end, idp)
        drift = drift_of(self.levels.certificate, live)
        return present_numbers(counted.by_hour, drift, start=start, end=end, language=language)

    def _reviews(self, principal: Principal) -> tuple[Review, ...] | None:
        if self.authority is None or Scope.REVIEW not in principal.scopes:
            return None
        listed = self.authority.reviews.listed(ReviewState.OPEN, _MOST_REVIEWS, principal)
        return tuple(listed)
