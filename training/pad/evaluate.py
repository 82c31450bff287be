"""Step 4: our network beside the MiniFASNets, on pictures and species that it never met.

`python -m training.pad.evaluate --shared ../shared --data RUNS/pad-data --out RUNS/pad128/report`

Writes `report.json` and `report.md`. Attacks are simulated: this is no test of ISO/IEC 30107-3.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np

from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.specimen.presentation import SPECIES
from training.embedder.landmarks import open_detector
from training.pad import report as reports
from training.pad.config import load_config
from training.pad.geometry import BOX_SCALE, INPUT_PX
from training.pad.index import decoded, pictures_in, pool_tars, read_index
from training.pad.prepare import main_boxes, open_teachers
from training.pad.trials import (
    INDEPENDENT,
    Shot,
    attacked,
    changed,
    independent,
    live_shots,
    score,
    tunes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.records import F64
    from training.pad.config import ExampleConfig
    from training.pad.index import Face

__all__ = ["Evaluation", "main"]

LOGGER = logging.getLogger(__name__)

OUR_MODEL = "pad-fvs-202611"

OURS, TEACHERS = "pad-fvs", "MiniFASNets"

TARGET_BPCER = 0.05

ATTACKS_PER_SPECIES = 300

INDEPENDENT_ATTACKS = 100

WEAR_SAMPLE = 300

QUALITIES = (30, 50, 70, 85, 95)

SCALES = (0.25, 0.5, 0.75, 1.5, 2.0)

TIMED_RUNS = 60

RULE = (
    f"Thresholds were chosen on one half of the held-out pictures, tight crops (utk) left out, as "
    f"the highest with a BPCER of at most {TARGET_BPCER:.0%} on pictures as they are and through "
    "the simulated camera together; all rates are of the other half."
)


class Evaluation:
    """Systems, pictures and settings of one evaluation."""

    def __init__(
        self,
        systems: Mapping[str, Sequence[Network]],
        heldout: Sequence[Face],
        contents: Mapping[str, bytes],
        config: ExampleConfig,
    ) -> None:
        self.systems = systems
        self.contents = contents
        self.config = config
        self.tuning = [face for face in heldout if tunes(face) and face.source != "utk"]
        self.measured = [face for face in heldout if not tunes(face)]
        # Attacks are made of wide pictures, so that species differ by more than their crop.
        self.wide = [face for face in self.measured if face.source != "utk"]

    def live(self, faces: Sequence[Face], *, captured: bool) -> dict[str, F64]:
        """Live probabilities of live pictures."""
        config = self.config if captured else None
        return score(live_shots(faces, self.contents, config), self.systems)

    def thresholds(self) -> dict[str, float]:
        """Per system, by `RULE`."""
        both = [self.live(self.tuning, captured=captured) for captured in (False, True)]
        return {
            name: reports.threshold_for(
                np.concatenate([values[name] for values in both]), TARGET_BPCER
            )
            for name in self.systems
        }

    def attacks(self, detector: Network) -> dict[str, dict[str, F64]]:
        """Species -> live probabilities of attacks."""
        result = {}
        for name in SPECIES:
            faces = self._sample(ATTACKS_PER_SPECIES)
            shots = attacked(name, faces, self.contents, self.config)
            result[name] = score(shots, self.systems)
            LOGGER.info("%s: %d", name, len(faces))
        for name in INDEPENDENT:
            faces = self._sample(INDEPENDENT_ATTACKS)
            shots = independent(name, faces, self.contents, detector)
            result[name] = score(shots, self.systems)
            LOGGER.info("%s: %d", name, len(faces))
        return result

    def wear(self, thresholds: Mapping[str, float], seen: Sequence[str]) -> list[reports.Row]:
        """BPCER and APCER after compression and scaling."""
        faces = self._sample(WEAR_SAMPLE)
        live = list(live_shots(faces, self.contents, self.config))
        attacks = [
            shot
            for index, face in enumerate(faces)
            for shot in attacked(seen[index % len(seen)], [face], self.contents, self.config)
        ]
        rows = []
        changes: list[tuple[str, int | None, float]] = [("unchanged", None, 1.0)]
        changes += [(f"JPEG {quality}", quality, 1.0) for quality in QUALITIES]
        changes += [(f"scaled by {scale:g}", None, scale) for scale in SCALES]
        for name, quality, scale in changes:
            for kind, shots, rate_of in (
                ("BPCER", live, reports.refused),
                ("APCER", attacks, reports.passed),
            ):
                values = score(changed(shots, quality=quality, scale=scale), self.systems)
                rows.append(reports.Row(f"{name}, {kind}", "", rate_of(values, thresholds)))
        return rows

    def speed_ms(self) -> dict[str, float]:
        """Median time of one face on one thread, crop included."""
        face = self.measured[0]
        shot = Shot(decoded(self.contents[face.file]), face.xyxy_px)
        result = {}
        for name, networks in self.systems.items():
            times = []
            for _ in range(TIMED_RUNS):
                begin = time.perf_counter()
                score([shot], {name: networks})
                times.append(time.perf_counter() - begin)
            result[name] = 1e3 * float(np.median(times))
        return result

    def _sample(self, count: int) -> list[Face]:
        step = max(1, len(self.wide) // count)
        return self.wide[::step][:count]


def agreement(one: F64, other: F64) -> dict[str, float]:
    """Pearson correlation of two live probabilities, and the share of equal verdicts at 0.5."""
    return {
        "correlation with the MiniFASNets, live and attacked": float(np.corrcoef(one, other)[0, 1]),
        "same verdict at 0.5": float(((one >= 0.5) == (other >= 0.5)).mean()),  # noqa: PLR2004
    }


def demo_rows(
    detector: Network, systems: Mapping[str, Sequence[Network]]
) -> list[dict[str, float | str]]:
    """Live probability of each demo case's selfie, and of its card sent as the selfie."""
    from fvs.cli.demo_cases import build_cases  # noqa: PLC0415 - needs the extra `demo`

    rows: list[dict[str, float | str]] = []
    cards = set()
    for case in build_cases():
        pictures = {case.name: case.selfie_jpeg}
        if case.card_jpeg not in cards:
            pictures[f"card of {case.name}, sent as the selfie"] = case.card_jpeg
            cards.add(case.card_jpeg)
        for name, content in pictures.items():
            frame = decoded(content)
            boxes = main_boxes([frame], detector)
            if not np.isfinite(boxes).all():
                continue
            left, top, right, bottom = boxes[0].tolist()
            live = score([Shot(frame, (left, top, right, bottom))], systems)
            rows.append({"case": name, **{s: float(v[0]) for s, v in live.items()}})
    return rows


