"""From a picture that was read to an enrolment that the registry takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fvs.registry.days import last_day
from fvs.registry.enrolment import Enrolment

if TYPE_CHECKING:
    from fvs.bulk.portraits import Portraits
    from fvs.cli.registry.items import Portrait
    from fvs.deployment.registry_file import EnrolmentSpec

__all__ = ["enrolment_of"]


def enrolment_of(
    portrait: Portrait, portraits: Portraits, row: int, defaults: EnrolmentSpec
) -> Enrolment:
    """What is kept of one picture.

    Args:
        portrait: whose it is, and what is known of it.
        portraits: what was found in the pictures.
        row: of this one, which was not refused.
        defaults: the registry's own, where the portrait names none.
    """
    quality = float(portraits.quality[row])
    return Enrolment(
        subject=portrait.subject,
        template=portraits.templates[row],
        kind=portrait.kind,
        legal_basis=portrait.legal_basis or defaults.legal_basis,
        source=portrait.source,
        portrait_date=portrait.portrait_date,
        quality=quality if math.isfinite(quality) else None,
        retain_until=portrait.retain_until or last_day(defaults.retain_days),
        portrait_sha256=portraits.sha256[row],
    )
