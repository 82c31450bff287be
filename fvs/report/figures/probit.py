"""Axes on which normally distributed scores give straight DET curves.

Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997: error
rates are drawn at the quantiles of the normal distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from fvs.records import F64

__all__ = ["label_probit", "probit"]

TICKS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
LOWEST, HIGHEST = 1e-8, 0.995
"""Rates beyond are drawn at these: 0 and 1 have no quantile."""


def probit(rates: npt.ArrayLike) -> F64:
    """Where rates stand on the axis."""
    return np.asarray(ndtri(np.clip(np.asarray(rates, np.float64), LOWEST, HIGHEST)))


def label_probit(axes: Axes, which: str, lowest: float, highest: float) -> None:
    """Ticks and limits of the `x` or `y` axis, whose data are `probit` values."""
    ticks = [tick for tick in TICKS if lowest <= tick <= highest]
    labels = [_label(tick) for tick in ticks]
    axes.set(
        **{
            f"{which}lim": tuple(probit([lowest, highest])),
            f"{which}ticks": probit(ticks),
            f"{which}ticklabels": labels,
        }
    )


def _label(rate: float) -> str:
    return f"{100 * rate:g} %" if rate >= 1e-3 else f"{rate:.0e}".replace("e-0", "e-")  # noqa: PLR2004 - below a tenth of a per cent, powers of ten read better
