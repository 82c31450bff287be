"""One cell each: networks alone, the engine, and whether a runtime agrees with the CPU."""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.speed.batch_results import Agreement, EngineCell, NetworkCell
from fvs.certificates.files import read_certificate
from fvs.decide import DecisionPolicy
from fvs.engine import Engine, EngineSettings
from fvs.samples import Samples
from fvs.status import Role
from fvs.timing import StageClock, cost_of, run_load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.speed.batch_pictures import BatchPictures
    from fvs.network import Network, Runtime
    from fvs.packs import Pack
    from fvs.records import F64
    from fvs.status import Outcome

__all__ = ["OpenedRuntime", "batches_of", "measure_agreement", "measure_engine", "measure_network"]

_DETECTOR_SIDE_PX = 320
"""Of the canvas at which most faces are found."""
_TARGET_FMR = 1e-4


@dataclass(frozen=True, kw_only=True)
class OpenedRuntime:
    """An engine, and the words for what it runs on."""

    name: str
    engine: Engine
    opening: Callable[[], Engine]

    @classmethod
    def of(cls, name: str, pack: Pack, runtime: Runtime) -> OpenedRuntime:
        """Open a pack's networks."""
        opening = partial(Engine.from_pack, pack, EngineSettings(), runtime)
        return cls(name=name, engine=opening(), opening=opening)

    @property
    def networks(self) -> tuple[Network, ...]:
        """All of the pack."""
        return (self.engine.detector, self.engine.embedder, *self.engine.pad)


def measure_network(
    opened: OpenedRuntime, network: Network, batch_size: int, seconds: float
) -> NetworkCell:
    """Run one network again and again, at least twice."""
    side_px = network.manifest.input.size_px or _DETECTOR_SIDE_PX
    noise = np.random.default_rng(0)
    pixels = noise.integers(0, 256, (batch_size, side_px, side_px, 3), np.uint8)
    first_ms = cost_of(lambda: network.run(pixels)).wall_ms
    runs_ms: list[float] = []
    end_s = time.perf_counter() + seconds
    while not runs_ms or time.perf_counter() < end_s:
        runs_ms.append(cost_of(lambda: network.run(pixels)).wall_ms)
    return NetworkCell(
        runtime=opened.name,
        network=network.manifest.id,
        side_px=side_px,
        batch_size=batch_size,
        first_ms=first_ms,
        ms_per_picture=statistics.median(runs_ms) / batch_size,
        runs=len(runs_ms),
    )


def batches_of(files: Sequence[bytes], batch_size: int) -> Callable[[], list[bytes]]:
    """Batch after batch of the files in turn, for any number of threads."""
    counter = itertools.count()

    def batch() -> list[bytes]:
        start = next(counter) * batch_size
        return [files[(start + k) % len(files)] for k in range(batch_size)]

    return batch


def measure_engine(
    opened: OpenedRuntime, files: Sequence[bytes], batch_size: int, workers: int, seconds: float
) -> EngineCell:
    """Let threads send batches of selfies through all stages."""
    batch = batches_of(files, batch_size)

    def extract() -> None:
        opened.engine.extract_here(batch(), Role.SELFIE)

    first_ms = cost_of(extract).wall_ms
    with StageClock() as clock:
        load = run_load(extract, workers, seconds)
    pictures = load.wall_ms.n * batch_size
    stages = {stage: cost for stage, cost in clock.costs().items() if cost.wall_ms}
    return EngineCell(
        runtime=opened.name,
        batch_size=batch_size,
        workers=workers,
        first_ms=first_ms,
        pictures_per_s=load.pairs_per_s * batch_size,
        cpu_ms=load.cpu_ms_per_pair / batch_size,
        stage_wall_ms={stage: cost.wall_ms / pictures for stage, cost in stages.items()},
        stage_cpu_ms={stage: cost.cpu_ms / pictures for stage, cost in stages.items()},
    )


def measure_agreement(
    cpu: OpenedRuntime,
    other: OpenedRuntime,
    pack: Pack,
    pictures: BatchPictures,
    batch_size: int,
) -> Agreement:
    """Hold a runtime's batches to the CPU's pictures one by one."""
    expected = [_extracted(cpu.engine, pictures, role, 1) for role in Role]
    got = [_extracted(other.engine, pictures, role, batch_size) for role in Role]
    pairs = list(zip(expected, got, strict=True))
    one, two = (
        np.concatenate([samples.embeddings.vectors for samples in side]).astype(np.float64)
        for side in (expected, got)
    )
    embedded = np.concatenate([samples.embeddings.ok for samples in expected])
    policy = _policy(pack)
    was, now = (_compared(side, cpu.engine, policy) for side in (expected, got))
    return Agreement(
        runtime=other.name,
        batch_size=batch_size,
        pictures=int(embedded.sum()),
        other_status=sum(_other_statuses(a, b) for a, b in pairs),
        largest_difference=float(np.abs(one - two).max()),
        least_cosine=float(_cosines(one[embedded], two[embedded]).min()),
        largest_live_difference=float(max(_live_difference(a, b) for a, b in pairs)),
        comparisons=len(was.outcomes),
        other_decisions=sum(a != b for a, b in zip(was.outcomes, now.outcomes, strict=True)),
        largest_score_difference=float(np.nanmax(np.abs(was.similarity - now.similarity))),
    )


def _cosines(one: F64, two: F64) -> F64:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return np.asarray((one * two).sum(axis=1) / lengths)


@dataclass(frozen=True)
class _Compared:
    outcomes: tuple[Outcome, ...]
    similarity: F64


def _extracted(engine: Engine, pictures: BatchPictures, role: Role, batch_size: int) -> Samples:
    files = pictures.selfies if role is Role.SELFIE else pictures.cards
    starts = range(0, len(files), batch_size)
    parts = [engine.extract_here(files[i : i + batch_size], role) for i in starts]
    return Samples.concatenate(parts)


def _policy(pack: Pack) -> DecisionPolicy:
    """Of the pack's certificate, whoever signed it: nobody relies on these decisions."""
    certificate = read_certificate(pack.certificate_path)
    return DecisionPolicy.from_certificate(certificate, pack, _TARGET_FMR)


def _compared(sides: Sequence[Samples], engine: Engine, policy: DecisionPolicy) -> _Compared:
    """Every selfie with every card."""
    selfies, cards = (sides[list(Role).index(role)] for role in (Role.SELFIE, Role.CARD))
    pairs = list(itertools.product(range(len(selfies)), range(len(cards))))
    probes, references = ([pair[side] for pair in pairs] for side in range(2))
    done = engine.compare(selfies.take(probes), cards.take(references), policy)
    return _Compared(done.decisions.outcome, done.scores.similarity.astype(np.float64))


def _other_statuses(one: Samples, other: Samples) -> int:
    same = [one.refusals(i) == other.refusals(i) for i in range(len(one))]
    return sum(not alike for alike in same)


def _live_difference(one: Samples, other: Samples) -> float:
    difference = one.liveness.live_probability - other.liveness.live_probability
    return float(np.nan_to_num(np.abs(difference)).max(initial=0.0))
