"""`fvs bench`: what this machine can do."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.table import Table

from fvs.cli.common import JsonOption, PackOption, read_picture
from fvs.cli.output import ERROR_CONSOLE, OUTPUT_CONSOLE, print_json, print_line
from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs.engine import Engine, EngineSettings
from fvs.errors import UsageError
from fvs.raster import limit_opencv_threads
from fvs.status import Status
from fvs.timing import TIMING_POLICY, Load, Percentiles, run_load, time_stages, worker_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.engine import Verifications

__all__ = ["BenchAnswer", "bench"]

DEFAULT_SECONDS = 5.0
DEFAULT_MEGAPIXELS = 2.0
"""What a phone app usually sends."""


class BenchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What `fvs bench --json` prints.

    Attributes:
        pack: name of the pack.
        pictures: what was measured, selfie and card in turn.
        not_usable: picture -> status code, where the stages after the failure were not run.
        stage_cpu_ms: stage -> CPU milliseconds for a pair.
        load: one entry for each number of workers.
    """

    pack: str
    pictures: tuple[str, ...]
    not_usable: dict[str, str]
    stage_cpu_ms: dict[str, Percentiles]
    load: tuple[Load, ...]


def bench(
    images: Annotated[
        list[Path] | None, typer.Argument(help="SELFIE CARD [SELFIE CARD ...]; else generated.")
    ] = None,
    *,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Most workers to try; the cores by default.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.0, help="Length of each measurement.")
    ] = DEFAULT_SECONDS,
    megapixels: Annotated[
        float, typer.Option(min=0.1, max=50.0, help="Size of generated pictures.")
    ] = DEFAULT_MEGAPIXELS,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Measure this machine: milliseconds by stage, and pairs per second with 1 to N workers.

    Close other programs first. Generated pictures need the `demo` extra.

    Exit codes: 0 done, 3 wrong use.

    Examples:
      fvs bench
      fvs bench --megapixels 12 --seconds 20
      fvs bench selfie.jpg card.jpg --workers 4 --json
    """
    named = _given(images) if images else _generated(megapixels)
    limit_opencv_threads(1)
    opened = open_pack(pack)
    engine = Engine.from_pack(opened, EngineSettings(workers=1))
    contents = list(named.values())
    pairs = itertools.cycle(zip(contents[::2], contents[1::2], strict=True))

    def verify_next() -> Verifications:
        selfie, card = next(pairs)
        return engine.verify([selfie], [card], TIMING_POLICY)

    with ERROR_CONSOLE.status("measuring"):
        answer = BenchAnswer(
            pack=opened.name,
            pictures=tuple(named),
            not_usable=_not_usable(engine, named),
            stage_cpu_ms=time_stages(verify_next, seconds),
            load=tuple(
                run_load(verify_next, count, seconds)
                for count in worker_counts(workers or _cores())
            ),
        )
    if as_json:
        print_json(answer)
    else:
        _print_answer(answer)


def _given(paths: Sequence[Path]) -> dict[str, bytes]:
    """Name -> content; the position keeps apart pictures that are given twice."""
    if len(paths) % 2:
        raise UsageError(
            f"{len(paths)} pictures make no pairs", advice="Give SELFIE CARD [SELFIE CARD ...]."
        )
    return {f"{i}: {path}": read_picture(path) for i, path in enumerate(paths, start=1)}


def _generated(megapixels: float) -> dict[str, bytes]:
    from fvs.timing.pictures import camera_card, camera_selfie  # noqa: PLC0415 - the demo extra

    return {
        f"generated selfie, {megapixels:g} MP": camera_selfie(megapixels),
        f"generated card, {megapixels:g} MP": camera_card(megapixels),
    }


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _not_usable(engine: Engine, named: dict[str, bytes]) -> dict[str, str]:
    """Statuses of pictures without a face; also warms up everything before it is timed."""
    contents = list(named.values())
    pairs = engine.verify(contents[::2], contents[1::2], TIMING_POLICY)
    statuses = np.stack([pairs.probes.faces.status, pairs.references.faces.status], axis=1)
    return {
        name: Status(code).code
        for name, code in zip(named, statuses.ravel().tolist(), strict=True)
        if code != Status.OK
    }


def _print_answer(answer: BenchAnswer) -> None:
    for name in answer.pictures:
        status = answer.not_usable.get(name)
        warning = f"  {status}: later stages did not run" if status else ""
        print_line(f"{name}{warning}")
    stages = Table("stage", "p50", "p95", "p99", title="CPU ms for a pair", title_justify="left")
    for stage, cost in answer.stage_cpu_ms.items():
        stages.add_row(stage, *_shown(cost))
    OUTPUT_CONSOLE.print(stages)
    load = Table(
        "workers",
        "pairs/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "CPU ms/pair",
        title="Whole pairs",
        title_justify="left",
    )
    for entry in answer.load:
        load.add_row(
            str(entry.workers),
            f"{entry.pairs_per_s:.1f}",
            *_shown(entry.wall_ms),
            f"{entry.cpu_ms_per_pair:.1f}",
        )
    OUTPUT_CONSOLE.print(load)


def _shown(cost: Percentiles) -> tuple[str, str, str]:
    return f"{cost.p50:.1f}", f"{cost.p95:.1f}", f"{cost.p99:.1f}"
