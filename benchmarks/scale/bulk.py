"""Bulk work on this machine, by the number of worker processes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import describe_circumstances
from benchmarks.scale.clock import timed
from benchmarks.scale.results import BulkSection, Speed
from fvs.bulk.all_pairs import BULK_TILE_ROWS, score_tile
from fvs.bulk.local import LocalEngine
from fvs.bulk.portraits import PortraitExtraction, in_chunks
from fvs.deployment.packs import DEFAULT_PACK
from fvs.metrics.tiles import Tile
from fvs.packs import load_pack, shipped_models_dir
from fvs.timing import worker_counts
from fvs.timing.pictures import camera_card

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.bulk.engines import BulkEngine

__all__ = ["measure_bulk"]

MEGAPIXELS = 2.0
THRESHOLD = 0.5
"""Few pairs of random vectors reach it, as few of different people do."""


def measure_bulk(
    portraits: int, tiles: int, dimension: int, on_progress: Callable[[], None]
) -> BulkSection:
    """Templates from cards, and pairs of a gallery, with 1 to all cores.

    Args:
        portraits: pictures for each worker.
        tiles: tiles for each worker.
        dimension: D of the gallery.
        on_progress: called when a number of workers was measured.
    """
    circumstances = describe_circumstances()
    by_portraits, by_pairs = {}, {}
    for workers in worker_counts(circumstances.cores):
        with LocalEngine(workers) as engine:
            by_portraits[workers] = _portraits(engine, portraits * workers)
            by_pairs[workers] = _pairs(engine, tiles * workers, dimension)
        on_progress()
    return BulkSection(
        circumstances=circumstances,
        pack=DEFAULT_PACK,
        dimension=dimension,
        portraits=by_portraits,
        pairs=by_pairs,
    )


def _portraits(engine: LocalEngine, count: int) -> Speed:
    """All workers have opened their networks before the clock starts."""
    extraction = PortraitExtraction(load_pack(DEFAULT_PACK, shipped_models_dir()))
    card = camera_card(MEGAPIXELS)
    warm_up = in_chunks([card] * (4 * engine.workers), 1)
    _refuse_refusals(list(engine.map(extraction, warm_up)))
    chunks = list(in_chunks([card] * count, 4))
    return timed(count, lambda: list(engine.map(extraction, chunks)))


def _refuse_refusals(parts: list) -> None:
    if any(portraits.refusals != ((),) for portraits in parts):
        raise RuntimeError("the card that is measured with is refused")


def _pairs(engine: BulkEngine, tiles: int, dimension: int) -> Speed:
    vectors = np.random.default_rng(0).standard_normal((2 * BULK_TILE_ROWS, dimension), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory(prefix="fvs-scale-") as folder:
        gallery = Path(folder) / "gallery.npy"
        np.save(gallery, vectors)
        # One tile off the diagonal again and again: all its pairs count.
        tile = Tile(0, BULK_TILE_ROWS, BULK_TILE_ROWS)
        work = partial(score_tile, gallery, THRESHOLD)
        list(engine.map(work, [tile] * engine.workers))
        return timed(tiles * BULK_TILE_ROWS**2, lambda: list(engine.map(work, [tile] * tiles)))
