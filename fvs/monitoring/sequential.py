"""Tests that may be looked at after every comparison: betting against "nothing has changed".

Each live value is ranked among the baseline and all live values before it; while nothing has
changed, the share of them that lie above it is uniform and independent of all before, whatever the
distribution is and however small the baseline (Vovk, Gammerman and Shafer, "Algorithmic Learning
in a Random World", 2nd ed. 2022, chapter 8; ties are broken by drawn numbers). Bets on those shares
are fair, so that the wealth of whoever bets reaches 1 / a with probability a at most, ever (Ville's
inequality). The bets follow the shares seen so far, and new bettors start as time goes on, so that
a late change is found nearly as fast as an early one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from fvs.records import F64, Bool, Int

__all__ = ["Bets", "bet_against_bound", "bet_against_no_change", "ranks_above", "wealth_of"]

SHARE_BINS = 10
PRIOR_COUNT = 1.0
"""Of each bin, as if seen before betting begins: the first bet is an even one."""
FIRST_RESTART = 200
RESTART_GROWTH = 1.15
"""A change is bet on from at most 15 % of the values before it; a bettor more costs a pass."""
RATE_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""How many times its bound a rate is bet to be, in equal parts of the stake."""
BLOCK_ROWS = 1 << 16
TIE_SEED = 20261125


class Bets(NamedTuple):
    """How the betting went.

    Attributes:
        log10_wealth: (N,) after each value; the bettors began with 1.
        alarm_at: number of values after which it first reached 1 / false-alarm rate, or None.
    """

    log10_wealth: F64
    alarm_at: int | None


def bet_against_no_change(baseline_counts: Int, live_bins: Int, false_alarm_rate: float) -> Bets:
    """Bet on live values against the baseline.

    Args:
        baseline_counts: (B,) int64 values of the baseline in each bin.
        live_bins: (N,) int64 bin of each live value in the order of time.
        false_alarm_rate: the probability, at most, that this ever alarms while nothing changes.

    Returns:
        The path of the wealth; of more values, the path is the same and goes on.
    """
    drawn = np.random.default_rng(TIE_SEED).random(len(live_bins))
    return _bets(wealth_of(ranks_above(baseline_counts, live_bins, drawn)), false_alarm_rate)


def bet_against_bound(errors: Bool, at_most: float, false_alarm_rate: float) -> Bets:
    """Bet that errors are more frequent than a bound.

    The mixture of Wald's likelihood ratios against the bound: of any rate within it, known or
    changing, the wealth shrinks in the mean, so that Ville's inequality holds.

    Args:
        errors: (N,) True for errors, in the order of time.
        at_most: the bound, strictly between 0 and 1.
        false_alarm_rate: the probability, at most, that this ever alarms while the bound holds.
    """
    rates = [ratio * at_most for ratio in RATE_RATIOS if ratio * at_most < 1.0]
    rates = rates or [(1.0 + at_most) / 2.0]
    wrong = np.asarray(errors, np.bool_)
    log_wealth = np.full(len(wrong), -np.inf)
    for one in rates:
        win, loss = math.log(one / at_most), math.log((1.0 - one) / (1.0 - at_most))
        log_wealth = np.logaddexp(log_wealth, np.where(wrong, win, loss).cumsum())
    return _bets(log_wealth - math.log(len(rates)), false_alarm_rate)


def _bets(log_wealth: F64, false_alarm_rate: float) -> Bets:
    reached = np.flatnonzero(log_wealth >= -math.log(false_alarm_rate))
    return Bets(log_wealth / math.log(10.0), int(reached[0]) + 1 if len(reached) else None)


def ranks_above(baseline_counts: Int, live_bins: Int, drawn: F64) -> F64:
    """Share of the baseline and of the live values so far that lie above each live value.

    Args:
        baseline_counts: (B,) int64.
        live_bins: (N,) int64.
        drawn: (N,) uniform on 0..1, which place a value among its equals.

    Returns:
        (N,) float64, uniform on 0..1 while nothing changes.
    """
    seen, parts = np.array(baseline_counts, np.int64), [np.empty(0)]
    for start in range(0, len(live_bins), BLOCK_ROWS):
        bins = live_bins[start : start + BLOCK_ROWS]
        counts = _counts_so_far(bins, len(seen)) + seen
        rows = np.arange(len(bins))
        equal = counts[rows, bins]
        above = counts[:, ::-1].cumsum(axis=1)[:, ::-1][rows, bins] - equal
        parts.append((above + drawn[start : start + len(bins)] * equal) / counts.sum(axis=1))
        seen = counts[-1]
    return np.concatenate(parts)


def wealth_of(shares: F64) -> F64:
    """(N,) natural logarithm of the wealth after each share: a mean over bettors by their start."""
    bins = np.minimum((shares * SHARE_BINS).astype(np.int64), SHARE_BINS - 1)
    total = np.full(len(bins), -np.inf)
    starts = _starts(len(bins))
    for number, start in enumerate(starts, 1):
        # The weights 1 / (k (k + 1)) sum to 1; bettors yet to begin hold what they have.
        path = np.concatenate([np.zeros(start), _gains(bins[start:])])
        total = np.logaddexp(total, path - math.log(number * (number + 1)))
    waiting = -math.log(len(starts) + 1)  # the weight of all later bettors
    return np.asarray(np.logaddexp(total, waiting), np.float64)


def _starts(values: int) -> list[int]:
    """Where bettors begin; the same for every number of values, as far as it goes."""
    starts, following = [0], FIRST_RESTART
    while following < values:
        starts.append(following)
        following = max(following + FIRST_RESTART, math.ceil(following * RESTART_GROWTH))
    return starts


def _gains(bins: Int) -> F64:
    """(N,) log wealth of one bettor, who bets on each bin by how often it was seen before."""
    total, before, parts = 0.0, np.zeros(SHARE_BINS), [np.empty(0)]
    for start in range(0, len(bins), BLOCK_ROWS):
        block = bins[start : start + BLOCK_ROWS]
        counts = _counts_so_far(block, SHARE_BINS)
        rows = np.arange(len(block))
        earlier = before[block] + counts[rows, block] - 1
        trials = start + rows
        bets = (earlier + PRIOR_COUNT) / (trials + SHARE_BINS * PRIOR_COUNT)
        path = total + np.log(SHARE_BINS * bets).cumsum()
        parts.append(path)
        total, before = float(path[-1]), before + counts[-1]
    return np.concatenate(parts)


def _counts_so_far(bins: Int, number: int) -> Int:
    """(N, number) how often each bin was seen up to and with each row."""
    seen = np.zeros((len(bins), number), np.int64)
    seen[np.arange(len(bins)), bins] = 1
    return np.asarray(seen.cumsum(axis=0), np.int64)
