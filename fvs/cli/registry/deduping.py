"""Everybody against everybody, in batches onto the review list; imports faiss."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import msgspec

from fvs.bulk import open_engine
from fvs.bulk.portraits import in_chunks
from fvs.cli.registry.opening import open_registry
from fvs.cli.registry.options import DEFAULT_ENGINE
from fvs.cli.registry.plan_view import PlanAnswer
from fvs.cli.registry.progress import counting
from fvs.deployment.registry_opening import duplicate_policy
from fvs.registry.reviews import fpir_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fvs.bulk import BulkEngine
    from fvs.deployment.registry_file import DuplicatesSpec
    from fvs.deployment.registry_location import Location

__all__ = ["DedupeAnswer", "find_duplicates", "workers_of"]

_WORTH_A_BAR = 20
"""Parts of the work: some seconds."""

_PAIRS_AT_ONCE = 256
"""Pairs of one change of the store: little is found again after an interruption."""


class DedupeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        pairs: of templates of two people that look alike.
        new: those of them that were not on the review list.
        threshold: lowest score of a pair.
        target_fmr: of that threshold, in a comparison of two.
        gallery_size: templates that were compared.
        fpir: expected share of people without a double who are listed all the same.
        plan: how the templates were compared, and why.
    """

    pairs: int
    new: int
    threshold: float
    target_fmr: float
    gallery_size: int
    fpir: float
    purpose: str
    legal_basis: str
    plan: PlanAnswer | None


def workers_of(engine: str, workers: int) -> AbstractContextManager[BulkEngine | None]:
    """Who compares: the workers of an engine; None is this process, one local worker.

    Raises:
        UsageError: there is no such engine.
        MissingExtraError: it is not installed.
    """
    here = engine == DEFAULT_ENGINE and workers == 1
    return nullcontext() if here else open_engine(engine, workers=workers)


def find_duplicates(
    location: Location,
    spec: DuplicatesSpec,
    certificate: Path | None,
    workers: AbstractContextManager[BulkEngine | None],
) -> DedupeAnswer:
    """Fill the review list.

    Args:
        location: of the registry.
        spec: what allows it.
        certificate: in place of the pack's.
        workers: see `workers_of`.

    Raises:
        StoreError: the store refuses; what was listed before stays listed.
    """
    pack = location.open_pack()
    policy = duplicate_policy(spec, pack, certificate)
    pairs = new = 0
    with (
        open_registry(location, pack, duplicates=policy, index_dir=location.index_dir) as registry,
        counting("compare", worth_a_bar=_WORTH_A_BAR) as on_progress,
        workers as bulk,
    ):
        size = registry.stats().active
        found = registry.find_duplicates(on_progress, bulk)
        for chunk in in_chunks(found, _PAIRS_AT_ONCE):
            pairs += len(chunk)
            new += registry.add_reviews(chunk)
    return DedupeAnswer(
        pairs=pairs,
        new=new,
        threshold=policy.threshold,
        target_fmr=policy.target_fmr,
        gallery_size=size,
        fpir=fpir_of(policy.target_fmr, size),
        purpose=policy.purpose,
        legal_basis=policy.legal_basis,
        plan=PlanAnswer.of(found.plan),
    )
