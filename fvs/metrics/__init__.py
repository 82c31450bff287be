"""Biometric error rates with intervals that hold; offline: no stage of the engine imports it.

    from fvs.metrics import det_band, read_evaluation, subject_threshold_within

    scores = read_evaluation(Path("scores.csv"))        # refused if they cannot be right
    scores.sweep.equal_error()                          # every curve is read off one sorted sweep
    subject_threshold_within(scores.pairs.non_mated, 1e-4)   # the bound, not the count, is within
    det_band(scores.pairs, [1e-4, 1e-3, 1e-2])          # FNMR at FMR, by draws of subjects

`score >= threshold` accepts, everywhere. `docs/explanation/error-rates.md` says which number
answers which question. Names are imported when they are first used, as scipy is large.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs.metrics.acquisition import (
        FAILED,
        GeneralizedRates,
        TransactionRates,
        failure_rate,
        generalized_rates,
        transaction_rates,
        transaction_scores,
    )
    from fvs.metrics.bootstrap import (
        DetBand,
        Replicates,
        det_band,
        replicate,
        subject_bootstrap,
    )
    from fvs.metrics.comparison import (
        SystemDifference,
        compare_systems,
    )
    from fvs.metrics.curves import (
        DetCurve,
        d_prime,
        probit,
        zero_fmr,
        zero_fnmr,
    )
    from fvs.metrics.differentials import (
        Difference,
        GroupRates,
        gini,
        group_false_match_rates,
        group_false_non_match_rates,
        holm,
        max_over_geometric_mean,
        max_over_min,
    )
    from fvs.metrics.discard import (
        DiscardCurve,
        area_recovered,
        bootstrap_by_subject,
        pair_quality,
    )
    from fvs.metrics.evaluation import (
        Evaluation,
    )
    from fvs.metrics.evaluation_files import (
        read_evaluation,
        write_evaluation,
    )
    from fvs.metrics.extremes import (
        ExtrapolatedRate,
        ParetoTail,
    )
    from fvs.metrics.folds import (
        FoldAccuracy,
        fold_accuracy,
        read_lfw_pairs,
    )
    from fvs.metrics.identification import (
        NOT_ENROLLED,
        Searches,
        cumulative_match,
        fmr_for_fpir,
        fpir_from_fmr,
    )
    from fvs.metrics.intervals import (
        TrialsNeeded,
        clopper_pearson,
        most_errors_within,
        rate,
        rule_of_3,
        rule_of_30,
        trials_needed,
        trials_table,
        wilson,
    )
    from fvs.metrics.pad import (
        AverageError,
        PadRates,
        WholeSystemRates,
        average_error,
        pad_rates,
        whole_system_rates,
    )
    from fvs.metrics.pairs import (
        AllPairs,
        compare_all_pairs,
        pairs_above,
    )
    from fvs.metrics.rates import (
        EqualError,
        ScoreTail,
        Sweep,
        threshold_allowing,
        threshold_within,
    )
    from fvs.metrics.streaming import (
        BinnedSweep,
        ScoreHistogram,
        nearest_edge,
    )
    from fvs.metrics.subject_intervals import (
        BoundMethod,
        RateBand,
        SubjectRate,
        false_match_band,
        false_non_match_band,
        subject_threshold_within,
    )
    from fvs.metrics.subject_pairs import (
        KindsOfPairs,
        SubjectPairs,
        compare_subjects,
    )

__all__ = [
    "FAILED",
    "NOT_ENROLLED",
    "AllPairs",
    "AverageError",
    "BinnedSweep",
    "BoundMethod",
    "DetBand",
    "DetCurve",
    "Difference",
    "DiscardCurve",
    "EqualError",
    "Evaluation",
    "ExtrapolatedRate",
    "FoldAccuracy",
    "GeneralizedRates",
    "GroupRates",
    "KindsOfPairs",
    "PadRates",
    "ParetoTail",
    "RateBand",
    "Replicates",
    "ScoreHistogram",
    "ScoreTail",
    "Searches",
    "SubjectPairs",
    "SubjectRate",
    "Sweep",
    "SystemDifference",
    "TransactionRates",
    "TrialsNeeded",
    "WholeSystemRates",
    "area_recovered",
    "average_error",
    "bootstrap_by_subject",
    "clopper_pearson",
    "compare_all_pairs",
    "compare_subjects",
    "compare_systems",
    "cumulative_match",
    "d_prime",
    "det_band",
    "failure_rate",
    "false_match_band",
    "false_non_match_band",
    "fmr_for_fpir",
    "fold_accuracy",
    "fpir_from_fmr",
    "generalized_rates",
    "gini",
    "group_false_match_rates",
    "group_false_non_match_rates",
    "holm",
    "max_over_geometric_mean",
    "max_over_min",
    "most_errors_within",
    "nearest_edge",
    "pad_rates",
    "pair_quality",
    "pairs_above",
    "probit",
    "rate",
    "read_evaluation",
    "read_lfw_pairs",
    "replicate",
    "rule_of_3",
    "rule_of_30",
    "subject_bootstrap",
    "subject_threshold_within",
    "threshold_allowing",
    "threshold_within",
    "transaction_rates",
    "transaction_scores",
    "trials_needed",
    "trials_table",
    "whole_system_rates",
    "wilson",
    "write_evaluation",
    "zero_fmr",
    "zero_fnmr",
]

_EXPORTS = {
    "acquisition": (
        "FAILED",
        "GeneralizedRates",
        "TransactionRates",
        "failure_rate",
        "generalized_rates",
        "transaction_rates",
        "transaction_scores",
    ),
    "bootstrap": (
        "DetBand",
        "Replicates",
        "det_band",
        "replicate",
        "subject_bootstrap",
    ),
    "comparison": (
        "SystemDifference",
        "compare_systems",
    ),
    "curves": (
        "DetCurve",
        "d_prime",
        "probit",
        "zero_fmr",
        "zero_fnmr",
    ),
    "differentials": (
        "Difference",
        "GroupRates",
        "gini",
        "group_false_match_rates",
        "group_false_non_match_rates",
        "holm",
        "max_over_geometric_mean",
        "max_over_min",
    ),
    "discard": (
        "DiscardCurve",
        "area_recovered",
        "bootstrap_by_subject",
        "pair_quality",
    ),
    "evaluation": ("Evaluation",),
    "evaluation_files": (
        "read_evaluation",
        "write_evaluation",
    ),
    "extremes": (
        "ExtrapolatedRate",
        "ParetoTail",
    ),
    "folds": (
        "FoldAccuracy",
        "fold_accuracy",
        "read_lfw_pairs",
    ),
    "identification": (
        "NOT_ENROLLED",
        "Searches",
        "cumulative_match",
        "fmr_for_fpir",
        "fpir_from_fmr",
    ),
    "intervals": (
        "TrialsNeeded",
        "clopper_pearson",
        "most_errors_within",
        "rate",
        "rule_of_3",
        "rule_of_30",
        "trials_needed",
        "trials_table",
        "wilson",
    ),
    "pad": (
        "AverageError",
        "PadRates",
        "WholeSystemRates",
        "average_error",
        "pad_rates",
        "whole_system_rates",
    ),
    "pairs": (
        "AllPairs",
        "compare_all_pairs",
        "pairs_above",
    ),
    "rates": (
        "EqualError",
        "ScoreTail",
        "Sweep",
        "threshold_allowing",
        "threshold_within",
    ),
    "streaming": (
        "BinnedSweep",
        "ScoreHistogram",
        "nearest_edge",
    ),
    "subject_intervals": (
        "BoundMethod",
        "RateBand",
        "SubjectRate",
        "false_match_band",
        "false_non_match_band",
        "subject_threshold_within",
    ),
    "subject_pairs": (
        "KindsOfPairs",
        "SubjectPairs",
        "compare_subjects",
    ),
}
"""Module -> names that users import from here."""


def __getattr__(name: str) -> object:
    for module, names in _EXPORTS.items():
        if name in names:
            return getattr(import_module(f"fvs.metrics.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
