"""Levels of identity assurance: what each must pass, by the certificate that is in force."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.decide import DecisionPolicy
from fvs.deployment.certificates import accepted_certificate
from fvs.errors import UsageError
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.certificates import Certificate
    from fvs.packs import Pack
    from fvs_server.settings import AssuranceLevel, Settings

__all__ = ["Level", "LevelTable"]


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level.

    Attributes:
        name: as requests ask for it.
        policy: what a match must satisfy.
        needs_session: whether a liveness session must have been begun.
        same_person_from: score from which frames of one request count as one person's: the
            certificate's most lenient threshold, for frames may be turned as a session asks.
        certificate_id: behind the policy.
    """

    name: str
    policy: DecisionPolicy
    needs_session: bool
    same_person_from: float
    certificate_id: str


@dataclass(frozen=True)
class _InForce:
    """What one reading of the certificate gave; replaced whole.

    Attributes:
        certificate: itself.
        levels: by name.
    """

    certificate: Certificate
    levels: Mapping[str, Level]


class LevelTable:
    """The levels of the settings. Threads may share it, also while it is reloaded."""

    def __init__(self, settings: Settings, pack: Pack) -> None:
        """Read the certificate.

        Raises:
            CertificateError: no decision may rest on it.
            UsageError: it has no point for the target of a level.
        """
        self._settings = settings
        self._pack = pack
        self._reloading = threading.Lock()
        self._in_force = self._read()

    @property
    def certificate(self) -> Certificate:
        """That is in force."""
        return self._in_force.certificate

    @property
    def names(self) -> tuple[str, ...]:
        """All levels."""
        return tuple(self._in_force.levels)

    def reload(self) -> None:
        """Read the certificate anew; one that cannot be accepted leaves the old one in force.

        Raises:
            CertificateError, UsageError: as of the constructor.
        """
        with self._reloading:
            self._in_force = self._read()

    def at(self, name: str) -> Level:
        """A level by name.

        Raises:
            ServiceError: INVALID_REQUEST, there is none of that name.
        """
        level = self._in_force.levels.get(name)
        if level is None:
            known = ", ".join(sorted(self._in_force.levels))
            wrong = Fault.UNKNOWN_LEVEL.at("/assurance_level", allowed=known)
            raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))
        return level

    def _read(self) -> _InForce:
        own = self._settings.engine.certificate
        certificate = accepted_certificate(self._pack, None if own is None else Path(own))
        levels = self._settings.assurance.items()
        return _InForce(
            certificate, {name: self._level(name, spec, certificate) for name, spec in levels}
        )

    def _level(self, name: str, spec: AssuranceLevel, certificate: Certificate) -> Level:
        try:
            policy = DecisionPolicy.from_certificate(
                certificate, self._pack, spec.target_fmr, with_pad=spec.pad
            )
        except UsageError as error:
            targets = ", ".join(f"{point.target_fmr:g}" for point in certificate.points)
            raise UsageError(
                str(error),
                advice=f'Set target_fmr of [assurance."{name}"] to one of: {targets}; or calibrate '
                "for it, and name the certificate in [engine].",
            ) from error
        return Level(
            name=name,
            policy=policy,
            needs_session=spec.session,
            same_person_from=min(point.threshold for point in certificate.points),
            certificate_id=certificate.certificate_id,
        )
