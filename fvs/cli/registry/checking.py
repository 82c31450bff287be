"""Whether a registry is sound: store, seals and index, each against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fvs.cli.registry.opening import open_registry

if TYPE_CHECKING:
    from fvs.cli.registry.location import Location
    from fvs.registry.registry import Registry

__all__ = ["CheckAnswer", "check_registry"]


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a registry is sound.

    Attributes:
        ok: no fault was found.
        active: templates that take part, by the store.
        opened: of those, how many the key ring opens; all were tried.
        indexed: how many the index holds.
        faults: in words.
    """

    ok: bool
    active: int
    opened: int
    indexed: int
    revision: int
    faults: list[str]


def check_registry(location: Location) -> CheckAnswer:
    """Read all of a registry.

    Raises:
        StoreError: the store's own check fails.
        KeyRingError: the key ring is missing, or that of another registry.
    """
    location.check_store()
    with open_registry(location, location.open_pack()) as registry:
        return _checked(registry)


def _checked(registry: Registry) -> CheckAnswer:
    numbers = registry.stats()
    vectors, subjects = registry.calibration_vectors()
    readable = numbers.active - numbers.unreadable
    rules = (
        (
            numbers.unreadable == 0,
            f"{numbers.unreadable} templates do not open: altered, or of a key that the ring lacks",
        ),
        (len(vectors) == readable, f"the index holds {len(vectors)} of {readable} templates"),
        (len(np.unique(subjects)) <= numbers.subjects, "the index holds people who are not there"),
        (bool(np.isfinite(vectors).all()), "the index holds a vector that is no number"),
        (numbers.gallery_revision == numbers.revision, "the index is behind the store"),
    )
    faults = [fault for holds, fault in rules if not holds]
    return CheckAnswer(
        ok=not faults,
        active=numbers.active,
        opened=readable,
        indexed=len(vectors),
        revision=numbers.revision,
        faults=faults,
    )