def main() -> None:
    """Write both reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of the reports")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("pad128.toml"))
    parser.add_argument("--weights", type=Path, help="another file than the shipped one")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    config = load_config(args.config).examples
    detector = open_detector(args.shared / "models")
    systems = {OURS: [_our_network(args.weights)], TEACHERS: open_teachers(args.shared / "models")}
    heldout = [f for f in read_index(args.data / "pool.csv") if f.use == "heldout"]
    contents = dict(pictures_in(pool_tars(args.shared)))
    evaluation = Evaluation(systems, heldout, contents, config)
    report = _measured(evaluation, detector, config)
    lfw = args.data / "lfw.csv"
    if lfw.exists():
        report.bpcer.append(_lfw_row(lfw, args.shared, systems, report.thresholds))
    (args.out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    (args.out / "report.md").write_text(reports.markdown(report))


def _our_network(weights: Path | None) -> Network:
    folder = shipped_models_dir() / OUR_MODEL
    manifest = load_manifest(folder)
    if weights is None:
        return Network(manifest, folder / manifest.file, Runtime())
    if manifest.pad is None or (manifest.pad.box_scale, manifest.input.size_px) != (
        BOX_SCALE,
        INPUT_PX,
    ):
        raise ValueError("the manifest's crop is not the one that was trained on")
    content = weights.read_bytes()
    changes = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    return Network(msgspec.structs.replace(manifest, **changes), weights, Runtime())


def _measured(evaluation: Evaluation, detector: Network, config: ExampleConfig) -> reports.Report:
    thresholds = evaluation.thresholds()
    plain = evaluation.live(evaluation.measured, captured=False)
    captured = evaluation.live(evaluation.measured, captured=True)
    attacks = evaluation.attacks(detector)
    seen = [name for name in SPECIES if name not in config.held_out_species]
    names = list(evaluation.systems)
    wide = np.array([face.source != "utk" for face in evaluation.measured])
    every = [
        np.concatenate([plain[name], *(values[name] for values in attacks.values())])
        for name in names
    ]
    apcer = [
        reports.Row(name, _note(name, seen), reports.passed(values, thresholds))
        for name, values in attacks.items()
    ]
    return reports.Report(
        thresholds=thresholds,
        threshold_rule=RULE,
        apcer=apcer,
        bpcer=reports.by_group(evaluation.measured, plain, thresholds),
        bpcer_captured=reports.by_group(evaluation.measured, captured, thresholds),
        wear=evaluation.wear(thresholds, seen),
        trade_off=reports.trade_off({n: plain[n][wide] for n in names}, attacks, seen),
        agreement=agreement(*every),
        speed_ms=evaluation.speed_ms(),
        demo=demo_rows(detector, evaluation.systems),
    )


def _note(name: str, seen: Sequence[str]) -> str:
    if name in seen:
        return f"{SPECIES[name].kind}, trained on"
    return f"{SPECIES[name].kind}, held out" if name in SPECIES else "another simulator"


def _lfw_row(
    index: Path,
    shared: Path,
    systems: Mapping[str, Sequence[Network]],
    thresholds: Mapping[str, float],
) -> reports.Row:
    """LFW's evaluation pictures, for the report only."""
    contents = dict(pictures_in([shared / "data" / "lfw_eval.tar"]))
    live = score(live_shots(read_index(index), contents, None), systems)
    note = "nothing was chosen on these"
    return reports.Row("LFW evaluation pictures", note, reports.refused(live, thresholds))


if __name__ == "__main__":
    main()
