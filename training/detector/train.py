"""Step 4: train the detector; stop it at any time and start it again with the same command.

`python -m training.detector.train --faces RUNS/faces --cards RUNS/cards --run RUNS/detector`
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.common.checkpoint import restore, save
from training.common.running import append_row, begin_run, set_learning_rate
from training.common.schedule import Clock, RatePlan, learning_rate
from training.detector.batches import stream
from training.detector.config import load_config
from training.detector.losses import losses
from training.detector.network import Detector, pixels_to_tensor
from training.detector.targets import assign, cell_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.detector.batches import Batch
    from training.detector.config import Config

__all__ = ["Trainer", "main"]

LOGGER = logging.getLogger(__name__)

LOG_EVERY_STEPS = 20

LARGEST_GRADIENT = 5.0
"""Gradients of a larger norm are shortened to it: a frame of a crowd must not throw the rest."""

PARTS = ("score", "overlap", "box", "landmarks")

LOG_COLUMNS = ("seconds", "step", "frames", "rate", "learning_rate", *PARTS)


class Trainer:
    """Network, its running average, optimiser and counters of one run."""

    def __init__(self, config: Config) -> None:
        self.config = config
        torch.manual_seed(config.seed)
        self.detector = Detector(config.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedModel(
            self.detector,
            multi_avg_fn=get_ema_multi_avg_fn(config.optimiser.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self.optimiser = torch.optim.AdamW(
            self.detector.parameters(), weight_decay=config.optimiser.weight_decay, fused=True
        )
        self.step_count = 0
        self.seconds = 0.0
        self.frozen = False
        self._grids: dict[int, torch.Tensor] = {}

    def state(self) -> dict[str, Any]:
        """All that a later run needs to go on; `average` is what is exported."""
        return {
            "detector": self.detector.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step_count": self.step_count,
            "seconds": self.seconds,
            "frozen": self.frozen,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.detector.load_state_dict(state["detector"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count = state["step_count"]
        self.seconds = state["seconds"]
        self.frozen = state["frozen"]

    def step(self, seconds: float, batch: Batch) -> dict[str, float]:
        """One update at this time of the schedule; returns its losses."""
        self.seconds = seconds
        settings = self.config.optimiser
        plan = RatePlan.of_one_phase(
            settings.learning_rate, settings.warm_up_seconds, settings.seconds
        )
        rate = learning_rate(seconds, plan)
        set_learning_rate(self.optimiser, rate)
        self.detector.train(not self._is_frozen(seconds))
        parts = self._losses(batch)
        weights = self.config.loss
        total = torch.stack([getattr(weights, name) * parts[name] for name in PARTS]).sum()
        self.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.detector.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.average.update_parameters(self.detector)
        self.step_count += 1
        return {"learning_rate": rate, **{k: float(v.detach()) for k, v in parts.items()}}

    def _is_frozen(self, seconds: float) -> bool:
        """Whether normalisation is that of use by now; takes up the averages when that begins."""
        optimiser = self.config.optimiser
        frozen = seconds >= optimiser.freeze_at * optimiser.seconds
        if frozen and not self.frozen:
            self.detector.load_state_dict(self.average.module.state_dict())
            self.frozen = True
        return frozen

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        boxes, points, kind = (torch.from_numpy(column) for column in batch[1:])
        side = batch.frames_rgb.shape[1]
        grid = self._grids.setdefault(side, cell_grid(side))
        targets = assign(grid, boxes, kind)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.optimiser.bfloat16):
            levels = self.detector(pixels_to_tensor(torch.from_numpy(batch.frames_rgb)))
        return losses(levels, grid, targets, boxes, points)


def main() -> None:
    """Train until the schedule ends, from the last checkpoint in --run where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--cards", type=Path, required=True, help="what cards wrote")
    parser.add_argument("--run", type=Path, required=True, help="checkpoint and log go here")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("detect240k.toml"))
    args = parser.parse_args()
    begin_run(args.run)
    config = load_config(args.config)
    trainer = Trainer(config)
    if (state := restore(args.run / "checkpoint.pt")) is not None:
        trainer.load(state)
    batches = stream(config, args.faces, args.cards, trainer.step_count)
    next(batches)  # the clock starts when the first frames are there
    _train(trainer, batches, args.run)


def _train(trainer: Trainer, batches: Iterator[Batch], run: Path) -> None:
    settings = trainer.config.optimiser
    clock = Clock(trainer.seconds)
    saved_at = logged_at = clock.seconds()
    sums: dict[str, float] = {}
    while (seconds := clock.seconds()) < settings.seconds:
        row = trainer.step(seconds, next(batches))
        sums = {name: sums.get(name, 0.0) + row[name] for name in PARTS}
        if clock.seconds() >= settings.seconds or seconds - saved_at >= settings.checkpoint_seconds:
            save(run / "checkpoint.pt", trainer.state())
            saved_at = seconds
        if trainer.step_count % LOG_EVERY_STEPS == 0:
            pace = LOG_EVERY_STEPS * settings.batch / (clock.seconds() - logged_at)
            means = {name: value / LOG_EVERY_STEPS for name, value in sums.items()}
            _log(run / "log.csv", trainer, {**row, **means, "rate": pace})
            logged_at, sums = clock.seconds(), {}


def _log(path: Path, trainer: Trainer, row: dict[str, float]) -> None:
    frames = trainer.step_count * trainer.config.optimiser.batch
    counters = {"seconds": trainer.seconds, "step": trainer.step_count, "frames": frames}
    append_row(path, LOG_COLUMNS, {**counters, **row})
    left = trainer.config.optimiser.seconds - trainer.seconds
    LOGGER.info(
        "step %d, %d frames, %.0f/s, %s, %.0f min left",
        trainer.step_count,
        frames,
        row["rate"],
        ", ".join(f"{name} {row[name]:.4f}" for name in PARTS),
        left / 60,
    )


if __name__ == "__main__":
    main()
