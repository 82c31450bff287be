"""Prints the `[recognisability]` table of an embedder's `model.toml`.

    python -m training.recognisability.measure --shared ../shared --data RUNS/data \
        --embedder embed-dlibresnet-201702

`RUNS/data` is what `training.embedder.prepare` wrote. Nothing of the evaluation set is read.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import track

from fvs.cli.output import ERROR_CONSOLE, print_line
from fvs.derivation.groups import AGE_BANDS
from fvs.embed import embed_crops
from fvs.engine import Engine
from fvs.errors import ModelNotFoundError, UsageError
from fvs.folders import PictureSet
from fvs.geometry import ARCFACE_TEMPLATE_112, FACE_TEMPLATES, similarity_transforms
from fvs.manifest import RecognisabilityScale, load_manifest, to_toml
from fvs.network import Network, Runtime
from fvs.packs import find_weights, load_pack, shipped_models_dir
from fvs.raster import limit_opencv_threads, warp_affine
from fvs.recognisability import unified_quality_scores
from fvs.records import Crops, Embeddings
from fvs.status import Role
from training.common.pool import pool_tars
from training.embedder.geometry import MARGIN_PX
from training.recognisability.readout import Views, fit_direction, recovered
from training.recognisability.ruin import ruined_views

if TYPE_CHECKING:
    from fvs.manifest import ModelManifest
    from fvs.records import F64, U8, Int

__all__ = ["as_aligned", "main", "scale_of"]

DETECTOR_PACK = "reference"
SOURCES = ("aaf", "utk", "web")
"""Not LFW's: its people who stand in several pictures are for choosing."""
TRAINED_PICTURES, CHECKED_PICTURES, PORTRAITS = 800, 400, 1000
VIEWS = 4
"""Ruined views a picture."""
FMR = 1e-3
LEAST_GAIN = 0.05
"""A read-out that recovers no more than this above the length alone is left out."""
SCORES = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
"""Percentiles of portraits, but for 0: that is the worst hundredth of ruined crops."""
BATCH = 64
SEED = 20261123


def main(
    *,
    shared: Annotated[Path, typer.Option(help="Folder of models/ and data/.")] = Path("../shared"),
    data: Annotated[Path, typer.Option(help="What training.embedder.prepare wrote.")],
    embedder: Annotated[str, typer.Option(help="A model in models/.")],
) -> None:
    """Measure one embedder."""
    limit_opencv_threads(1)
    network = _open(embedder, shared / "models")
    with (data / "pool.csv").open(newline="") as stream:
        index = list(csv.DictReader(stream))
    crops = np.load(data / "pool.npy", mmap_mode="r")
    rng = np.random.default_rng(SEED)

    trained = _embedded(crops, _drawn(index, "train", TRAINED_PICTURES, rng), network, rng)
    checked = _embedded(crops, _drawn(index, "heldout", CHECKED_PICTURES, rng), network, rng)
    direction = _chosen_direction(trained, checked)

    chosen = _drawn(index, "heldout", PORTRAITS, rng)
    portraits = _portraits(network, shared, [index[row]["file"] for row in chosen])
    scale = scale_of(portraits, direction, checked)
    print_line(_toml_of(scale))
    _show_by_age(unified_quality_scores(portraits, scale), [index[row] for row in chosen])


def _open(embedder: str, weights: Path) -> Network:
    models = shipped_models_dir()
    manifest = load_manifest(models / embedder)
    path = find_weights(manifest, models, [weights])
    if path is None:
        raise ModelNotFoundError(f"{embedder}: {manifest.file} is not there")
    return Network(manifest, path, Runtime())


def _drawn(index: list[dict[str, str]], use: str, count: int, rng: np.random.Generator) -> Int:
    rows = [k for k, row in enumerate(index) if row["use"] == use and row["source"] in SOURCES]
    return np.sort(rng.permutation(rows)[:count])


