"""The arithmetic: from vectors of clean and ruined faces to a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.metrics.discard import DiscardCurve, area_recovered, pair_quality

if TYPE_CHECKING:
    from fvs.records import F64, Embeddings, Int

__all__ = ["Views", "fit_direction", "recovered", "survival"]

RIDGE = 1e-5
"""Of the mean square of a coordinate, about 1/128: keeps directions that hold nothing at rest."""

CLEAN_WEIGHT = 65.0
"""A clean view counts as so many ruined ones, and all are to be read alike: who somebody is, or of
what age or origin, must not be read out as quality."""

DIRECTION_SHARE = 0.5
"""Standard deviation of the read-out over that of the length. At equal shares what was learnt of
ruined crops drowns what the length knows of real photographs (pool_lfw)."""


@dataclass(frozen=True, eq=False)
class Views:
    """V views of each of N pictures, the first of them clean.

    Attributes:
        unit: (N, V, D) of length 1.
        norm: (N, V).
    """

    unit: F64
    norm: F64

    @classmethod
    def of(cls, embeddings: Embeddings, views: int) -> Views:
        """Views of each picture stand in consecutive rows."""
        dimension = embeddings.vectors.shape[1]
        return cls(
            embeddings.vectors.astype(np.float64).reshape(-1, views, dimension),
            embeddings.norm.astype(np.float64).reshape(-1, views),
        )

    def raw(self, direction: F64) -> F64:
        """(N, V) what is graded: the length, and the read-out along `direction`."""
        return np.asarray(self.norm + self.unit @ direction, np.float64)


def survival(views: Views) -> F64:
    """(N, V) cosine of each view with the clean one; not with each other, for ruin is alike."""
    return np.einsum("nvd,nd->nv", views.unit, views.unit[:, 0])


def fit_direction(views: Views) -> F64:
    """(D,) read-out of survival, in units of the length.

    Ridge regression on the unit vectors, clean views weighed by `CLEAN_WEIGHT`.
    """
    weight = np.ones_like(views.norm)
    weight[:, 0] = CLEAN_WEIGHT
    features = views.unit.reshape(-1, views.unit.shape[2])
    w, y = weight.ravel(), survival(views).ravel()
    mean_x, mean_y = np.average(features, axis=0, weights=w), np.average(y, weights=w)
    centred = features - mean_x
    gram = (centred * w[:, None]).T @ centred
    gram[np.diag_indices_from(gram)] += RIDGE * len(features)
    slope = np.linalg.solve(gram, (centred * w[:, None]).T @ (y - mean_y))
    return np.asarray(slope * (DIRECTION_SHARE * views.norm.std() / (features @ slope).std()))


def recovered(views: Views, raw: F64, fmr: float) -> float:
    """How well `raw` tells which pairs of views of one picture fail, see `area_recovered`.

    The threshold is that at which a share `fmr` of pairs of different clean pictures match.
    """
    clean = views.unit[:, 0]
    non_mated = (clean @ clean.T)[np.triu_indices(len(clean), 1)]
    first, second = _pairs_within(*raw.shape)
    unit = views.unit.reshape(-1, views.unit.shape[2])
    similarity = np.einsum("pd,pd->p", unit[first], unit[second])
    is_error = np.asarray(similarity < np.quantile(non_mated, 1.0 - fmr))
    quality = pair_quality(raw.ravel(), first, second)
    return area_recovered(DiscardCurve.of(quality, is_error))


def _pairs_within(pictures: int, views: int) -> tuple[Int, Int]:
    rows = np.arange(pictures * views).reshape(pictures, views)
    one, other = np.triu_indices(views, 1)
    return rows[:, one].ravel(), rows[:, other].ravel()
