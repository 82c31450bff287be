"""What a report says of scores, against the plainest way to count it."""

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.metrics import Evaluation
from fvs.report import measure_evaluation, measure_scores
from fvs.report.measures import CURVE_POINTS, threshold_on
from tests.records import operating_point
from tests.report_evidence import PEOPLE, evaluation


def counted(scores, threshold):
    """False matches and false non-matches, one comparison after the other."""
    errors = {True: 0, False: 0}
    for similarity, mated in zip(scores.similarity, scores.mated, strict=True):
        accepted = similarity >= np.float32(threshold)
        errors[bool(mated)] += bool(accepted) != bool(mated)
    return errors[False], errors[True]


class TestMeasureEvaluation:
    @pytest.mark.parametrize("threshold", [-1.0, 0.1, 0.4, float(evaluation().similarity[0]), 1.0])
    def test_counts_what_is_wrong(self, threshold):
        """FMR and FNMR are the counts at the threshold; equality accepts."""
        measures = measure_evaluation(evaluation(), threshold, "given")
        found = measures.fmr.rate.errors, measures.fnmr.rate.errors
        assert found == counted(evaluation(), threshold)

    def test_groups_are_counted_by_themselves(self):
        """Each group's rates are those of its own pairs; pairs of two groups belong to none."""
        measures = measure_evaluation(evaluation(), 0.4, "given")
        assert [group.name for group in measures.groups] == ["female", "male"]
        for group in measures.groups:
            inside = evaluation().take(evaluation().group == group.name)
            assert (group.fmr.rate.errors, group.fnmr.rate.errors) == counted(inside, 0.4)
            assert group.subjects == PEOPLE // 2

    def test_order_of_pairs_means_nothing(self):
        """A permutation of the rows changes no number."""
        rows = np.random.default_rng(1).permutation(len(evaluation()))
        one = measure_evaluation(evaluation(), 0.4, "given")
        other = measure_evaluation(evaluation().take(rows), 0.4, "given")
        assert one.fmr == other.fmr
        assert one.fnmr == other.fnmr
        assert one.groups == other.groups
        assert one.targets == other.targets
        assert np.array_equal(one.histogram.mated, other.histogram.mated)
        assert np.array_equal(one.discard.errors_left, other.discard.errors_left)

    def test_histogram_holds_every_score(self):
        """No score falls outside the bins."""
        measures = measure_evaluation(evaluation(), 0.4, "given")
        assert measures.histogram.mated.sum() == measures.sweep.mated_trials
        assert measures.histogram.non_mated.sum() == measures.sweep.non_mated_trials

    def test_curves_are_thin_enough_to_draw(self):
        """However many scores, a curve has a bounded number of points, ascending."""
        thresholds = measure_evaluation(evaluation(), 0.4, "given").curves.fmr.thresholds
        assert 10 < len(thresholds) <= 3 * CURVE_POINTS + 2
        assert np.all(np.diff(thresholds) > 0)

    def test_what_is_not_known_is_not_measured(self):
        """Without groups and quality there are none, and all else is as before."""
        bare = Evaluation.of(
            evaluation().similarity, evaluation().first_subject, evaluation().second_subject
        )
        measures = measure_evaluation(bare, 0.4, "given")
        assert (measures.groups, measures.discard) == ((), None)
        assert measures.fmr == measure_evaluation(evaluation(), 0.4, "given").fmr

    def test_targets_need_enough_pairs(self):
        """A target FMR is listed where at least one false match is allowed, never beyond."""
        measures = measure_evaluation(evaluation(), 0.4, "given")
        assert [target.target_fmr for target in measures.targets] == [1e-2, 1e-3]
        for target in measures.targets:
            assert target.fmr.rate.point <= target.target_fmr

    def test_calibration_is_judged_by_others(self):
        """The people whom the ratios are fitted on are not those who judge them."""
        calibration = measure_evaluation(evaluation(), 0.4, "given").calibration
        assert calibration.fitted_subjects + calibration.quality.subjects == PEOPLE
        assert 0 <= calibration.quality.min_cllr <= calibration.quality.cllr < 1

    def test_too_few_people_have_no_calibration(self):
        """Scores that cannot be parted by people are reported without it."""
        few = evaluation().take(
            (evaluation().first_subject < 3) & (evaluation().second_subject < 3)
        )
        assert measure_evaluation(few, 0.4, "given").calibration is None


class TestThreshold:
    def test_given_before_pack_before_scores(self):
        """The caller's threshold counts, else the pack's, else the best of these scores."""
        point = operating_point(0.45)
        given = measure_scores(evaluation(), 1e-2, point, 0.3)
        pack = measure_scores(evaluation(), 1e-2, point, None)
        own = measure_scores(evaluation(), 1e-2, None, None)
        assert (given.threshold, given.origin) == (0.3, "given")
        assert (pack.threshold, pack.origin) == (0.45, "pack")
        assert own.origin == "same_scores"
        assert own.fmr.rate.point <= 1e-2

    def test_no_threshold_is_said(self):
        """Where every score of two people is as high as any, no threshold holds."""
        flat = Evaluation.of(np.full(6, 0.5), [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2])
        with pytest.raises(UsageError, match="at no score"):
            threshold_on(flat.sweep, 0.1)

    @pytest.mark.parametrize("threshold", [-1.1, 1.1, np.nan])
    def test_a_threshold_is_a_similarity(self, threshold):
        """Anything outside -1..1 is a mistake of the caller."""
        with pytest.raises(UsageError):
            measure_scores(evaluation(), 1e-2, None, threshold)