def _embedded(crops: U8, rows: Int, network: Network, rng: np.random.Generator) -> Views:
    """Clean and ruined views of some crops, as the embedder is shown them."""
    parts = []
    starts = range(0, len(rows), BATCH // (1 + VIEWS))
    for start in track(starts, "views", console=ERROR_CONSOLE):
        views = ruined_views(crops[rows[start : start + starts.step]], VIEWS, rng)
        parts.append(
            embed_crops(as_aligned(views.reshape(-1, *views.shape[2:]), network.manifest), network)
        )
    return Views.of(Embeddings.concatenate(parts), 1 + VIEWS)


def as_aligned(crops_rgb: U8, embedder: ModelManifest) -> Crops:
    """Crops of 128 px with a margin, brought to the embedder's own size and alignment.

    Args:
        crops_rgb: (N, 128, 128, 3), N from 1.
        embedder: its manifest.

    Raises:
        UsageError: the model is no embedder, or states no input size.
    """
    head, size_px = embedder.embed, embedder.input.size_px
    if head is None or size_px is None:
        raise UsageError(f"{embedder.id} is no embedder that states its input size")
    target = FACE_TEMPLATES[head.alignment] * size_px
    (matrix,) = similarity_transforms((ARCFACE_TEMPLATE_112 + MARGIN_PX)[None], target)
    count = len(crops_rgb)
    return Crops(
        status=np.zeros(count, np.uint8),
        image_index=np.arange(count),
        pixels_rgb=np.stack([warp_affine(crop, matrix, size_px, size_px) for crop in crops_rgb]),
        picture_to_crop=np.tile(matrix, (count, 1, 1)),
    )


def _chosen_direction(trained: Views, checked: Views) -> F64:
    """The read-out, or zeros where it does not tell failures much better than the length alone."""
    direction = fit_direction(trained)
    nothing = np.zeros_like(direction)
    alone, both = (recovered(checked, checked.raw(d), FMR) for d in (nothing, direction))
    kept = both >= alone + LEAST_GAIN
    words = f"held-out ruined crops, recovered at FMR {FMR:g}: length {alone:.3f}, with read-out "
    ERROR_CONSOLE.print(f"{words}{both:.3f}: {'kept' if kept else 'left out'}", soft_wrap=True)
    return direction if kept else nothing


def _portraits(network: Network, shared: Path, files: list[str]) -> Embeddings:
    """Held-out pictures as the whole engine sees them."""
    pack = load_pack(DETECTOR_PACK, shipped_models_dir(), [shared / "models"])
    detector = Network(pack.detector.manifest, pack.detector.weights, Runtime())
    engine = Engine(detector, network, ())
    tars = [PictureSet.open(path) for path in pool_tars(shared)]
    home = {name: pictures for pictures in tars for name in pictures.names}
    contents = [home[file].read([file])[0] for file in files]
    starts = range(0, len(files), BATCH)
    shown = track(starts, "portraits", console=ERROR_CONSOLE)
    parts = [engine.extract(contents[k : k + BATCH], Role.SELFIE).embeddings for k in shown]
    return Embeddings.concatenate(parts)


def scale_of(portraits: Embeddings, direction: F64, checked: Views) -> RecognisabilityScale:
    """The scale of one embedder.

    Args:
        portraits: whose percentiles the scores are.
        direction: (D,) of the read-out; zeros for none.
        checked: views whose worst hundredth is worth nothing.
    """
    usable = portraits.take(portraits.ok)
    raw = usable.norm + usable.vectors @ direction
    worst = np.percentile(checked.raw(direction)[:, 1:], 1)
    anchors = [worst, *np.percentile(raw, SCORES[1:])]
    return RecognisabilityScale(
        raw=tuple(round(float(value), 5) for value in anchors),
        score=tuple(float(score) for score in SCORES),
        direction=tuple(round(float(v), 5) for v in direction) if direction.any() else (),
        measured_on=f"{len(usable)} held-out pool portraits ({', '.join(SOURCES)})",
    )


def _toml_of(scale: RecognisabilityScale) -> str:
    lines = to_toml(scale).splitlines()
    return "\n".join(["[recognisability]", *(line for line in lines if not line.endswith("[]"))])


def _show_by_age(scores: F64, rows: list[dict[str, str]]) -> None:
    ages = np.array([float(row["age"] or "nan") for row in rows])
    for band in AGE_BANDS:
        of_band = scores[(ages >= band.youngest) & (ages <= band.oldest) & np.isfinite(scores)]
        if len(of_band):
            words = f"ages {band.name}: median grade {np.median(of_band):.0f}, n {len(of_band)}"
            ERROR_CONSOLE.print(words)


if __name__ == "__main__":
    typer.run(main)
