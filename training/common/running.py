"""What every training run does around its steps."""

from __future__ import annotations

import csv
import logging
import os
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["append_row", "begin_run", "set_learning_rate"]


def begin_run(run: Path) -> None:
    """Make the run's folder, leave the process's number in it, and hold torch to one thread."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run.mkdir(parents=True, exist_ok=True)
    (run / "pid").write_text(f"{os.getpid()}\n")
    # One thread here and one for the data: they wait for each other only between batches, whereas
    # threads inside an operator wait thousands of times, each time for the busiest core.
    torch.set_num_threads(1)


def append_row(path: Path, columns: Sequence[str], row: Mapping[str, float]) -> None:
    """Add a row to a CSV file, under headings where it is new; absent values stay empty."""
    new = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The same rate for all parameters."""
    for group in optimiser.param_groups:
        group["lr"] = rate
