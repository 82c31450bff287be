"""Live signals beside their baseline, and the evidence of a change over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fvs.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.monitoring.baseline import Baseline, Signal, SignalBaseline
    from fvs.monitoring.drift import Comparison, SignalDrift
    from fvs.records import F64

__all__ = ["PLOT_SUFFIXES", "draw_comparison"]

PLOT_SUFFIXES = (".png", ".svg")
PANEL_IN = (4.6, 2.6)
DPI = 150
MOST_POINTS = 2000
"""Of a line: more are finer than a pixel."""
BASELINE_COLOUR, LIVE_COLOUR, LIMIT_COLOUR = "#555555", "#0072b2", "#d55e00"
"""The last two of Okabe and Ito, apart for the colour-blind; the lines differ in dashes too."""


def draw_comparison(baseline: Baseline, comparison: Comparison, path: Path) -> None:
    """Draw a row a signal, PNG or SVG by the file's suffix; the same data give the same SVG.

    Raises:
        UsageError: another suffix, or the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower() not in PLOT_SUFFIXES:
        raise UsageError(
            f"cannot draw {path.name}",
            advice=f"Name a file ending in {' or '.join(PLOT_SUFFIXES)}.",
        )
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra that takes a second to import
        from matplotlib.figure import Figure  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise MissingExtraError(
            "drawing needs matplotlib",
            advice="Install it with `pip install 'face-verification-service[report]'`.",
        ) from error
    rows = len(comparison.live)
    with mpl.rc_context({"svg.hashsalt": "monitor", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(2 * PANEL_IN[0], PANEL_IN[1] * rows), layout="constrained")
        axes = figure.subplots(rows, 2, squeeze=False)
        for row, (signal, drift, evidence) in enumerate(
            zip(comparison.live, comparison.report.signals, comparison.evidence, strict=True)
        ):
            _draw_distributions(axes[row][0], baseline.signal(signal.name), signal, drift)
            _draw_evidence(axes[row][1], drift, evidence)
        _save(figure, path)


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401 - matplotlib is untyped here
    kind = path.suffix.lower().removeprefix(".")
    try:
        figure.savefig(
            path, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None
        )
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _draw_distributions(
    axes: Any,  # noqa: ANN401 - likewise
    baseline: SignalBaseline,
    live: Signal,
    drift: SignalDrift,
) -> None:
    then, now = np.asarray(baseline.sample), np.sort(live.values[~np.isnan(live.values)])
    for values, words, colour, line in (
        (then, f"baseline ({baseline.total:,})", BASELINE_COLOUR, "--"),
        (now, f"live ({drift.values:,})", LIVE_COLOUR, "-"),
    ):
        if len(values):
            axes.plot(*_thinned(values, np.arange(1, len(values) + 1) / len(values)), line,
                      color=colour, label=words)  # fmt: skip
    axes.set(
        title=f"{drift.name}: {drift.verdict.replace('_', ' ')}",
        xlabel=drift.name.replace("_", " "),
        ylabel="share at or below",
        ylim=(0, 1),
    )
    axes.legend(frameon=False)


def _draw_evidence(
    axes: Any,  # noqa: ANN401 - likewise
    drift: SignalDrift,
    evidence: F64,
) -> None:
    axes.plot(*_thinned(np.arange(1.0, len(evidence) + 1), evidence), color=LIVE_COLOUR)
    axes.axhline(drift.evidence_limit, linestyle="--", color=LIMIT_COLOUR, label="alarm")
    axes.set(
        title="evidence of a change",
        xlabel="live values, in the order of time",
        ylabel="log10 of the wealth",
    )
    axes.legend(frameon=False)


def _thinned(x: F64, y: F64) -> tuple[F64, F64]:
    """As many points as can be seen, first and last among them."""
    if len(x) <= MOST_POINTS:
        return x, y
    rows = np.linspace(0, len(x) - 1, MOST_POINTS).astype(np.int64)
    return x[rows], y[rows]
