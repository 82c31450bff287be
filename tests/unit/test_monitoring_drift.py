"""Drift of live signals: what alarms, how often by chance, and what is said of too few values."""

import itertools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.monitoring import Signal, compare_live, load_baseline, make_baseline, save_record
from fvs.monitoring.baseline import FEWEST_VALUES, SignalBaseline
from fvs.monitoring.drift import LARGE_PSI, SMALL_PSI, stability_index
from fvs.monitoring.plot import draw_comparison
from fvs.monitoring.sequential import bet_against_no_change, ranks_above, wealth_of

FEW = settings(max_examples=40, deadline=None)
VALUES = st.lists(st.integers(0, 5), min_size=1, max_size=60)


def signal(values, name="similarity"):
    """A column."""
    return Signal(name, np.asarray(values, np.float64))


def baseline_of(*signals):
    """Their baseline."""
    return make_baseline(signals, of="a test", created="2026-01-02T03:04:05+00:00")


def normal(seed, count, mean=0.0):
    """A column of normal numbers."""
    return signal(np.random.default_rng(seed).normal(mean, 1.0, count))


def slow_ranks(counts, bins, drawn):
    """Rank each value among the baseline and all before it, one by one."""
    seen = [k for k, count in enumerate(counts) for _ in range(count)]
    shares = []
    for value, u in zip(bins, drawn, strict=True):
        seen.append(value)
        above, equal = sum(s > value for s in seen), sum(s == value for s in seen)
        shares.append((above + u * equal) / len(seen))
    return shares


class TestBaseline:
    def test_refuses_too_little(self):
        """No signals, few values, nothing but missing ones, or infinite ones hold nothing."""
        with pytest.raises(UsageError, match="no signals"):
            baseline_of()
        with pytest.raises(UsageError, match="499 numbers in 499 rows") as caught:
            baseline_of(normal(0, FEWEST_VALUES - 1))
        assert str(FEWEST_VALUES) in caught.value.advice
        with pytest.raises(UsageError, match="0 numbers"):
            baseline_of(signal([math.nan] * 600))
        with pytest.raises(UsageError, match="infinite"):
            baseline_of(signal([math.inf] + [0.0] * 600))

    @given(st.integers(0, 99), st.sampled_from([0, 1, 7, 1000]), st.floats(0, 0.9))
    @FEW
    def test_every_value_has_one_bin(self, seed, levels, missing):
        """Counts add up, ties and missing values included, and nothing seen lies beyond an end."""
        rng = np.random.default_rng(seed)
        values = rng.integers(0, levels + 1, 600).astype(float)
        values[rng.random(600) < missing] = math.nan
        one = baseline_of(signal(values)).signals[0]
        assert one.total == len(values)
        assert one.counts[-1] == np.isnan(values).sum()
        assert (one.counts[0], one.counts[-2]) == (0, 0)
        counted = np.bincount(one.bins_of(values), minlength=len(one.counts))
        assert tuple(counted) == one.counts

    def test_survives_being_written(self, tmp_path):
        """A baseline file holds the baseline; another file is refused with what makes one."""
        made = baseline_of(normal(0, 600), signal(np.arange(700.0), "quality"))
        save_record(made, tmp_path / "b.json")
        assert load_baseline(tmp_path / "b.json") == made
        (tmp_path / "x.json").write_text("{}")
        with pytest.raises(UsageError, match="no baseline") as caught:
            load_baseline(tmp_path / "x.json")
        assert "fvs monitor baseline" in caught.value.advice
        with pytest.raises(UsageError, match="cannot read"):
            load_baseline(tmp_path / "nowhere.json")

    def test_refuses_a_file_that_contradicts_itself(self):
        """Bins without counts, falling edges and too few values are no baseline."""
        good = msgspec.to_builtins(baseline_of(normal(0, 600)).signals[0])
        for wrong in ({"counts": [600]}, {"edges": good["edges"][::-1]}, {"counts": [0] * 23}):
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert({**good, **wrong}, SignalBaseline)


