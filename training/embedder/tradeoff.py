"""What separation costs and gives: LFW errors against fairness, for checkpoints and mixtures.

`python -m training.embedder.tradeoff --shared ../shared --data RUNS/data --before RUNS/a.pt
--after RUNS/b.pt [--also "name=RUNS/c.pt"] --out training/embedder/results [--ship RUNS/ship]`

Weights between `before` and `after` make a curve, since normalisation is frozen in between. Which
of them ships is decided on held-out pool pictures alone: the furthest along whose agreement with
the teacher is within `COSINE_GIVEN_UP` of the best of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from training.common.checkpoint import restore, save
from training.embedder.config import load_config
from training.embedder.evaluate import evaluate, inequity
from training.embedder.material import open_material
from training.embedder.plot import Dot, scatter_svg
from training.embedder.student import Student, pixels_to_tensor
from training.embedder.teacher import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.records import F32, U8
    from training.embedder.config import StudentConfig
    from training.embedder.evaluate import Report
    from training.embedder.material import Material

__all__ = ["COSINE_GIVEN_UP", "Point", "chosen_share", "main", "mixed"]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of `after` in the mixtures."""

COSINE_GIVEN_UP = 0.02
"""Of the mean cosine with the teacher on held-out pictures, for separation."""

NOMINAL = 1e-3
"""FMR on all pairs of LFW whose threshold is carried over to the groups."""

CHILDREN = "ages 2-12"

COLUMNS = (
    "cosine with the teacher, held out",
    "LFW accuracy",
    "LFW FNMR at FMR 1e-3, all pairs",
    "FMR max / geomean, adult groups",
    "largest adult FMR",
    "FMR at ages 2-12",
)

CHUNK = 64

State = dict[str, Any]


class Point(NamedTuple):
    """One embedder of the table."""

    name: str
    heldout_cosine: float
    report: Report


def mixed(before: State, after: State, share: float) -> State:
    """Weights and normalisation between two states of one network."""
    return {name: torch.lerp(value.float(), after[name].float(), share).to(value.dtype)
            for name, value in before.items()}  # fmt: skip


def chosen_share(cosines: Mapping[float, float]) -> float:
    """The largest share of separation that gives up no more agreement than is allowed."""
    enough = max(cosines.values()) - COSINE_GIVEN_UP
    return max(share for share, cosine in cosines.items() if cosine >= enough)


def main() -> None:
    """Write `tradeoff.md` and `tradeoff.svg` into --out, and the chosen weights into --ship."""
    args = _arguments()
    torch.set_num_threads(1)
    config = load_config(args.config).student
    material = open_material(args.shared, args.data)
    before, after = _weights(args.before), _weights(args.after)
    mixtures = {share: mixed(before, after, share) for share in SHARES}
    named = {name: _weights(Path(path)) for name, _, path in (a.partition("=") for a in args.also)}
    points = [_point(name, state, config, material) for name, state in named.items()]
    curve = {
        share: _point(f"{share:g} of separation", state, config, material)
        for share, state in mixtures.items()
    }
    share = chosen_share({share: point.heldout_cosine for share, point in curve.items()})
    teacher = evaluate(
        material.lfw_teacher, material.files, material.pairs, material.heldout_teacher,
        material.labels,
    )  # fmt: skip
    rows = [Point("teacher", 1.0, teacher), *points, *curve.values()]
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tradeoff.md").write_text("\n".join(_table(rows, curve[share].name)) + "\n")
    (args.out / "tradeoff.svg").write_text(_plot(rows, list(curve.values())))
    if args.ship is not None:
        args.ship.mkdir(parents=True, exist_ok=True)
        save(args.ship / "checkpoint.pt", {"student": mixtures[share]})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--before", type=Path, required=True, help="checkpoint before separation")
    parser.add_argument("--after", type=Path, required=True, help="checkpoint after it")
    parser.add_argument("--also", action="append", default=[], help="NAME=CHECKPOINT, to compare")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ship", type=Path, help="folder for the chosen weights")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("mobile128.toml"))
    return parser.parse_args()


def _weights(path: Path) -> State:
    state = restore(path)
    if state is None:
        raise FileNotFoundError(path)
    weights: State = state["student"]
    return weights


def _point(name: str, state: State, config: StudentConfig, material: Material) -> Point:
    student = Student(config)
    student.load_state_dict(state)
    student.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    lfw, heldout = _embed(student, material.lfw), _embed(student, material.heldout)
    cosine = float((heldout * material.heldout_teacher).sum(axis=1).mean())
    report = evaluate(lfw, material.files, material.pairs, heldout, material.labels)
    return Point(name, cosine, report)


def _embed(student: Student, crops_rgb: U8) -> F32:
    parts = []
    with torch.inference_mode():
        for start in range(0, len(crops_rgb), CHUNK):
            crops = np.ascontiguousarray(crops_rgb[start : start + CHUNK])
            parts.append(student(pixels_to_tensor(torch.from_numpy(crops))).numpy())
    return normalised(np.concatenate(parts))


def _table(points: Sequence[Point], shipped: str) -> list[str]:
    lines = [f"| | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for point in points:
        report, rates = point.report, point.report.fmr[NOMINAL]
        adults = max(rate.point for name, rate in rates.items() if name.startswith("adults"))
        name = f"**{point.name}** (shipped)" if point.name == shipped else point.name
        lines.append(
            f"| {name} | {point.heldout_cosine:.4f} | {report.accuracy:.4f} "
            f"| {report.fnmr['all pairs, FMR 0.001']:.4f} | {inequity(rates):.1f} "
            f"| {adults:.1e} | {rates[CHILDREN].point:.1e} |"
        )
    return lines


def _plot(points: Sequence[Point], curve: Sequence[Point]) -> str:
    def dot(point: Point) -> Dot:
        rates = point.report.fmr[NOMINAL]
        x = inequity(rates)
        return Dot(point.name, x, point.report.fnmr["all pairs, FMR 0.001"], point in curve)

    title = "LFW FNMR at FMR 1e-3 (up) against FMR max / geometric mean over adult groups (right)"
    return scatter_svg(title, [dot(point) for point in points])


if __name__ == "__main__":
    main()
