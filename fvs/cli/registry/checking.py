"""Whether a registry is sound: store, seals and index, each against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fvs.cli.registry.opening import open_registry

if TYPE_CHECKING:
    from fvs.deployment.registry_location import Location
    from fvs.records import F32, Int
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
    pack = location.open_pack()
    with open_registry(location, pack) as registry:
        answer, vectors = _checked(registry)
    if location.index_dir is None:
        return answer
    with open_registry(location, pack, index_dir=location.index_dir) as registry:
        saved, _ = registry.calibration_vectors()
    if np.array_equal(_digests(vectors), _digests(saved)):
        return answer
    fault = "the saved index differs from the store: remove its folder, it is made anew"
    return msgspec.structs.replace(answer, ok=False, faults=[*answer.faults, fault])


def _checked(registry: Registry) -> tuple[CheckAnswer, F32]:
    """What the store, the key ring and an index made of both say; and the index's vectors."""
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
    answer = CheckAnswer(
        ok=not faults,
        active=numbers.active,
        opened=readable,
        indexed=len(vectors),
        revision=numbers.revision,
        faults=faults,
    )
    return answer, vectors


def _digests(vectors: F32) -> Int:
    """(N,) a number for each vector, sorted: galleries keep no order."""
    return np.sort(np.array([hash(vector.tobytes()) for vector in vectors], np.int64))
