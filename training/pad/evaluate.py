"""Step 4: our network beside the MiniFASNets, on pictures and species that it never met.

`python -m training.pad.evaluate --shared ../shared --data RUNS/pad-data --out RUNS/pad128/report`

Writes `report.json` and `report.md`. Attacks are simulated: this is no test of ISO/IEC 30107-3.
"""

from __future__ import annotations

import argparse
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import msgspec
import numpy as np

from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.specimen.presentation import SPECIES
from training.common.pool import pictures_in, pool_tars
from training.embedder.landmarks import open_detector
from training.pad import report as reports
from training.pad.config import load_config
from training.pad.geometry import LIVE
from training.pad.index import decoded, read_index
from training.pad.prepare import main_boxes, mean_softmax, open_teachers
from training.pad.trials import (
    INDEPENDENT,
    attacked,
    changed,
    gathered,
    independent,
    kept,
    live_probability,
    live_shots,
    near_shots,
    tunes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fvs.records import F64
    from training.pad.config import ExampleConfig
    from training.pad.index import Face
    from training.pad.trials import Crops, Shot

__all__ = ["Evaluation", "main"]

LOGGER = logging.getLogger(__name__)

OUR_MODEL = "pad-fvs-202611"

OURS, TEACHERS = SYSTEMS = "pad-fvs", "MiniFASNets"

TARGET_BPCER = 0.05

ATTACKS_PER_SPECIES = 150

INDEPENDENT_ATTACKS = 50

WEAR_SAMPLE = 100


TUNING = ("tuning", "tuning_captured")


class Change(NamedTuple):
    """What happens to a frame: a new size, then compression."""

    scale: float = 1.0
    quality: int | None = None


CHANGES = {
    "unchanged": Change(),
    **{f"JPEG {quality}": Change(quality=quality) for quality in (30, 50, 70, 95)},
    **{f"scaled by {scale:g}": Change(scale=scale) for scale in (0.25, 0.5, 2.0)},
}

TIMED_RUNS = 60

RULE = (
    f"Thresholds were chosen on one half of the held-out pictures, tight crops (utk) left out, as "
    f"the highest with a BPCER of at most {TARGET_BPCER:.0%} on pictures as they are and through "
    "the simulated camera together; all rates are of the other half."
)


class Evaluation:
    """Our network, its teachers, and the pictures on which they are measured.

    What is measured on is made once and kept in `folder`: it takes minutes and depends on nothing
    that is trained.
    """

    def __init__(
        self,
        folder: Path,
        shared: Path,
        heldout: Sequence[Face],
        config: ExampleConfig,
        network: Network | None,
    ) -> None:
        self.network = network
        self.config = config
        self.seen = [name for name in SPECIES if name not in config.held_out_species]
        self.teachers = open_teachers(shared / "models")
        self.detector = open_detector(shared / "models")
        self.contents = dict(pictures_in(pool_tars(shared)))
        self.tuning = [face for face in heldout if tunes(face) and face.source != "utk"]
        self.measured = [face for face in heldout if not tunes(face)]
        # Attacks are made of wide pictures, so that species differ by more than their crop.
        self.wide = [face for face in self.measured if face.source != "utk"]
        self._folder = folder

    @property
    def systems(self) -> dict[str, list[Network]]:
        """Each system's networks."""
        return {OURS: [] if self.network is None else [self.network], TEACHERS: [*self.teachers]}

    def make_sets(self) -> None:
        """Make all that is not there yet, so that `report` takes little time."""
        for name, make in self._sets().items():
            self._kept(name, make)
            LOGGER.info("%s", name)

    def live(self, name: str) -> dict[str, F64]:
        """Live probabilities of a set by both systems."""
        crops = self._kept(name, self._sets()[name])
        if self.network is None:
            raise ValueError("there is no network to measure yet")
        return {OURS: live_probability(crops.crops_rgb, self.network), TEACHERS: crops.teachers}

    def attack_names(self) -> tuple[str, ...]:
        """The sets that are attacks."""
        return (*SPECIES, *INDEPENDENT)

    def thresholds(self) -> dict[str, float]:
        """Per system, by `RULE`."""
        both = [self.live(name) for name in TUNING]
        return {
            system: reports.threshold_for(
                np.concatenate([values[system] for values in both]), TARGET_BPCER
            )
            for system in SYSTEMS
        }

    def wear(self, thresholds: Mapping[str, float]) -> list[reports.Row]:
        """BPCER and APCER after compression and scaling."""
        rows = []
        for name in CHANGES:
            for kind, rate_of in (("BPCER", reports.refused), ("APCER", reports.passed)):
                live = self.live(f"{name} {kind}")
                rows.append(reports.Row(f"{name}, {kind}", "", rate_of(live, thresholds)))
        return rows

    def speed_ms(self) -> dict[str, float]:
        """Median processor time of one face on one thread, crop included."""
        face = self.measured[0]
        frames = [decoded(self.contents[face.file])]
        boxes = np.array([face.xyxy_px], np.float32)
        result = {}
        for system, chosen in self.systems.items():
            times = []
            for _ in range(TIMED_RUNS):
                # Not the clock's time: other work on the machine would be in it.
                begin = time.process_time()
                mean_softmax(frames, boxes, chosen)
                times.append(time.process_time() - begin)
            result[system] = 1e3 * float(np.median(times))
        return result

    def _sets(self) -> dict[str, Callable[[], Iterable[Shot]]]:
        sets: dict[str, Callable[[], Iterable[Shot]]] = {
            "tuning": lambda: live_shots(self.tuning, self.contents, None),
            "tuning_captured": lambda: live_shots(self.tuning, self.contents, self.config),
            "live": lambda: live_shots(self.measured, self.contents, None),
            "live_captured": lambda: live_shots(self.measured, self.contents, self.config),
            "live_near": lambda: near_shots(self.measured, self.contents, self.config),
        }
        for name in SPECIES:
            sets[name] = partial(self._attacked, name, ATTACKS_PER_SPECIES)
        for name in INDEPENDENT:
            faces = self._sample(INDEPENDENT_ATTACKS)
            sets[name] = partial(independent, name, faces, self.contents, self.detector)
        for name, change in CHANGES.items():
            sets[f"{name} BPCER"] = partial(self._worn_live, change)
            sets[f"{name} APCER"] = partial(self._worn_attacks, change)
        return sets

    def _kept(self, name: str, make: Callable[[], Iterable[Shot]]) -> Crops:
        path = self._folder / f"{name.replace(' ', '_')}.npz"
        return kept(path, lambda: gathered(make(), self.teachers))

    def _attacked(self, name: str, count: int) -> Iterable[Shot]:
        return attacked(name, self._sample(count), self.contents, self.config)

    def _worn_live(self, change: Change) -> Iterable[Shot]:
        shots = live_shots(self._sample(WEAR_SAMPLE), self.contents, self.config)
        return changed(shots, quality=change.quality, scale=change.scale)

    def _worn_attacks(self, change: Change) -> Iterable[Shot]:
        faces = self._sample(WEAR_SAMPLE)
        shots = (
            shot
            for index, face in enumerate(faces)
            for shot in attacked(
                self.seen[index % len(self.seen)], [face], self.contents, self.config
            )
        )
        return changed(shots, quality=change.quality, scale=change.scale)

    def _sample(self, count: int) -> list[Face]:
        step = max(1, len(self.wide) // count)
        return self.wide[::step][:count]


def agreement(one: F64, other: F64) -> dict[str, float]:
    """Pearson correlation of two live probabilities, and the share of equal verdicts at 0.5."""
    return {
        "correlation with the MiniFASNets, live and attacked": float(np.corrcoef(one, other)[0, 1]),
        "same verdict at 0.5": float(((one >= 0.5) == (other >= 0.5)).mean()),  # noqa: PLR2004
    }


def demo_rows(evaluation: Evaluation) -> list[dict[str, float | str]]:
    """Live probability of each demo case's selfie, and of its card sent as the selfie."""
    from fvs.cli.demo_cases import build_cases  # noqa: PLC0415 - needs the extra `demo`

    pictures: dict[bytes, str] = {}
    for case in build_cases():
        pictures.setdefault(case.selfie_jpeg, case.name)
        pictures.setdefault(case.card_jpeg, f"card of {case.name}, sent as the selfie")
    rows: list[dict[str, float | str]] = []
    for content, name in pictures.items():
        frame = decoded(content)
        boxes = main_boxes([frame], evaluation.detector)
        if evaluation.network is not None and np.isfinite(boxes).all():
            ours = mean_softmax([frame], boxes, [evaluation.network])[0, LIVE]
            theirs = mean_softmax([frame], boxes, evaluation.teachers)[0, LIVE]
            rows.append({"case": name, OURS: float(ours), TEACHERS: float(theirs)})
    return rows


def main() -> None:
    """Make the sets, and write both reports unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of the reports")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("pad128.toml"))
    parser.add_argument("--json", type=Path, help="another place for a copy of report.json")
    parser.add_argument("--only-sets", action="store_true", help="while training still runs")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    sets = args.out / "sets"
    sets.mkdir(parents=True, exist_ok=True)
    heldout = [f for f in read_index(args.data / "pool.csv") if f.use == "heldout"]
    network = None if args.only_sets else _our_network()
    examples = load_config(args.config).examples
    evaluation = Evaluation(sets, args.shared, heldout, examples, network)
    evaluation.make_sets()
    if network is None:
        return
    report = _measured(evaluation)
    lfw = args.data / "lfw.csv"
    if lfw.exists():
        report.bpcer.append(_lfw_row(lfw, args.shared, network, report.thresholds))
    content = msgspec.json.format(msgspec.json.encode(report)) + b"\n"
    for path in filter(None, (args.out / "report.json", args.json)):
        path.write_bytes(content)
    (args.out / "report.md").write_text(reports.markdown(report))


def _our_network() -> Network:
    folder = shipped_models_dir() / OUR_MODEL
    manifest = load_manifest(folder)
    return Network(manifest, folder / manifest.file, Runtime())


def _measured(evaluation: Evaluation) -> reports.Report:
    thresholds = evaluation.thresholds()
    plain, captured = evaluation.live("live"), evaluation.live("live_captured")
    near = evaluation.live("live_near")
    attacks = {name: evaluation.live(name) for name in evaluation.attack_names()}
    wide = np.array([face.source != "utk" for face in evaluation.measured])
    every = [
        np.concatenate([plain[system], *(values[system] for values in attacks.values())])
        for system in SYSTEMS
    ]
    return reports.Report(
        sha256={
            system: [network.manifest.sha256 for network in networks]
            for system, networks in evaluation.systems.items()
        },
        thresholds=thresholds,
        threshold_rule=RULE,
        apcer=[
            reports.Row(name, _note(name, evaluation.seen), reports.passed(values, thresholds))
            for name, values in attacks.items()
        ],
        bpcer=reports.by_group(evaluation.measured, plain, thresholds),
        bpcer_captured=reports.by_group(evaluation.measured, captured, thresholds),
        bpcer_near=reports.by_group(evaluation.measured, near, thresholds),
        wear=evaluation.wear(thresholds),
        trade_off=reports.trade_off(
            {system: plain[system][wide] for system in SYSTEMS}, attacks, evaluation.seen
        ),
        agreement=agreement(*every),
        speed_ms=evaluation.speed_ms(),
        demo=demo_rows(evaluation),
    )


def _note(name: str, seen: Sequence[str]) -> str:
    if name in seen:
        return f"{SPECIES[name].kind}, trained on"
    return f"{SPECIES[name].kind}, held out" if name in SPECIES else "another simulator"


def _lfw_row(
    index: Path, shared: Path, network: Network, thresholds: Mapping[str, float]
) -> reports.Row:
    """LFW's evaluation pictures, for the report only."""
    contents = dict(pictures_in([shared / "data" / "lfw_eval.tar"]))
    faces = read_index(index)
    crops = gathered(live_shots(faces, contents, None), []).crops_rgb
    teachers = np.array([face.teachers[LIVE] for face in faces])
    live = {OURS: live_probability(crops, network), TEACHERS: teachers}
    note = "nothing was chosen on these"
    return reports.Row("LFW evaluation pictures", note, reports.refused(live, thresholds))


if __name__ == "__main__":
    main()