class TestSequential:
    def test_empty(self):
        """Without values there is neither wealth nor alarm."""
        bets = bet_against_no_change(np.array([5, 5]), np.empty(0, np.int64), 0.01)
        assert (len(bets.log10_wealth), bets.alarm_at) == (0, None)

    @given(VALUES, VALUES, st.integers(0, 9))
    @FEW
    def test_ranks_equal_counting(self, before, live, seed):
        """Each rank is what counting one by one gives."""
        counts = np.bincount(before, minlength=6)
        drawn = np.random.default_rng(seed).random(len(live))
        found = ranks_above(counts, np.array(live), drawn)
        np.testing.assert_allclose(found, slow_ranks(counts, live, drawn), rtol=1e-12)

    @given(st.integers(0, 9), st.integers(1, 1500))
    @FEW
    def test_more_values_only_prolong_the_path(self, seed, count):
        """Looking early and again later is one test: the early path begins the later one."""
        shares = np.random.default_rng(seed).random(1500) ** 1.3
        np.testing.assert_allclose(
            wealth_of(shares)[:count], wealth_of(shares[:count]), rtol=1e-9, atol=1e-12
        )

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_bets_are_fair(self, count):
        """Over all courses that the shares can take, the wealth is 1 in the mean."""
        courses = itertools.product((np.arange(10) + 0.5) / 10, repeat=count)
        last = [math.exp(wealth_of(np.array(course))[-1]) for course in courses]
        assert np.mean(last) == pytest.approx(1.0, abs=1e-12)

    @pytest.mark.parametrize("baseline_size", [20, 2000])
    def test_false_alarms_are_as_rare_as_stated(self, baseline_size):
        """Looked at after each of 1,500 values, at most 10 % of steady runs ever alarm.

        Even where the baseline is so small that its own distribution is hardly known.
        """
        rng, runs, alarms = np.random.default_rng(6), 400, 0
        for _ in range(runs):
            bins = rng.binomial(12, rng.uniform(0.2, 0.8), baseline_size + 1500)
            counts = np.bincount(bins[:baseline_size], minlength=13)
            alarms += bet_against_no_change(counts, bins[baseline_size:], 0.1).alarm_at is not None
        assert alarms <= 0.1 * runs + 3 * math.sqrt(runs * 0.1 * 0.9)

    @pytest.mark.parametrize("changed_after", [0, 5000])
    def test_finds_a_change_early_or_late(self, changed_after):
        """A shift by half a standard deviation alarms within 600 values, whenever it comes."""
        known = baseline_of(normal(1, 5000)).signals[0]
        live = [normal(2, changed_after).values, normal(3, 2000, mean=0.5).values]
        bins = known.bins_of(np.concatenate(live))
        bets = bet_against_no_change(np.array(known.counts), bins, 0.005)
        assert changed_after < bets.alarm_at <= changed_after + 600


class TestIndex:
    def test_of_two_bins_by_hand(self):
        """Even counts against one to three: both relative entropies are added."""
        p, q = np.array([0.5, 0.5]), np.array([25.5, 75.5]) / 101
        expected = sum((q - p) * np.log(q / p))
        assert stability_index([99, 99], [25, 75]) == pytest.approx(expected)

    @given(st.lists(st.integers(0, 50), min_size=2, max_size=8))
    @FEW
    def test_is_symmetric_and_not_negative(self, counts):
        """Neither side is special, and no change is 0."""
        other = counts[::-1]
        assert stability_index(counts, other) == pytest.approx(stability_index(other, counts))
        assert stability_index(counts, other) >= -1e-12
        assert stability_index(counts, counts) == 0.0


