"""What packs take: size, time of each network, of a whole pair, and of starting up.

All packs take turns in each of these, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.machine import REPOSITORY
from benchmarks.packs.first_decision import Decided
from benchmarks.packs.results import Costs, NetworkCost, StartUp
from benchmarks.speed.arena import race
from benchmarks.speed.contenders.ours import opened
from benchmarks.speed.pairs import summarise_laps
from benchmarks.speed.results import Pictures, median_interval
from fvs.network import Network, Runtime
from fvs.timing import percentiles
from fvs.timing.clock import MS_PER_S
from fvs.timing.pictures import camera_card, camera_selfie

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.speed.results import Runner
    from fvs.packs import ModelFiles, Pack

__all__ = ["Places", "Rounds", "measure_costs", "time_networks"]

MEGAPIXELS = 2.0
LARGE_MEGAPIXELS = 12.0

DETECTOR_PX = 320
"""Side of the first look that a detector takes at any picture."""

TIMEOUT_S = 120.0


class Rounds(NamedTuple):
    """How often everything is repeated."""

    network: int = 200
    pair: int = 40
    start: int = 11


class Places(NamedTuple):
    """Where a process of its own finds a pack."""

    models_dir: Path
    weights_dir: Path


class _Start(NamedTuple):
    """One process: seconds until its first line, and both lines."""

    wall_s: float
    first: Decided
    large: Decided


def measure_costs(packs: Mapping[str, Pack], places: Places, rounds: Rounds) -> dict[str, Costs]:
    """Measure all packs side by side."""
    networks = time_networks(_networks_of(packs.values()), rounds.network)
    pairs = _time_pairs(packs, rounds.pair)
    starts = _time_starts(tuple(packs), places, rounds.start)
    return {
        name: Costs(
            networks=tuple(networks[files.manifest.id] for files in pack.files),
            pair=pairs[name],
            start_up=starts[name],
        )
        for name, pack in packs.items()
    }


def _networks_of(packs: Iterable[Pack]) -> dict[str, ModelFiles]:
    """Each network once, though several packs may have it."""
    return {files.manifest.id: files for pack in packs for files in pack.files}


def time_networks(models: Mapping[str, ModelFiles], rounds: int) -> dict[str, NetworkCost]:
    """CPU time of one picture through each network, the networks taking turns."""
    opened_networks = {
        name: Network(files.manifest, files.weights, Runtime()) for name, files in models.items()
    }
    sides = {name: files.manifest.input.size_px or DETECTOR_PX for name, files in models.items()}
    random = np.random.default_rng(0)
    pictures = {
        name: random.integers(0, 256, (1, side, side, 3), np.uint8) for name, side in sides.items()
    }
    cpu_ms: dict[str, list[float]] = {name: [] for name in models}
    for _ in _shown(rounds, "networks"):
        for name, network in opened_networks.items():
            network.run(pictures[name])  # the others have emptied the caches meanwhile
            # One thread a session, and it is the caller's.
            start = time.thread_time()
            network.run(pictures[name])
            cpu_ms[name].append((time.thread_time() - start) * MS_PER_S)
    return {
        name: NetworkCost(
            model_id=name,
            side_px=sides[name],
            size_bytes=files.weights.stat().st_size,
            cpu_ms=percentiles(cpu_ms[name]),
        )
        for name, files in models.items()
    }


def _time_pairs(packs: Mapping[str, Pack], rounds: int) -> dict[str, Runner]:
    """CPU time of a whole pair; ratios are over the first pack."""
    contenders = {name: partial(opened, pack) for name, pack in packs.items()}
    pair = (camera_selfie(MEGAPIXELS), camera_card(MEGAPIXELS))
    (laps,) = race([pair], contenders, rounds, lambda steps: _shown(len(list(steps)), "pairs"))
    first = next(iter(laps.values()))
    return {name: summarise_laps(own, first) for name, own in laps.items()}


def _time_starts(names: Sequence[str], places: Places, rounds: int) -> dict[str, StartUp]:
    sizes = (MEGAPIXELS, LARGE_MEGAPIXELS)
    files = [make(size) for size in sizes for make in (camera_selfie, camera_card)]
    starts: dict[str, list[_Start]] = {name: [] for name in names}
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jpg" for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            path.write_bytes(content)
        for _ in _shown(rounds, "starts"):
            for name in names:
                starts[name].append(_start(name, places, paths))
    pictures = Pictures(megapixels=MEGAPIXELS, selfie_bytes=len(files[0]), card_bytes=len(files[1]))
    return {name: _summarise_starts(runs, pictures) for name, runs in starts.items()}


def _start(name: str, places: Places, pictures: Sequence[Path]) -> _Start:
    """One fresh process, timed from outside until it says that the first pair is decided."""
    module = "benchmarks.packs.first_decision"
    arguments = [name, *(str(path.resolve()) for path in (*places, *pictures))]
    begin = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own words only
        [sys.executable, "-m", module, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as process:
        if process.stdout is None:
            raise RuntimeError("the process was given no pipe to answer through")
        first = process.stdout.readline()
        wall_s = time.perf_counter() - begin
        rest, _ = process.communicate(timeout=TIMEOUT_S)
    if process.returncode:
        raise RuntimeError(f"{module} failed for pack {name} (exit code {process.returncode})")
    decode = partial(msgspec.json.decode, type=Decided)
    return _Start(wall_s, decode(first), decode(rest))


def _summarise_starts(runs: Sequence[_Start], pictures: Pictures) -> StartUp:
    return StartUp(
        pictures=pictures,
        wall_s=median_interval([run.wall_s for run in runs]),
        cpu_s=median_interval([run.first.cpu_s for run in runs]),
        peak_rss_mb=median_interval([run.first.peak_rss_mb for run in runs]),
        peak_rss_after_12_mp_mb=median_interval([run.large.peak_rss_mb for run in runs]),
        outcome=runs[0].first.outcome,
    )


def _shown(count: int, title: str) -> Iterable[int]:
    return track(range(count), title, console=Console(stderr=True))
