"""Step 2: train; stop it at any time and start it again with the same command.

`python -m training.pad.train --shared ../shared --data RUNS/pad-data --run RUNS/pad128`
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.nn import functional

from fvs.specimen.presentation import SPECIES
from training.common.checkpoint import restore, save
from training.common.pool import pictures_in, pool_tars
from training.common.running import append_row, begin_run, set_learning_rate
from training.common.schedule import Clock, RatePlan, learning_rate
from training.pad.buffer import Buffer
from training.pad.config import load_config
from training.pad.examples import Example, Examples
from training.pad.geometry import LIVE
from training.pad.index import read_index
from training.pad.network import PadNetwork, pixels_to_tensor

if TYPE_CHECKING:
    from fvs.records import F32, U8
    from training.pad.config import Config

__all__ = ["Trainer", "main", "trained_species"]

LOGGER = logging.getLogger(__name__)

LOG_EVERY_STEPS = 100

FIRST_EXAMPLES = 512
"""Made before the first step."""

WATCHED = 500
"""Held-out pictures that are logged; nothing is selected by them."""

LOG_COLUMNS = (
    "seconds", "step", "examples", "made", "rate", "learning_rate", "loss", "bpcer", "apcer"
)  # fmt: skip


class Trainer:
    """Network, optimiser and counters of one run."""

    def __init__(self, config: Config) -> None:
        self.config = config
        torch.manual_seed(config.seed)
        self.network = PadNetwork(config.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), weight_decay=config.optimiser.weight_decay, fused=True
        )
        self.step_count = 0
        self.example_count = 0
        self.seconds = 0.0

    def state(self) -> dict[str, Any]:
        """All that a later run needs to go on."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step_count": self.step_count,
            "example_count": self.example_count,
            "seconds": self.seconds,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count = state["step_count"]
        self.example_count = state["example_count"]
        self.seconds = state["seconds"]

    def step(self, seconds: float, batch: tuple[U8, F32, F32]) -> dict[str, float]:
        """One update at this time of the schedule; returns its loss."""
        self.seconds = seconds
        settings = self.config.optimiser
        plan = RatePlan.of_one_phase(
            settings.learning_rate, settings.warm_up_seconds, settings.seconds
        )
        rate = learning_rate(seconds, plan)
        set_learning_rate(self.optimiser, rate)
        self.network.train()
        crops, targets, weights = (torch.from_numpy(array) for array in batch)
        each = functional.cross_entropy(self.logits(crops), targets, reduction="none")
        loss = (each * weights).sum() / weights.sum()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step_count += 1
        self.example_count += len(crops)
        return {"learning_rate": rate, "loss": float(loss.detach())}

    def logits(self, crops_rgb: torch.Tensor) -> torch.Tensor:
        """(N, 128, 128, 3) uint8 RGB -> (N, 3) float32, in the network's present mode."""
        tensor = pixels_to_tensor(crops_rgb)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.optimiser.bfloat16):
            return self.network(tensor).float()  # type: ignore[no-any-return]

    def errors(self, watched: list[Example]) -> dict[str, float]:
        """Error rates at a live probability of 0.5."""
        self.network.eval()
        crops = torch.from_numpy(np.stack([example.crop_rgb for example in watched]))
        with torch.inference_mode():
            live = torch.softmax(self.logits(crops), dim=1)[:, LIVE].numpy()
        is_live = np.array([example.target[LIVE] > 0 for example in watched])
        return {
            "bpcer": float((live[is_live] < 0.5).mean()),  # noqa: PLR2004 - the even odds
            "apcer": float((live[~is_live] >= 0.5).mean()),  # noqa: PLR2004 - the even odds
        }


def trained_species(config: Config) -> list[str]:
    """The species that are trained on."""
    return [name for name in SPECIES if name not in config.examples.held_out_species]


def main() -> None:
    """Train until the schedule ends, from the last checkpoint in --run where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--run", type=Path, required=True, help="checkpoint and log go here")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("pad128.toml"))
    args = parser.parse_args()
    begin_run(args.run)
    config = load_config(args.config)
    cv2.setNumThreads(1)
    faces = read_index(args.data / "pool.csv")
    contents = dict(pictures_in(pool_tars(args.shared)))
    trainer = Trainer(config)
    checkpoint = args.run / "checkpoint.pt"
    if (state := restore(checkpoint)) is not None:
        trainer.load(state)
    species = trained_species(config)
    training = [face for face in faces if face.use == "train"]
    watching = [face for face in faces if face.use == "heldout"]
    watcher = Examples(config.examples, watching, contents, species)
    rng = np.random.default_rng(config.seed)
    watched = [watcher.make(rng) for _ in range(WATCHED)]
    examples = Examples(config.examples, training, contents, species)
    LOGGER.info("%d pictures, %d species", len(training), len(species))
    seed = (config.seed, trainer.step_count)
    with Buffer(examples, config.optimiser.buffer, seed) as buffer:
        buffer.wait_for(FIRST_EXAMPLES)
        _train(trainer, buffer, watched, args.run)


def _train(trainer: Trainer, buffer: Buffer, watched: list[Example], run: Path) -> None:
    settings = trainer.config.optimiser
    rng = np.random.default_rng([trainer.config.seed, trainer.step_count, 1])
    clock = Clock(trainer.seconds)
    saved_at = logged_at = clock.seconds()
    logged = trainer.example_count
    while (seconds := clock.seconds()) < settings.seconds:
        row: dict[str, float] = trainer.step(seconds, buffer.draw(settings.batch, rng))
        ends = clock.seconds() >= settings.seconds
        if ends or seconds - saved_at >= settings.checkpoint_seconds:
            row |= trainer.errors(watched)
            save(run / "checkpoint.pt", trainer.state())
            saved_at = seconds
        if ends or "bpcer" in row or trainer.step_count % LOG_EVERY_STEPS == 0:
            row["rate"] = (trainer.example_count - logged) / (clock.seconds() - logged_at)
            row["made"] = buffer.made
            logged_at, logged = clock.seconds(), trainer.example_count
            _log(run / "log.csv", trainer, row)


def _log(path: Path, trainer: Trainer, row: dict[str, float]) -> None:
    counters = {
        "seconds": trainer.seconds, "step": trainer.step_count, "examples": trainer.example_count
    }  # fmt: skip
    append_row(path, LOG_COLUMNS, {**counters, **row})
    words = ", ".join(f"{name} {value:.4g}" for name, value in row.items())
    LOGGER.info("step %d, %s", trainer.step_count, words)


if __name__ == "__main__":
    main()
