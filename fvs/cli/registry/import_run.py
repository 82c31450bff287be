"""One run of an import: read, skip what is known, extract in workers, enrol, write down the rest.

Record ids follow from the subject, the picture's bytes and its kind, so a run that was cut off is
simply run again: what is enrolled is known by its id before it is decoded, and the store takes a
chunk whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fvs.bulk import open_engine
from fvs.bulk.portraits import CHUNK_PORTRAITS, PortraitExtraction, in_chunks
from fvs.cli.common import read_picture
from fvs.cli.registry.enrolling import enrolment_of
from fvs.cli.registry.items import Portrait, Refusal
from fvs.cli.registry.progress import counting
from fvs.errors import UsageError
from fvs.registry.enrolment import EnrolmentOutcome
from fvs.registry.records import RecordStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fvs.bulk import BulkEngine
    from fvs.bulk.portraits import Portraits
    from fvs.cli.registry.items import Items
    from fvs.deployment.registry_file import EnrolmentSpec
    from fvs.deployment.registry_location import Location
    from fvs.registry.enrolment import Enrolment
    from fvs.registry.registry import Registry

__all__ = ["Tally", "Workforce", "run_import"]

_WORTH_A_BAR = 20
"""Pictures: a second or two."""


class _Picture(NamedTuple):
    """A portrait whose file was read."""

    portrait: Portrait
    content: bytes
    record_id: bytes


class Workforce(NamedTuple):
    """Who extracts: arguments of `fvs.bulk.open_engine`."""

    engine: str
    workers: int
    scheduler: str | None


@dataclass
class Tally:
    """What became of an import.

    Attributes:
        enrolled: templates that are new.
        unchanged: pictures that were there already.
        refused: how many were refused, by code.
        revision: of the store in the end.
    """

    enrolled: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    revision: int = 0

    @property
    def settled(self) -> int:
        """How many rows came to an end."""
        return self.enrolled + self.unchanged + self.refused.total()


def run_import(
    location: Location, items: Items, workforce: Workforce, on_refusal: Callable[[Refusal], None]
) -> Tally:
    """Enrol what can be enrolled of `items`.

    Raises:
        StoreError: the store refuses; what was enrolled before stays enrolled.
        BulkEngineError: the workers are lost.
    """
    pack, total = location.open_pack(), len(items)
    with (
        location.opened(pack) as registry,
        open_engine(
            workforce.engine, workers=workforce.workers, address=workforce.scheduler
        ) as bulk,
        counting("import", worth_a_bar=_WORTH_A_BAR) as on_progress,
    ):
        run = _Import(
            registry, location.spec.enrolment, on_refusal, lambda done: on_progress(done, total)
        )
        run.run(items, bulk, PortraitExtraction(pack))
        run.tally.revision = registry.stats().revision
    return run.tally


class _Import:
    """An import under way."""

    def __init__(
        self,
        registry: Registry,
        defaults: EnrolmentSpec,
        on_refusal: Callable[[Refusal], None],
        on_item: Callable[[int], None],
    ) -> None:
        self._registry = registry
        self._defaults = defaults
        self._on_refusal = on_refusal
        self._on_item = on_item
        self.tally = Tally()

    def run(
        self,
        items: Iterable[Portrait | Refusal],
        bulk: BulkEngine,
        extraction: PortraitExtraction,
    ) -> None:
        """Take every item to its end: enrolled, unchanged or refused."""
        # Results come in the order of the chunks: the first that waits is the first done.
        waiting: deque[list[Portrait]] = deque()
        for portraits in bulk.map(extraction, self._contents(items, waiting)):
            self._enrol(waiting.popleft(), portraits)

    def _contents(
        self, items: Iterable[Portrait | Refusal], waiting: deque[list[Portrait]]
    ) -> Iterator[list[bytes]]:
        """The pictures that are to be extracted, chunk by chunk; numbers stay in this process."""
        for chunk in in_chunks(items, CHUNK_PORTRAITS):
            pictures = self._unknown([p for p in map(self._read, chunk) if p is not None])
            if pictures:
                waiting.append([picture.portrait for picture in pictures])
                yield [picture.content for picture in pictures]

    def _read(self, item: Portrait | Refusal) -> _Picture | None:
        if isinstance(item, Refusal):
            self._refuse(item)
            return None
        try:
            content = read_picture(item.path)
        except UsageError:
            self._refuse(Refusal.of(item.place, "cannot_read"))
            return None
        digest = hashlib.sha256(content).digest()
        record_id = self._registry.record_id_of(item.subject, digest, item.kind)
        return _Picture(item, content, record_id)

    def _unknown(self, pictures: Sequence[_Picture]) -> list[_Picture]:
        """Those that were never enrolled; the others are settled."""
        known = self._registry.known([picture.record_id for picture in pictures])
        unknown = []
        for picture, status in zip(pictures, known, strict=True):
            if status is None:
                unknown.append(picture)
            elif status == RecordStatus.ERASED:
                self._refuse(Refusal.of(picture.portrait.place, EnrolmentOutcome.ERASED_BEFORE))
            else:
                self._settle(EnrolmentOutcome.UNCHANGED, picture.portrait)
        return unknown

    def _enrol(self, chunk: Sequence[Portrait], portraits: Portraits) -> None:
        """Enrol what is fit of one chunk, in one change of the store."""
        fit: list[Portrait] = []
        enrolments: list[Enrolment] = []
        for row, portrait in enumerate(chunk):
            codes = portraits.refusals[row]
            if codes:
                self._refuse(Refusal.of(portrait.place, codes[0]))
                continue
            fit.append(portrait)
            enrolments.append(enrolment_of(portrait, portraits, row, self._defaults))
        if enrolments:
            outcomes = self._registry.enrol(enrolments).outcomes
            for portrait, outcome in zip(fit, outcomes, strict=True):
                self._settle(outcome, portrait)

    def _settle(self, outcome: EnrolmentOutcome, portrait: Portrait) -> None:
        if outcome is EnrolmentOutcome.ERASED_BEFORE:
            self._refuse(Refusal.of(portrait.place, outcome))
            return
        if outcome is EnrolmentOutcome.ENROLLED:
            self.tally.enrolled += 1
        else:
            self.tally.unchanged += 1
        self._on_item(self.tally.settled)

    def _refuse(self, refusal: Refusal) -> None:
        self.tally.refused[refusal.code] += 1
        self._on_refusal(refusal)
        self._on_item(self.tally.settled)
