"""Memory of an index by the size of its gallery, as one SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.scale.arithmetic import BYTES_PER_GB, Assumptions, index_bytes_per_vector
from fvs.matching.plan import IndexKind

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.scale.results import IndexSection

__all__ = ["save_plot"]

SIZE_IN = (6.4, 4.0)
GALLERIES = np.logspace(5, 8, 31)
COLOURS = ("#266ad2", "#b26800", "#58626f", "#168048", "#9b2c6f")


def save_plot(indexes: IndexSection, path: Path, assumed: Assumptions | None = None) -> None:
    """Draw; the same report gives the same bytes with one version of matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    of = assumed or Assumptions()
    dimension = indexes.graph.dimension
    lines = {
        f"exact, {index.precision}": index.bytes_total / index.vectors
        for index in indexes.flat
        if index.dimension == dimension
    }
    for kind in (IndexKind.HNSW, IndexKind.IVFPQ):
        lines[kind.value] = index_bytes_per_vector(kind, dimension, of.people)
    with mpl.rc_context({"svg.hashsalt": "scale", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        axes = figure.subplots()
        for (name, each), colour in zip(lines.items(), COLOURS, strict=False):
            axes.plot(GALLERIES, GALLERIES * each / BYTES_PER_GB, label=name, color=colour)
        axes.axvline(of.people, color="black", lw=0.8, ls=":", label=f"{of.people / 1e6:g} million")
        usable = of.machine_memory_gb * of.usable_memory
        axes.axhline(usable, color="black", lw=0.8, ls="--", label=f"{usable:g} GB of one server")
        axes.set(xscale="log", yscale="log", xlabel="templates", ylabel="memory, GB")
        axes.set_title(f"Memory of an index, D = {dimension}")
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend()
        figure.savefig(path, format="svg", metadata={"Date": None})
