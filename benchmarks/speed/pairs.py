"""Times whole pairs side by side with other libraries: `python -m benchmarks.speed.pairs`."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import msgspec
import typer
from rich.progress import track

from benchmarks.machine import describe_circumstances
from benchmarks.speed.arena import Lap, race
from benchmarks.speed.contenders import OURS, all_contenders
from benchmarks.speed.results import (
    PairSection,
    PairSize,
    Pictures,
    Runner,
    load_report,
    median_interval,
    save_report,
)
from fvs.timing import percentiles
from fvs.timing.pictures import camera_card, camera_selfie

__all__ = ["main", "measure_pairs", "summarise_laps"]

MEGAPIXELS = (0.3, 2.0, 12.0)
"""A webcam, a picture shrunk by an app, a phone's original; ascending, for peak memory."""
DEFAULT_ROUNDS = 40


def measure_pairs(weights_dir: Path, rounds: int) -> PairSection:
    """Time all contenders on all sizes."""
    circumstances = describe_circumstances()
    pairs = [(camera_selfie(size), camera_card(size)) for size in MEGAPIXELS]
    laps = race(
        pairs, all_contenders(weights_dir), rounds, lambda steps: track(list(steps), "pairs")
    )
    return PairSection(
        circumstances=circumstances,
        load_average_after=os.getloadavg(),
        sizes=tuple(
            PairSize(
                pictures=Pictures(megapixels=size, selfie_bytes=len(selfie), card_bytes=len(card)),
                runners={name: summarise_laps(own, of_size[OURS]) for name, own in of_size.items()},
            )
            for size, (selfie, card), of_size in zip(MEGAPIXELS, pairs, laps, strict=True)
        ),
    )


def summarise_laps(laps: list[Lap], ours: list[Lap]) -> Runner:
    """What one contender's laps say, beside those of another in the same rounds."""
    ratios = [a.cost.cpu_ms / b.cost.cpu_ms for a, b in zip(laps, ours, strict=True)]
    return Runner(
        cpu_ms=percentiles([lap.cost.cpu_ms for lap in laps]),
        wall_ms=percentiles([lap.cost.wall_ms for lap in laps]),
        cpu_over_ours=median_interval(ratios),
        peak_rss_mb=laps[-1].peak_rss_mb,
        similarity=laps[-1].similarity,
    )


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder with models/.")],
    json: Annotated[Path, typer.Option(help="Report to write into.")],
    repeats: Annotated[int, typer.Option(help="Rounds of all contenders.")] = DEFAULT_ROUNDS,
) -> None:
    """Time whole pairs side by side with others, and replace the report's section."""
    section = measure_pairs(shared / "models", repeats)
    save_report(msgspec.structs.replace(load_report(json), pairs=section), json)
    for size in section.sizes:
        for name, runner in size.runners.items():
            ratio = runner.cpu_over_ours
            print(
                f"{size.pictures.megapixels:4} MP  {name:24} {runner.cpu_ms.p50:7.1f} ms CPU, "
                f"{ratio.median:5.2f} times fvs [{ratio.lower_95:.2f}, {ratio.upper_95:.2f}], "
                f"{runner.peak_rss_mb:.0f} MB"
            )


if __name__ == "__main__":
    typer.run(main)
