"""Records made by hand for tests of single stages."""

from collections.abc import Sequence

import numpy as np

from fvs.operating_points import (
    AgeBand,
    BandEvidence,
    DataSource,
    OperatingPoint,
    OperatingPoints,
    PadPoint,
    Rate,
)
from fvs.records import Embeddings, Liveness, Scores
from fvs.status import Status

NO_RATE = Rate(errors=0, trials=1, point=0.0, lower_95=0.0, upper_95=1.0)


def embeddings(vectors: np.ndarray, status: Sequence[int] | None = None) -> Embeddings:
    """Unit vectors of the directions given; rows that are not OK are zero."""
    n = len(vectors)
    codes = np.zeros(n, np.uint8) if status is None else np.asarray(status, np.uint8)
    length = np.linalg.norm(vectors, axis=1, keepdims=True) if n else np.ones((0, 1))
    unit = (vectors / length).astype(np.float32)
    unit[codes != Status.OK] = 0
    return Embeddings(
        status=codes,
        image_index=np.arange(n),
        vectors=unit,
        norm=np.ones(n, np.float32),
        model_id="embed-test-202601",
    )


def scores(similarity: Sequence[float], status: Sequence[int] | None = None) -> Scores:
    """Scores of these similarities, OK unless said otherwise."""
    codes = np.zeros(len(similarity), np.uint8) if status is None else np.asarray(status, np.uint8)
    return Scores(status=codes, similarity=np.asarray(similarity, np.float32))


def liveness(live_probability: Sequence[float]) -> Liveness:
    """Liveness rows; NaN is not assessed."""
    values = np.asarray(live_probability, np.float32)
    status = np.where(np.isfinite(values), Status.OK, Status.LIVENESS_NOT_ASSESSED)
    return Liveness(
        status=status.astype(np.uint8), image_index=np.arange(len(values)), live_probability=values
    )


def operating_point(
    threshold: float = 0.5, *, child_threshold: float | None = None
) -> OperatingPoint:
    """A point whose children's band is not supported unless it has a threshold of its own."""
    child = AgeBand(name="2-12", youngest=2, oldest=12, adult=False)
    adult = AgeBand(name="20-39", youngest=20, oldest=39, adult=True)
    return OperatingPoint(
        target_fmr=1e-4,
        threshold=threshold,
        strictest_group="test",
        fnmr=NO_RATE,
        fmr_pooled=NO_RATE,
        groups=(),
        bands=(_band(child, child_threshold), _band(adult, threshold)),
    )


def pad_point(threshold: float = 0.5) -> PadPoint:
    """A PAD point without evidence."""
    return PadPoint(threshold=threshold, refused={})


def operating_points(pack: str = "made-up", **changes: object) -> OperatingPoints:
    """All that was measured of a pack without PAD, as told; nothing here was measured."""
    fields = {
        "pack": pack,
        "detector_sha256": "d" * 64,
        "embedder_sha256": "e" * 64,
        "pad_sha256": (),
        "method": "made up for a test",
        "data": (
            DataSource(
                name="made up",
                sha256="a" * 64,
                pictures=2,
                subjects=1,
                failed_to_acquire=0,
                duplicates_dropped=0,
                terms="none",
            ),
        ),
        "unsupported_targets": {"1e-06": "10 non-mated pairs in the largest group, need 116680"},
        "unsupported_conditions": {"quality": "not supported by this data"},
        "points": (operating_point(),),
        "pad": None,
        "same_capture": None,
        "created": "2026-01-01T00:00:00+00:00",
        "machine": "none",
        "commit": "none",
    }
    return OperatingPoints(**(fields | changes))


def _band(band: AgeBand, threshold: float | None) -> BandEvidence:
    return BandEvidence(
        band=band,
        status="not_supported" if threshold is None else "held",
        threshold=threshold,
        reason="" if threshold is not None else "made up for a test",
        worst_group="test",
        fmr=NO_RATE,
        fnmr=NO_RATE,
    )
