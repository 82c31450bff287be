"""Portraits on their way in: as they are sent, as they are checked, as the registry takes them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING, Annotated

import msgspec

from fvs.registry.days import DayError, last_day, portrait_day, retention_day
from fvs.registry.enrolment import Enrolment as NewRecord
from fvs.registry.records import TemplateKind
from fvs_server.edge.subject_bodies import SubjectBody  # noqa: TC001 - msgspec reads it
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.bulk.portraits import Portraits
    from fvs.deployment.registry_file import EnrolmentSpec
    from fvs.subjects import SubjectId
    from fvs_server.faults import Violation

__all__ = ["Portrait", "PortraitBody", "new_record"]

_Words = Annotated[str, msgspec.Meta(max_length=500)]


class PortraitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One portrait, as a request or a row of an import names it.

    Attributes:
        subject: whose it is.
        picture: JPEG, PNG or WebP; base64 in JSON.
        kind: what it was taken from.
        portrait_date: when it was taken, where that is known.
        legal_basis: reference to the consent or the law; empty is the registry's own.
        source: where it comes from, in the operator's words; nothing personal.
        retain_until: last day that it may be kept; null is the registry's own rule.
    """

    subject: SubjectBody
    picture: bytes
    kind: TemplateKind = TemplateKind.CARD
    portrait_date: date | None = None
    legal_basis: _Words = ""
    source: _Words = ""
    retain_until: date | None = None

    def __repr__(self) -> str:
        return f"PortraitBody(subject={self.subject!r}, picture=..., kind={self.kind.value!r})"

    def to_portrait(self) -> Portrait:
        """The portrait, checked.

        Raises:
            ServiceError: INVALID_REQUEST, with every fault of number and days.
        """
        violations: list[Violation] = []
        subject = _collected(self.subject.to_subject, violations)
        _collected(lambda: _check("portrait_date", self.portrait_date, portrait_day), violations)
        _collected(lambda: _check("retain_until", self.retain_until, retention_day), violations)
        if subject is None or violations:
            raise ServiceError(Problem.INVALID_REQUEST, violations=tuple(violations))
        return Portrait(
            subject=subject,
            picture=self.picture,
            kind=self.kind,
            portrait_date=self.portrait_date,
            legal_basis=self.legal_basis.strip(),
            source=self.source,
            retain_until=self.retain_until,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Portrait:
    """One portrait to enrol; fields as of `PortraitBody`."""

    subject: SubjectId
    picture: bytes
    kind: TemplateKind
    portrait_date: date | None
    legal_basis: str
    source: str
    retain_until: date | None

    @property
    def sha256(self) -> bytes:
        """By which the same picture is known again."""
        return hashlib.sha256(self.picture).digest()

    def __repr__(self) -> str:
        return f"<Portrait of {self.subject}>"


def new_record(portrait: Portrait, seen: Portraits, defaults: EnrolmentSpec) -> NewRecord:
    """What the registry keeps of a portrait.

    Args:
        portrait: whose it is, and what is known of it.
        seen: one row: what was found in the picture, which was not refused.
        defaults: the registry's own, where the portrait names none.
    """
    quality = float(seen.quality[0])
    return NewRecord(
        subject=portrait.subject,
        template=seen.templates[0],
        kind=portrait.kind,
        legal_basis=portrait.legal_basis or defaults.legal_basis,
        source=portrait.source,
        portrait_date=portrait.portrait_date,
        quality=quality if math.isfinite(quality) else None,
        retain_until=portrait.retain_until or last_day(defaults.retain_days),
        portrait_sha256=seen.sha256[0],
    )


def _collected(
    check: Callable[[], SubjectId | None], violations: list[Violation]
) -> SubjectId | None:
    try:
        return check()
    except ServiceError as error:
        violations += error.violations
        return None


def _check(name: str, day: date | None, read: Callable[[str | None], date | None]) -> None:
    try:
        read(None if day is None else day.isoformat())
    except DayError:
        violation = Fault.DATE_NOT_UNDERSTOOD.at(f"/{name}")
        raise ServiceError(Problem.INVALID_REQUEST, violations=(violation,)) from None
