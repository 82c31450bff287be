"""Live signals against their baseline: how far, how surely, and since when.

Three looks at each signal share one false-alarm rate: half of it for the sequential test, which
holds however often it is looked at, and a quarter each for the population stability index (PSI)
and the Kolmogorov-Smirnov test, which hold for one look at all values. A difference that is sure
but small is no drift by the latter two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np
from scipy.stats import chi2, ks_2samp

from fvs.errors import UsageError
from fvs.monitoring.sequential import bet_against_no_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.monitoring.baseline import Baseline, Signal, SignalBaseline
    from fvs.records import F64, Int

__all__ = [
    "DEFAULT_FALSE_ALARM_RATE",
    "Comparison",
    "DriftReport",
    "SignalDrift",
    "Verdict",
    "compare_live",
    "stability_index",
]

Verdict = Literal["steady", "drifted", "too_few"]
Look = Literal["sequential", "psi", "ks"]

DEFAULT_FALSE_ALARM_RATE = 0.01
SMALL_PSI = 0.1
"""By convention of credit scoring, where the index is from, less is no change to speak of."""
LARGE_PSI = 0.25
"""By the same convention, more is a population of another kind; this much must show."""
SMALL_DISTANCE = 0.1
"""Of two distribution functions; a smaller one moves no rate by more than a tenth."""
HALF_A_VALUE = 0.5
"""Added to each bin, so that an empty one leaves the index finite."""


class SignalDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One signal.

    Attributes:
        name: of the column.
        verdict: `drifted` where a look alarms, `too_few` where none does and there are fewer than
            `needed` values, else `steady`.
        values: live ones, missing ones included.
        missing: of those.
        needed: values from which on a large shift would show.
        psi: population stability index, in nats.
        psi_limit: from which it alarms: what chance alone reaches, or 0.1 if that is more.
        distance: largest difference of the two distribution functions; None without numbers.
        distance_p: probability of such a distance by chance; None likewise.
        evidence: highest wealth that betting against "nothing has changed" reached, as log10.
        evidence_limit: from which it alarms, as log10.
        changed_by: number of values after which it first alarmed, or None.
        alarms: which looks alarm: `sequential`, `psi`, `ks`.
    """

    name: str
    verdict: Verdict
    values: int
    missing: int
    needed: int
    psi: float
    psi_limit: float
    distance: float | None
    distance_p: float | None
    evidence: float
    evidence_limit: float
    changed_by: int | None
    alarms: tuple[Look, ...]


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """All signals; the probability of any alarm while nothing has changed is bounded.

    Attributes:
        verdict: `drifted` if any signal did, else `too_few` if any has too few values.
        false_alarm_rate: that bound.
        signals: one a column.
    """

    verdict: Verdict
    false_alarm_rate: float
    signals: tuple[SignalDrift, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A report and what a plot of it needs.

    Attributes:
        report: the verdicts.
        live: the signals, in the report's order.
        evidence: per signal, (N,) log10 wealth after each value.
    """

    report: DriftReport
    live: tuple[Signal, ...]
    evidence: tuple[F64, ...]


def compare_live(
    baseline: Baseline,
    live: Sequence[Signal],
    false_alarm_rate: float = DEFAULT_FALSE_ALARM_RATE,
) -> Comparison:
    """Hold live signals to their baseline.

    Args:
        baseline: what was measured.
        live: columns that the baseline has too.
        false_alarm_rate: probability, at most, of any alarm while nothing has changed.

    Raises:
        UsageError: no signals, one that the baseline lacks, an infinite value, or a rate that is
            not between 0 and 1.
    """
    if not live:
        raise UsageError("no live signals to compare")
    if not 0.0 < false_alarm_rate < 1.0:
        raise UsageError(f"a false-alarm rate lies between 0 and 1, not {false_alarm_rate}")
    share = false_alarm_rate / len(live)
    looked = [_look(baseline.signal(signal.name), signal, share) for signal in live]
    verdicts = {drift.verdict for drift, _ in looked}
    worst: Verdict = next(v for v in ("drifted", "too_few", "steady") if v in verdicts)
    report = DriftReport(
        verdict=worst,
        false_alarm_rate=false_alarm_rate,
        signals=tuple(drift for drift, _ in looked),
    )
    return Comparison(report, tuple(live), tuple(path for _, path in looked))


def stability_index(baseline_counts: Int, live_counts: Int) -> float:
    """Population stability index: sum of (q - p) ln(q / p) over the bins, in nats.

    Siddiqi, "Credit Risk Scorecards" (2006). It is the sum of both relative entropies; half a
    value is added to each bin.
    """
    p, q = (
        (np.asarray(counts, np.float64) + HALF_A_VALUE)
        / (np.sum(counts) + HALF_A_VALUE * len(counts))
        for counts in (baseline_counts, live_counts)
    )
    return float(((q - p) * np.log(q / p)).sum())


def _look(baseline: SignalBaseline, live: Signal, rate: float) -> tuple[SignalDrift, F64]:
    values = np.asarray(live.values, np.float64)
    if np.isinf(values).any():
        raise UsageError(f"signal {live.name!r} has an infinite value")
    bins, counts = baseline.bins_of(values), np.array(baseline.counts, np.int64)
    bets = bet_against_no_change(counts, bins, rate / 2)
    index = stability_index(counts, np.bincount(bins, minlength=len(counts)))
    by_chance = _index_by_chance(counts, rate / 4)
    index_limit = max(SMALL_PSI, by_chance * (1 / max(len(values), 1) + 1 / baseline.total))
    distance, distance_p = _distance(baseline, values)
    looks: dict[Look, bool] = {
        "sequential": bets.alarm_at is not None,
        "psi": len(values) > 0 and index >= index_limit,
        "ks": distance >= SMALL_DISTANCE and distance_p <= rate / 4,
    }
    needed = _values_needed(by_chance, baseline.total)
    alarms = tuple(look for look, is_up in looks.items() if is_up)
    drift = SignalDrift(
        name=live.name,
        verdict="drifted" if alarms else "too_few" if len(values) < needed else "steady",
        values=len(values),
        missing=int(np.isnan(values).sum()),
        needed=needed,
        psi=index,
        psi_limit=index_limit,
        distance=None if math.isnan(distance) else distance,
        distance_p=None if math.isnan(distance_p) else distance_p,
        evidence=float(bets.log10_wealth.max(initial=0.0)),
        evidence_limit=-math.log10(rate / 2),
        changed_by=bets.alarm_at,
        alarms=alarms,
    )
    return drift, bets.log10_wealth


def _index_by_chance(baseline_counts: Int, rate: float) -> float:
    """What the index exceeds with this probability, per 1 / n + 1 / m, while nothing changes.

    The index over (1 / n + 1 / m) is then nearly chi-square of one less than the bins in use
    (Yurdakul, "Statistical properties of population stability index", 2018).
    """
    in_use = int(np.count_nonzero(baseline_counts))
    return float(chi2.isf(rate, max(in_use - 1, 1)))


def _values_needed(by_chance: float, baseline_total: int) -> int:
    """Live values from which on an index of `LARGE_PSI` is beyond chance."""
    left = LARGE_PSI / by_chance - 1 / baseline_total
    # A baseline as small as the smallest allowed leaves room for any rate above 1e-9.
    return math.ceil(1 / left) if left > 0 else np.iinfo(np.int64).max


def _distance(baseline: SignalBaseline, values: F64) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance and its probability by chance; NaN without live numbers."""
    present = values[~np.isnan(values)]
    if not len(present):
        return math.nan, math.nan
    found = ks_2samp(np.asarray(baseline.sample), present, method="asymp")
    return float(found.statistic), float(found.pvalue)
