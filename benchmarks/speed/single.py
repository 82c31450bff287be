"""Times this engine alone, by stage, under load and at import: `python -m benchmarks.speed.single`.

Stages and load are measured through `fvs.timing`, as `fvs bench` does for an operator.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.progress import track

from benchmarks.machine import describe_circumstances
from benchmarks.speed.contenders.ours import complete
from benchmarks.speed.pairs import MEGAPIXELS
from benchmarks.speed.results import (
    ImportCost,
    Pictures,
    SingleSection,
    StageSize,
    load_report,
    median_interval,
    save_report,
)
from fvs.timing import run_load, time_stages, worker_counts
from fvs.timing.pictures import camera_card, camera_selfie

__all__ = ["import_cost", "main", "measure_single"]

DEFAULT_SECONDS = 10.0
IMPORT_REPEATS = 15
IMPORTED_MODULES = ("fvs", "fvs.engine")


def measure_single(weights_dir: Path, seconds: float) -> SingleSection:
    """Time imports, stages of all sizes, and load with 1 to all cores."""
    circumstances = describe_circumstances()
    imports = {module: import_cost(module) for module in IMPORTED_MODULES}
    engine = complete(weights_dir)
    pairs = {size: (camera_selfie(size), camera_card(size)) for size in MEGAPIXELS}
    stages = [
        StageSize(
            pictures=Pictures(megapixels=size, selfie_bytes=len(selfie), card_bytes=len(card)),
            stage_cpu_ms=time_stages(partial(engine.compare, selfie, card), seconds),
        )
        for size, (selfie, card) in track(pairs.items(), "stages")
    ]
    load = {
        f"{size:g}": tuple(
            run_load(partial(engine.compare, *pair), workers, seconds)
            for workers in worker_counts(circumstances.cores)
        )
        for size, pair in track(pairs.items(), "load")
    }
    return SingleSection(
        circumstances=circumstances,
        load_average_after=os.getloadavg(),
        imports=imports,
        stages=tuple(stages),
        load=load,
    )


def import_cost(module: str) -> ImportCost:
    """What importing `module` adds to starting an interpreter, each time a fresh one."""
    added = [
        np.subtract(_interpreter_s(f"import {module}"), _interpreter_s("pass"))
        for _ in range(IMPORT_REPEATS)
    ]
    wall, cpu = np.transpose(added).tolist()
    return ImportCost(wall_s=median_interval(wall), cpu_s=median_interval(cpu))


def _interpreter_s(statement: str) -> tuple[float, float]:
    """Wall and CPU seconds of a fresh interpreter."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603 - our own words
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder with models/.")],
    json: Annotated[Path, typer.Option(help="Report to write into.")],
    seconds: Annotated[float, typer.Option(help="Of each measurement.")] = DEFAULT_SECONDS,
) -> None:
    """Time this engine by stage, under load and at import, and replace the report's section."""
    section = measure_single(shared / "models", seconds)
    save_report(msgspec.structs.replace(load_report(json), single=section), json)
    for module, cost in section.imports.items():
        print(f"import {module}: {cost.wall_s.median:.3f} s, {cost.cpu_s.median:.3f} s CPU")
    for size in section.stages:
        print(f"{size.pictures.megapixels:g} MP, CPU ms by stage, p50:")
        print("  " + ", ".join(f"{k} {v.p50:.1f}" for k, v in size.stage_cpu_ms.items()))
    for name, loads in section.load.items():
        for load in loads:
            print(f"{name} MP, {load.workers} workers: {load.pairs_per_s:.1f} pairs/s")


if __name__ == "__main__":
    typer.run(main)
