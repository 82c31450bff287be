"""Measures batches on an accelerator beside the CPU, in one run.

    python -m benchmarks.speed.batches --provider cuda --json benchmarks/results/batches.json

Needs numpy, OpenCV, onnxruntime for the provider, msgspec, typer, and for its pictures Pillow,
scikit-image and matplotlib. The file is written after every cell, and a cell that fails is written
down with its error. Without `--provider` it measures the CPU alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from benchmarks.machine import describe_circumstances
from benchmarks.report_files import write_report
from benchmarks.speed.batch_cells import (
    OpenedRuntime,
    measure_agreement,
    measure_engine,
    measure_network,
)
from benchmarks.speed.batch_pictures import MEGAPIXELS, BatchPictures, make_pictures
from benchmarks.speed.batch_results import (
    Agreement,
    BatchReport,
    EngineCell,
    Failure,
    NetworkCell,
    ServiceCell,
)
from benchmarks.speed.batch_service import Batching, Workers, measure_service
from fvs.network import PROVIDER_OPTIONS, Provider, Runtime
from fvs.packs import load_pack, shipped_models_dir
from fvs.raster import limit_opencv_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fvs.packs import Pack

    Cell = Agreement | NetworkCell | ServiceCell | EngineCell

__all__ = ["BATCH_SIZES", "BatchBench", "main", "worker_counts"]

BATCH_SIZES = (1, 4, 16, 64)
NETWORK_SHARE = 0.3
"""Of the seconds of a cell, for a network alone: its runs are alike."""
BATCHINGS = (Batching(1, 0.0), Batching(8, 2.0), Batching(16, 2.0), Batching(32, 5.0))
"""Of the service; the first is its default."""
_SIDE_BY_SIDE = 2
"""Runtimes: the CPU and the provider."""
_ACCELERATOR = ("name", "driver_version", "memory.total")


class BatchBench:
    """One run: its report grows cell by cell, on disk too."""

    def __init__(self, report: BatchReport, json: Path, *, seconds: float, within_s: float) -> None:
        """Begin.

        Args:
            report: without cells.
            json: where it is written.
            seconds: of each cell.
            within_s: after which no further cell is begun.
        """
        self.report = report
        self.seconds = seconds
        self._json = json
        self._end_s = time.monotonic() + within_s

    def cell(self, name: str, measure: Callable[[], Cell]) -> None:
        """Measure one, and keep it or why it was not measured."""
        try:
            if time.monotonic() >= self._end_s:
                raise TimeoutError("the time of the run was over")  # noqa: TRY301 - like any error
            self._keep(measure())
        except Exception as error:  # noqa: BLE001 - the other cells are still worth measuring
            failure = Failure(cell=name, error=f"{type(error).__name__}: {error}")
            print(f"{name}: {failure.error}", file=sys.stderr, flush=True)
            self._keep(failure)
        else:
            print(name, file=sys.stderr, flush=True)
        write_report(self.report, self._json)

    def _keep(self, cell: Cell | Failure) -> None:
        section = _SECTIONS[type(cell)]
        cells = (*getattr(self.report, section), cell)
        self.report = msgspec.structs.replace(self.report, **{section: cells})


_SECTIONS = {
    Agreement: "agreement",
    NetworkCell: "networks",
    ServiceCell: "service",
    EngineCell: "engine",
    Failure: "failures",
}


def worker_counts(cores: int) -> tuple[int, ...]:
    """One, a quarter of the cores, and all."""
    return tuple(sorted({1, max(1, cores // 4), cores}))


def main(
    *,
    json: Annotated[Path, typer.Option(help="Report to write.")],
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or openvino.")] = "cpu",
    seconds: Annotated[float, typer.Option(help="Of each cell.")] = 3.0,
    within: Annotated[float, typer.Option(help="Seconds after which no cell is begun.")] = 270.0,
    commit: Annotated[str, typer.Option(help="Where there is no git to ask.")] = "",
) -> None:
    """Agreement with the CPU, networks alone, the service's pool, and the engine."""
    limit_opencv_threads(1)
    pack = load_pack("standard", shipped_models_dir(), [])
    circumstances = describe_circumstances()
    if commit:
        circumstances = msgspec.structs.replace(circumstances, commit=commit)
    report = BatchReport(
        circumstances=circumstances,
        accelerator=_accelerator() if provider != "cpu" else "",
        pack=pack.name,
        megapixels=MEGAPIXELS,
    )
    bench = BatchBench(report, json, seconds=seconds, within_s=within)
    opened = list(_opened(bench, pack, msgspec.convert(provider, Provider)))
    pictures = make_pictures()
    ours, others = opened[:_SIDE_BY_SIDE], opened[_SIDE_BY_SIDE:]
    _agreement(bench, ours, ours[0], pack, pictures)
    _networks(bench, ours)
    workers = worker_counts(circumstances.cores)
    _service(bench, ours, pictures, workers)
    _engine(bench, ours, pictures, workers)
    # Last, because onnxruntime's own search for algorithms can take the time of all the others.
    _agreement(bench, others, ours[0], pack, pictures)
    _networks(bench, others)
    print(msgspec.json.format(msgspec.json.encode(bench.report)).decode())


