"""Step 2: train the student; stop it at any time and start it again with the same command.

`python -m training.embedder.train --shared ../shared --data RUNS/data --run RUNS/mobile128`
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from training.common.checkpoint import restore, save
from training.common.running import append_row, begin_run, set_learning_rate
from training.common.schedule import Clock, RatePlan, learning_rate
from training.embedder.batches import Batch, Batches
from training.embedder.config import load_config
from training.embedder.data import Pool
from training.embedder.losses import distillation, separation
from training.embedder.prepare import inner
from training.embedder.student import Student, pixels_to_tensor
from training.embedder.teacher import open_teacher

if TYPE_CHECKING:
    from fvs.records import U8
    from training.embedder.config import Config

__all__ = ["Trainer", "main"]

LOGGER = logging.getLogger(__name__)

LOG_EVERY_STEPS = 20

HELD_OUT_SAMPLE = 512
"""Held-out pictures on which agreement with the teacher is logged; nothing is selected by it."""

LOG_COLUMNS = (
    "seconds", "step", "pictures", "rate", "learning_rate", "distillation", "push", "pull",
    "heldout_cosine",
)  # fmt: skip


class Trainer:
    """Network, optimiser, data and counters of one run."""

    def __init__(self, config: Config, pool: Pool) -> None:
        self.config = config
        self.pool = pool
        torch.manual_seed(config.seed)
        self.student = Student(config.student).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            self.student.parameters(), weight_decay=config.optimiser.weight_decay, fused=True
        )
        self.step_count = 0
        self.picture_count = 0
        self.seconds = 0.0

    def state(self) -> dict[str, Any]:
        """All that a later run needs to go on."""
        return {
            "student": self.student.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step_count": self.step_count,
            "picture_count": self.picture_count,
            "seconds": self.seconds,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.student.load_state_dict(state["student"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count = state["step_count"]
        self.picture_count = state["picture_count"]
        self.seconds = state["seconds"]

    def step(self, seconds: float, batch: Batch) -> dict[str, float]:
        """One update at this time of the schedule; returns its losses."""
        self.seconds = seconds
        rate = learning_rate(seconds, _plan(self.config))
        set_learning_rate(self.optimiser, rate)
        # Batches of people alike would bend the normalisation towards them, so it is frozen then.
        self.student.train(batch.alike == 0)
        losses = self._losses(batch)
        wanted = self.config.separation
        total = losses["distillation"] + wanted.push * losses["push"] + wanted.pull * losses["pull"]
        self.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step_count += 1
        self.picture_count += len(batch.answers)
        return {"learning_rate": rate, **{k: float(v.detach()) for k, v in losses.items()}}

    def embed(self, views_rgb: U8) -> torch.Tensor:
        """(N, 112, 112, 3) uint8 RGB -> (N, D) float32, in the network's present mode."""
        tensor = pixels_to_tensor(torch.from_numpy(views_rgb))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.optimiser.bfloat16):
            return self.student(tensor).float()  # type: ignore[no-any-return]

    def heldout_cosine(self) -> float:
        """Mean cosine with the teacher on plain crops of held-out pictures."""
        rows = self.pool.rows("heldout")[:HELD_OUT_SAMPLE]
        self.student.eval()
        with torch.inference_mode():
            ours = self.embed(np.ascontiguousarray(inner(self.pool.crops_rgb[rows])))
        return 1.0 - float(distillation(ours, torch.from_numpy(self.pool.teacher[rows])))

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        ours = self.embed(batch.views_rgb)
        losses = {"distillation": distillation(ours, torch.from_numpy(batch.answers))}
        first, second = ours[: batch.alike], ours[batch.alike : 2 * batch.alike]
        zero = torch.zeros(())
        push, pull = zero, zero
        if batch.alike:
            push, pull = separation(first, second, self.config.separation.margin_cosine)
        return {**losses, "push": push, "pull": pull}


def _plan(config: Config) -> RatePlan:
    return RatePlan(
        top=config.optimiser.learning_rate,
        warm_up=config.optimiser.warm_up_seconds,
        low=config.separation.learning_rate,
        turn=config.turn_seconds,
        total=config.optimiser.seconds,
    )


def main() -> None:
    """Train until the schedule ends, from the last checkpoint in --run where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--run", type=Path, required=True, help="checkpoint and log go here")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("mobile128.toml"))
    parser.add_argument(
        "--begin-with", type=Path, help="another run's checkpoint, for a new schedule"
    )
    args = parser.parse_args()
    begin_run(args.run)
    config = load_config(args.config)
    cv2.setNumThreads(1)
    pool = Pool.open(args.data, "pool")
    trainer = Trainer(config, pool)
    checkpoint = args.run / "checkpoint.pt"
    if (state := restore(checkpoint)) is not None:
        trainer.load(state)
    elif args.begin_with is not None:
        trainer.load(torch.load(args.begin_with, weights_only=True) | {"seconds": 0.0})
    teacher = open_teacher(args.shared / "models" / "mobilefacenet_128d.onnx", threads=1)
    batches = Batches(
        config, pool, teacher, np.random.default_rng([config.seed, trainer.step_count])
    )
    _train(trainer, batches, checkpoint, args.run / "log.csv")


def _train(trainer: Trainer, batches: Batches, checkpoint: Path, log: Path) -> None:
    settings = trainer.config.optimiser
    clock = Clock(trainer.seconds)
    coming = batches.stream(clock)
    saved_at = logged_at = clock.seconds()
    logged_pictures = trainer.picture_count
    while (seconds := clock.seconds()) < settings.seconds:
        row: dict[str, float] = trainer.step(seconds, next(coming))
        ends = clock.seconds() >= settings.seconds
        if ends or seconds - saved_at >= settings.checkpoint_seconds:
            row["heldout_cosine"] = trainer.heldout_cosine()
            save(checkpoint, trainer.state())
            saved_at = seconds
        if ends or "heldout_cosine" in row or trainer.step_count % LOG_EVERY_STEPS == 0:
            pace = (trainer.picture_count - logged_pictures) / (clock.seconds() - logged_at)
            logged_at, logged_pictures = clock.seconds(), trainer.picture_count
            _log(log, trainer, {**row, "rate": pace})


def _log(path: Path, trainer: Trainer, row: dict[str, float]) -> None:
    counters = {
        "seconds": trainer.seconds, "step": trainer.step_count, "pictures": trainer.picture_count
    }  # fmt: skip
    append_row(path, LOG_COLUMNS, {**counters, **row})
    left = trainer.config.optimiser.seconds - trainer.seconds
    LOGGER.info(
        "step %d, %d pictures, %.0f/s, %s, %.0f min left",
        trainer.step_count,
        trainer.picture_count,
        row["rate"],
        ", ".join(f"{k} {v:.4f}" for k, v in row.items() if k not in {"rate", "learning_rate"}),
        left / 60,
    )


if __name__ == "__main__":
    main()
