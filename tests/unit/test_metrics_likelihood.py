"""Maps from scores to likelihood ratios: fitted, bounded, and judged on other people only."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fvs.errors import UsageError
from fvs.likelihood import FittedOn, IsotonicMap, LikelihoodMap, LlrBounds, LogisticMap, posterior
from fvs.metrics.cllr import cllr, min_cllr
from fvs.metrics.likelihood import (
    ScoredPairs,
    evaluate,
    fit_isotonic,
    fit_logistic,
    split_by_subject,
)

FITS = [fit_logistic, fit_isotonic]
ANYWHERE = np.linspace(-2, 2, 401)


def scored(seed, subjects=60, pairs=4000):
    """Pairs of made-up people; a quarter are mated."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, subjects, (2, pairs))
    second[: pairs // 4] = first[: pairs // 4]
    scores = np.where(first == second, rng.normal(0.5, 0.2, pairs), rng.normal(0.1, 0.12, pairs))
    return ScoredPairs(scores, first, second)


def only(pairs, *, mated):
    """One kind of the pairs."""
    return pairs.take(pairs.is_mated == mated)


class TestScoredPairs:
    def test_empty(self):
        """No pairs are of nobody."""
        none = ScoredPairs(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
        assert (len(none), len(none.subjects)) == (0, 0)

    @pytest.mark.parametrize("scores", [[math.nan], [math.inf], [0.1, 0.2]])
    def test_refuses_what_is_no_column_of_scores(self, scores):
        """Scores are finite, one a pair."""
        with pytest.raises(UsageError):
            ScoredPairs(np.array(scores), np.array([1]), np.array([2]))

    def test_takes_any_record_with_these_columns(self):
        """Other columns are left where they are."""

        class Evaluation:
            similarity = np.array([0.5, 0.1], np.float32)
            first_subject = np.array([1, 1])
            second_subject = np.array([1, 2])
            group = ("a", "b")

        pairs = ScoredPairs.of(Evaluation())
        assert pairs.mated.tolist() == [0.5]
        assert pairs.non_mated.tolist() == [pytest.approx(0.1)]


class TestSplit:
    @given(st.integers(0, 99), st.floats(0.1, 0.9))
    @settings(max_examples=25, deadline=None)
    def test_nobody_is_on_both_sides_and_no_pair_is_lost_unseen(self, seed, share):
        """People are parted; pairs of both sides are dropped and counted."""
        pairs = scored(seed, pairs=400)
        split = split_by_subject(pairs, seed=seed, fit_share=share)
        assert not np.intersect1d(split.fit.subjects, split.held_out.subjects).size
        assert len(split.fit) + len(split.held_out) + split.crossing == len(pairs)
        assert split.crossing == len(pairs) - sum(
            (f in split.fit.subjects and s in split.fit.subjects)
            or (f in split.held_out.subjects and s in split.held_out.subjects)
            for f, s in zip(pairs.first_subject, pairs.second_subject, strict=True)
        )

    def test_too_few_people(self):
        """Three subjects are refused with how many are needed."""
        with pytest.raises(UsageError, match="3 subjects") as caught:
            split_by_subject(scored(0, subjects=3), seed=0)
        assert "4" in caught.value.advice

    @pytest.mark.parametrize("share", [0.0, 1.0, 0.001])
    def test_a_side_must_not_be_empty(self, share):
        """A share that leaves nobody on a side is refused."""
        with pytest.raises(UsageError, match="empty"):
            split_by_subject(scored(0), seed=0, fit_share=share)


class TestFits:
    @pytest.mark.parametrize("fit", FITS)
    def test_refuses_to_be_judged_by_people_it_knows(self, fit):
        """One common subject is enough for a refusal that says how many there are."""
        split = split_by_subject(scored(1), seed=1)
        fitted = fit(split.fit)
        known = int(split.fit.subjects[0])
        others = split.held_out
        mixed = ScoredPairs(
            np.append(others.similarity, 0.5),
            np.append(others.first_subject, known),
            np.append(others.second_subject, known),
        )
        with pytest.raises(UsageError, match="fitted on 1 of these") as caught:
            evaluate(fitted, mixed)
        assert "split_by_subject" in caught.value.advice

    @pytest.mark.parametrize("fit", FITS)
    @pytest.mark.parametrize("bounding", ["elub", "counts"])
    def test_rises_and_stays_within_bounds(self, fit, bounding):
        """A higher score never says less, and no score says more than the data can show."""
        fitted = fit(scored(2), bounding=bounding).map
        ratios = fitted.log10_lr(ANYWHERE)
        assert np.all(np.diff(ratios) >= 0)
        assert ratios[0] == pytest.approx(fitted.bounds.lower, abs=0.5)
        assert fitted.bounds.lower <= ratios.min() <= ratios.max() <= fitted.bounds.upper
        assert ratios.min() < 0 < ratios.max()
        assert np.isnan(fitted.log10_lr([math.nan])).all()
        assert fitted.log10_lr([]).shape == (0,)

    @pytest.mark.parametrize("fit", FITS)
    def test_holds_on_people_it_does_not_know(self, fit):
        """Ratios of unseen people lose little against the best that their order allows."""
        split = split_by_subject(scored(3, subjects=400, pairs=40_000), seed=3)
        quality = evaluate(fit(split.fit), split.held_out)
        assert 0 <= quality.calibration_loss <= 0.03
        assert quality.cllr == pytest.approx(quality.min_cllr + quality.calibration_loss)
        assert quality.min_cllr == pytest.approx(
            min_cllr(split.held_out.mated, split.held_out.non_mated)
        )
        assert quality.mated + quality.non_mated == len(split.held_out)

    @given(st.integers(0, 20), st.floats(0.1, 50), st.floats(-5, 5))
    @settings(max_examples=20, deadline=None)
    @pytest.mark.parametrize("fit", FITS)
    def test_ignores_the_unit_of_scores(self, fit, seed, scale, shift):
        """Scores in another unit give the same ratios."""
        pairs = scored(seed, pairs=300)
        changed = ScoredPairs(
            pairs.similarity * scale + shift, pairs.first_subject, pairs.second_subject
        )
        before = fit(pairs).map.log10_lr(pairs.similarity)
        after = fit(changed).map.log10_lr(changed.similarity)
        np.testing.assert_allclose(after, before, atol=1e-5)

    @pytest.mark.parametrize("fit", FITS)
    def test_order_of_pairs_does_not_matter(self, fit):
        """A map is of a set of pairs."""
        pairs = scored(4)
        shuffled = np.random.default_rng(0).permutation(len(pairs))
        np.testing.assert_allclose(
            fit(pairs.take(shuffled)).map.log10_lr(ANYWHERE),
            fit(pairs).map.log10_lr(ANYWHERE),
            atol=1e-6,
        )

    @pytest.mark.parametrize("fit", FITS)
    def test_one_by_one_equals_all_at_once(self, fit):
        """A batch is its rows."""
        fitted = fit(scored(5)).map
        alone = np.concatenate([fitted.log10_lr([score]) for score in ANYWHERE])
        np.testing.assert_array_equal(alone, fitted.log10_lr(ANYWHERE))

    @pytest.mark.parametrize("fit", FITS)
    def test_survives_being_written(self, fit):
        """A map in JSON is the same map, and names nobody."""
        fitted = fit(scored(6))
        text = msgspec.json.encode(fitted.map)
        assert msgspec.json.decode(text, type=LikelihoodMap) == fitted.map
        assert fitted.map.fitted_on.subjects == len(fitted.subjects)

    @pytest.mark.parametrize("fit", FITS)
    def test_nonsense(self, fit):
        """One kind alone, swapped labels and constant scores are told apart from data."""
        pairs = scored(7)
        for kind in (True, False):
            with pytest.raises(UsageError, match="0 "):
                fit(only(pairs, mated=kind))
        swapped = ScoredPairs(-pairs.similarity, pairs.first_subject, pairs.second_subject)
        with pytest.raises(UsageError, match="no higher") as caught:
            fit(swapped)
        assert "swapped" in caught.value.advice
        constant = ScoredPairs(np.full(len(pairs), 0.3), pairs.first_subject, pairs.second_subject)
        with pytest.raises(UsageError, match="no higher"):
            fit(constant)


class TestLogistic:
    @pytest.mark.parametrize("prior", [0.5, 0.01, 0.9])
    def test_equals_scikit_learn(self, prior):
        """Slope and offset are those of its unpenalised regression with the same weights."""
        pairs = scored(8)
        weights = np.where(
            pairs.is_mated, prior / pairs.is_mated.sum(), (1 - prior) / (~pairs.is_mated).sum()
        )
        oracle = LogisticRegression(C=math.inf, tol=1e-12, max_iter=1000).fit(
            pairs.similarity[:, None], pairs.is_mated, sample_weight=weights * len(pairs)
        )
        found = fit_logistic(pairs, prior=prior).map
        assert found.slope * math.log(10) == pytest.approx(oracle.coef_[0, 0], rel=1e-4)
        log_odds = math.log(prior / (1 - prior))
        offset = oracle.intercept_[0] - log_odds
        assert found.offset * math.log(10) == pytest.approx(offset, rel=1e-4, abs=1e-4)

    def test_no_line_costs_less(self):
        """At the prior 0.5 the fitted line has the least Cllr of all lines nearby."""
        pairs = scored(9)
        found = fit_logistic(pairs).map

        def cost(slope, offset):
            return cllr(slope * pairs.mated + offset, slope * pairs.non_mated + offset)

        least = cost(found.slope, found.offset)
        for slope, offset in [(1.01, 0), (0.99, 0), (1, 0.02), (1, -0.02)]:
            assert cost(found.slope * slope, found.offset + offset) > least

    def test_separable_scores_have_no_line(self):
        """Without overlap the slope is infinite, and steps with bounds still work."""
        pairs = ScoredPairs(
            np.array([0.9, 0.8, 0.1, 0.2]), np.array([1, 2, 1, 3]), np.array([1, 2, 2, 4])
        )
        with pytest.raises(UsageError, match="no finite slope") as caught:
            fit_logistic(pairs)
        assert "fit_isotonic" in caught.value.advice
        ratios = fit_isotonic(pairs).map.log10_lr([0.1, 0.9])
        assert ratios[0] < 0 < ratios[1]
        assert np.abs(ratios).max() <= math.log10(3)

    @pytest.mark.parametrize("prior", [0.0, 1.0, math.nan])
    def test_impossible_priors(self, prior):
        """A prior is a probability that leaves both possible."""
        with pytest.raises(UsageError):
            fit_logistic(scored(0), prior=prior)


class TestRecords:
    def test_refuse_what_is_no_map(self):
        """A map that falls, jumps out of its bounds, or has none, cannot be made."""
        on = FittedOn(mated=1, non_mated=1, subjects=2, subjects_sha256="")
        bounds = LlrBounds(lower=-1, upper=1, method="counts")
        for lower, upper in [(0.1, 1), (-1, -0.1), (-math.inf, 1), (-1, math.nan)]:
            with pytest.raises(ValueError, match="bounds"):
                LlrBounds(lower=lower, upper=upper, method="counts")
        for slope, offset in [(0, 0), (-1, 0), (math.inf, 0), (1, math.nan)]:
            with pytest.raises(ValueError, match="line"):
                LogisticMap(slope=slope, offset=offset, prior=0.5, bounds=bounds, fitted_on=on)
        for scores, ratios in [((), ()), ((1,), (0, 0)), ((2, 1), (0, 0)), ((1, 2), (1, 0))]:
            with pytest.raises(ValueError, match="scores"):
                IsotonicMap(scores=scores, log10_lrs=ratios, bounds=bounds, fitted_on=on)
        with pytest.raises(ValueError, match="beyond"):
            IsotonicMap(scores=(1.0,), log10_lrs=(2.0,), bounds=bounds, fitted_on=on)


class TestPosterior:
    @given(st.floats(-9, 9), st.floats(1e-6, 1 - 1e-6))
    def test_is_bayes_rule(self, log10_lr, prior):
        """Posterior odds are prior odds times the ratio."""
        odds = 10**log10_lr * prior / (1 - prior)
        assert posterior([log10_lr], prior)[0] == pytest.approx(odds / (1 + odds), rel=1e-9)

    def test_ends(self):
        """Infinite ratios end in certainty without a warning; no ratio leaves the prior."""
        assert posterior([-math.inf, 0.0, math.inf], 0.25).tolist() == pytest.approx(
            [0.0, 0.25, 1.0]
        )
        assert posterior([], 0.5).shape == (0,)

    @pytest.mark.parametrize("prior", [0.0, 1.0, -1.0, math.nan])
    def test_a_prior_leaves_both_possible(self, prior):
        """Certainty beforehand is refused."""
        with pytest.raises(UsageError):
            posterior([0.0], prior)