def _opened(bench: BatchBench, pack: Pack, provider: Provider) -> Iterator[OpenedRuntime]:
    """The CPU, the provider, and the provider with onnxruntime's own options where ours differ."""
    yield OpenedRuntime.of("cpu", pack, Runtime())
    runtimes: dict[str, Runtime] = {}
    if provider != "cpu":
        runtimes[provider] = Runtime(provider=provider)
    if provider in PROVIDER_OPTIONS:
        defaults = Runtime(provider=provider, options={})
        runtimes |= {f"{provider}, onnxruntime's options": defaults}
    for name, runtime in runtimes.items():
        try:
            yield OpenedRuntime.of(name, pack, runtime)
        except Exception as error:  # noqa: BLE001 - the CPU's cells are still worth measuring
            bench.cell(name, partial(_raise, error))


def _raise(error: Exception) -> EngineCell:
    raise error


def _agreement(
    bench: BatchBench,
    opened: list[OpenedRuntime],
    cpu: OpenedRuntime,
    pack: Pack,
    pictures: BatchPictures,
) -> None:
    for one in opened:
        measure = partial(measure_agreement, cpu, one, pack, pictures, BATCH_SIZES[2])
        bench.cell(f"agreement, {one.name}", measure)


def _networks(bench: BatchBench, opened: list[OpenedRuntime]) -> None:
    for one in opened:
        for network in one.networks:
            for size in BATCH_SIZES:
                measure = partial(
                    measure_network, one, network, size, NETWORK_SHARE * bench.seconds
                )
                bench.cell(f"{network.manifest.id}, {one.name}, batches of {size}", measure)


def _service(
    bench: BatchBench,
    opened: list[OpenedRuntime],
    pictures: BatchPictures,
    workers: tuple[int, ...],
) -> None:
    counts = [Workers(count, processes) for count in workers[-2:] for processes in (True, False)]
    for worker in reversed(counts):  # fewer leave more to be taken together
        for batching in BATCHINGS:
            for one in opened:
                measure = partial(
                    measure_service, one, pictures.usual, batching, worker, bench.seconds
                )
                what = "processes" if worker.processes else "threads"
                bench.cell(
                    f"service, {one.name}, {batching.pictures} together, {worker.count} {what}",
                    measure,
                )


def _engine(
    bench: BatchBench,
    opened: list[OpenedRuntime],
    pictures: BatchPictures,
    workers: tuple[int, ...],
) -> None:
    """Runtimes take turns at each size."""
    for count in reversed(workers):  # what matters first
        for size in BATCH_SIZES:
            for one in opened:
                measure = partial(measure_engine, one, pictures.usual, size, count, bench.seconds)
                bench.cell(f"engine, {one.name}, batches of {size}, {count} threads", measure)


def _accelerator() -> str:
    """As nvidia-smi names it; empty without one."""
    command = ["nvidia-smi", f"--query-gpu={','.join(_ACCELERATOR)}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words only
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip().splitlines()[0]


if __name__ == "__main__":
    typer.run(main)
