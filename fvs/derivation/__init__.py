"""Derivation of operating points from pictures or scores; offline only, never part of an answer."""

from fvs.derivation.calibration import (
    CalibrationRequest,
    CalibrationScores,
    calibrate,
)
from fvs.derivation.derivation import DerivationRequest, derive
from fvs.derivation.groups import read_labels
from fvs.derivation.people import (
    Measuring,
    Vectors,
    scores_of_pictures,
    scores_of_vectors,
    vectors_sha256,
)
from fvs.derivation.provenance import describe_commit, describe_machine
from fvs.derivation.review import ReviewByCost, ReviewByRate
from fvs.derivation.tables import scores_of_pairs, scores_of_table

__all__ = [
    "CalibrationRequest",
    "CalibrationScores",
    "DerivationRequest",
    "Measuring",
    "ReviewByCost",
    "ReviewByRate",
    "Vectors",
    "calibrate",
    "derive",
    "describe_commit",
    "describe_machine",
    "read_labels",
    "scores_of_pairs",
    "scores_of_pictures",
    "scores_of_table",
    "scores_of_vectors",
    "vectors_sha256",
]
