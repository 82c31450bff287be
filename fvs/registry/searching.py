"""How a gallery is searched, 1:N: what the planner says suits its size, and what that needs.

A gallery scans all its templates as long as that is quick. Beyond, an approximate index is built
beside it, once enough probes were searched for to pay for building it. It is never the truth:
scores are those of the gallery's own vectors, a template that was erased is not found, and those
that came since are scanned, whoever is in the index (`fvs.registry.gallery.Shortcut`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.matching.approximate import ApproximateIndex
from fvs.matching.index import VectorIndex
from fvs.matching.plan import EXACT_UP_TO, plan_search
from fvs.registry.gallery import Shortcut

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.matching.plan import SearchPlan
    from fvs.records import F32, Bool
    from fvs.registry.gallery import Gallery, GalleryHits

__all__ = ["Finder", "GallerySearch", "SearchSettings"]

_NEXT_LOOK = 8
"""Times as many hits are asked for where those of before were not all."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """What searches of a gallery may take.

    Attributes:
        memory_bytes: of the gallery's vectors and whatever is built beside them.
        recall: in 0..1: the share of probes whose best hit must be found; 1 always scans all.
        exact_up_to: templates up to which every search scans all.
        build_after: probes for which a process scans before it builds an approximate index, whose
            building takes as long as some thousand scans.
        rebuild_share: of the templates in such an index: once more than that came or went, it is
            built anew.
        threads: that may work on building it.
    """

    memory_bytes: int = 16_000_000_000
    recall: float = 0.99
    exact_up_to: int = EXACT_UP_TO
    build_after: int = 10_000
    rebuild_share: float = 0.05
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Finder:
    """A way to search a gallery.

    Attributes:
        gallery: that is searched.
        plan: what is done, and why; None where the vectors are in a server, which decides itself.
        shortcut: that searches use; None scans everything.
    """

    gallery: Gallery
    plan: SearchPlan | None
    shortcut: Shortcut | None = None

    def search(self, rotated: F32, k: int, threshold: float) -> GalleryHits:
        """See `Gallery.search`."""
        return self.gallery.search(rotated, k, threshold, self.shortcut)

    def search_all(
        self,
        rotated: F32,
        threshold: float,
        first_look: int,
        wants_more: Callable[[GalleryHits], Bool] | None = None,
    ) -> GalleryHits:
        """All templates at or above the threshold, or as many as are wanted.

        Args:
            rotated: (P, D) float32.
            threshold: lowest cosine of a hit.
            first_look: hits of each probe that are asked for at first, and then ever more.
            wants_more: (P,) of hits, whether a probe needs more than these; None is that all do.
        """
        k = first_look
        while True:
            hits = self.search(rotated, k, threshold)
            unfinished = np.bincount(hits.probe_rows, minlength=len(rotated)) >= k
            if wants_more is not None:
                unfinished &= wants_more(hits)
            if not unfinished.any():
                return hits
            k *= _NEXT_LOOK


class GallerySearch:
    """Searches of one gallery, with what was built for them. Safe to use from many threads."""

    def __init__(self, gallery: Gallery, settings: SearchSettings) -> None:
        """Build nothing yet."""
        self.gallery = gallery
        self._settings = settings
        self._shortcut: Shortcut | None = None
        self._asked = 0
        self._building = threading.Lock()

    def finder(self, probes: int) -> Finder:
        """How to search with so many probes now; may build an index, which takes long.

        Raises:
            UsageError: no index of this size fits the memory.
        """
        index = self.gallery.index
        if not isinstance(index, VectorIndex):
            return Finder(self.gallery, None)
        plan = self._plan(index, self._settings.recall)
        if plan.kind.is_exact:
            return Finder(self.gallery, plan)
        self._asked += probes
        shortcut = self._built(plan, index)
        if shortcut is None:
            return Finder(self.gallery, self._deferred(plan, self._plan(index, 1.0)))
        return Finder(self.gallery, shortcut.index.plan, shortcut)

    def _plan(self, index: VectorIndex, recall: float) -> SearchPlan:
        return plan_search(
            len(self.gallery),
            index.dimension,
            self._settings.memory_bytes,
            recall_target=recall,
            exact_up_to=self._settings.exact_up_to,
            stored=index.precision,
        )

    def _deferred(self, plan: SearchPlan, scan: SearchPlan) -> SearchPlan:
        """A scan, and what is planned for later."""
        until = (
            f"Until {self._settings.build_after:,} probes were searched for, which pays for "
            f"building it ({self._asked:,} so far), all vectors are scanned."
        )
        return replace(scan, explanation=(*plan.explanation, until))

    def _built(self, plan: SearchPlan, index: VectorIndex) -> Shortcut | None:
        """The index as it is; while one thread builds it anew, others use that of before."""
        if self._due() and self._building.acquire(blocking=False):
            try:
                self._shortcut = self._build(plan, index)
            finally:
                self._building.release()
        return self._shortcut

    def _due(self) -> bool:
        if self._shortcut is None:
            return self._asked >= self._settings.build_after
        changes = self.gallery.changes_since(self._shortcut.extent)
        return changes > self._settings.rebuild_share * self._shortcut.extent.present

    def _build(self, plan: SearchPlan, index: VectorIndex) -> Shortcut:
        keys, extent = self.gallery.extent()
        approximate = ApproximateIndex.over(plan, index, keys, threads=self._settings.threads)
        return Shortcut(approximate, extent)
