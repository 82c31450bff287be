"""How a process works with a registry, and what the registry answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fvs.records import Scores
from fvs.registry.fusion import FusionRule
from fvs.registry.searching import SearchSettings
from fvs.registry.vectors import in_memory

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.matching.backend import BackendFactory
    from fvs.records import Int
    from fvs.registry.duplicates import DuplicatePolicy

__all__ = ["RegistryScores", "RegistrySettings", "RegistryStats"]


@dataclass(frozen=True, eq=False)
class RegistryScores(Scores):
    """`Scores` of probes with the subjects that they claim to be.

    Attributes:
        status: (N,) uint8: the probe's failure, else NO_REFERENCE where the subject has no
            template, REFERENCE_UNREADABLE where none of them opens.
        similarity: (N,) float32, fused; NaN where the status is not OK.
        templates: (N,) int64, how many of the subject's templates were compared.
    """

    templates: Int


@dataclass(frozen=True, kw_only=True)
class RegistrySettings:
    """How a process works with a registry; nothing that would be stored.

    Attributes:
        make_index: where the vectors are kept.
        fusion: what several templates of one person are worth together. The mean keeps the FMR
            of an operating point; the maximum multiplies it (docs/explanation/registry.md).
        max_staleness_s: for how long a verification may rely on the last look at the store's
            revision. 0 looks every time; more saves a query, and may compare with a template that
            another process has just erased.
        index_dir: folder where the gallery is kept between processes, with rotated vectors in the
            clear (`fvs.registry.saved_gallery`); None keeps them in memory only.
        duplicates: why searching everybody is allowed; None is that it is not.
        search: how that is planned, where the vectors are in this process.
    """

    make_index: BackendFactory = in_memory
    fusion: FusionRule = FusionRule.MEAN
    max_staleness_s: float = 0.0
    index_dir: Path | None = None
    duplicates: DuplicatePolicy | None = None
    search: SearchSettings = field(default_factory=SearchSettings)


@dataclass(frozen=True, kw_only=True)
class RegistryStats:
    """Numbers of a registry.

    Attributes:
        registry_id: of the registry.
        model_id: of its embedder.
        subjects: with an active template.
        active: templates that take part.
        erased: records whose template is destroyed.
        unreadable: active records that do not open.
        revision: of the store.
        gallery_revision: up to which the gallery is in step.
    """

    registry_id: str
    model_id: str
    subjects: int
    active: int
    erased: int
    unreadable: int
    revision: int
    gallery_revision: int