class TestCompare:
    def test_refuses_nonsense(self):
        """No signals, one that nobody knows, an infinite value, or no rate."""
        known = baseline_of(normal(0, 600))
        with pytest.raises(UsageError, match="no live signals"):
            compare_live(known, [])
        with pytest.raises(UsageError, match="no signal 'quality'") as caught:
            compare_live(known, [signal([1.0], "quality")])
        assert "similarity" in caught.value.advice
        with pytest.raises(UsageError, match="infinite"):
            compare_live(known, [signal([math.inf])])
        for rate in (0.0, 1.0, math.nan):
            with pytest.raises(UsageError, match="false-alarm"):
                compare_live(known, [normal(0, 10)], rate)

    @pytest.mark.parametrize("count", [0, 1, 50])
    def test_too_few_say_how_many_are_needed(self, count):
        """Where neither drift nor its absence shows, the number that would show it is told."""
        known = baseline_of(normal(0, 3000))
        report = compare_live(known, [normal(1, count)]).report
        one = report.signals[0]
        assert (report.verdict, one.verdict, one.values) == ("too_few", "too_few", count)
        assert one.needed > count
        enough = compare_live(known, [normal(1, one.needed)]).report.signals[0]
        assert enough.verdict == "steady"
        assert SMALL_PSI <= enough.psi_limit <= LARGE_PSI

    @pytest.mark.parametrize(
        "changed",
        [
            normal(8, 2000, mean=0.5),
            signal(np.random.default_rng(8).normal(0, 1.6, 2000)),
            signal(np.where(np.arange(2000) % 4, normal(8, 2000).values, np.nan)),
            signal(np.full(2000, 0.25)),
            signal(np.full(2000, 99.0)),
        ],
        ids=["shifted", "wider", "a quarter missing", "constant", "never seen before"],
    )
    def test_every_kind_of_change_alarms(self, changed):
        """Place, spread, missing values, a stuck signal and values beyond all seen are drift."""
        report = compare_live(baseline_of(normal(0, 3000)), [changed]).report
        assert report.verdict == "drifted"
        assert "sequential" in report.signals[0].alarms

    def test_one_signal_of_several(self):
        """A report is as bad as its worst signal, and says which."""
        known = baseline_of(normal(0, 3000), signal(normal(1, 3000).values, "quality"))
        live = [normal(2, 2000), signal(normal(3, 2000, mean=2.0).values, "quality")]
        report = compare_live(known, live).report
        assert report.verdict == "drifted"
        assert [one.verdict for one in report.signals] == ["steady", "drifted"]

    def test_false_alarms_of_all_looks_together(self):
        """All three looks at two signals alarm in at most 20 % of steady runs, as was asked."""
        rng, runs, alarms = np.random.default_rng(9), 120, 0
        for _ in range(runs):
            pool = rng.normal(size=(2, 2500))
            known = baseline_of(*(signal(row[:1000], n) for row, n in zip(pool, "ab", strict=True)))
            live = [signal(row[1000:], n) for row, n in zip(pool, "ab", strict=True)]
            alarms += compare_live(known, live, 0.2).report.verdict == "drifted"
        assert alarms <= 0.2 * runs + 3 * math.sqrt(runs * 0.2 * 0.8)

    def test_a_sure_but_small_difference_is_no_drift_by_one_look(self):
        """A twentieth of a standard deviation shows in 20,000 values, and is harmless."""
        one = compare_live(baseline_of(normal(0, 4000)), [normal(1, 20_000, mean=0.05)]).report
        assert not {"psi", "ks"} & set(one.signals[0].alarms)


class TestPlot:
    def test_draws_png_and_the_same_svg_twice(self, tmp_path):
        """A picture a suffix; the same data give the same bytes of SVG; names stay text."""
        known = baseline_of(normal(0, 600), signal(normal(1, 600).values, "quality"))
        compared = compare_live(
            known, [normal(2, 3000), signal(normal(3, 10, mean=4).values, "quality")]
        )
        for name in ("a.svg", "b.svg", "c.png"):
            draw_comparison(known, compared, tmp_path / name)
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
        assert "similarity: steady" in (tmp_path / "a.svg").read_text()
        assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")

    def test_draws_no_values(self, tmp_path):
        """A day without a single row has a picture too."""
        known = baseline_of(normal(0, 600))
        draw_comparison(known, compare_live(known, [signal([])]), tmp_path / "a.png")
        assert (tmp_path / "a.png").exists()

    def test_other_kinds_of_file_are_refused(self, tmp_path):
        """What is drawn is what the name says."""
        known = baseline_of(normal(0, 600))
        with pytest.raises(UsageError, match="cannot draw") as caught:
            draw_comparison(known, compare_live(known, [normal(1, 9)]), tmp_path / "a.pdf")
        assert ".svg" in caught.value.advice
