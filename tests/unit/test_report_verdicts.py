"""Verdicts: what a count of errors shows of a limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fvs.errors import UsageError
from fvs.metrics.subject_intervals import BoundMethod, SubjectRate
from fvs.report.requirements import (
    FIDO_STYLE,
    OWN,
    SP_800_63A_4,
    STANDARD_REQUIREMENTS,
    Measure,
    Requirement,
    parse_requirements,
)
from fvs.report.verdicts import (
    Measured,
    Verdict,
    Why,
    judge,
    judge_all,
    lower_bound,
    trials_to_show,
    upper_bound,
)


def fmr(limit):
    """A required FMR."""
    return Requirement(OWN, Measure.FMR, limit)


class TestJudge:
    @pytest.mark.parametrize(
        ("errors", "trials", "limit", "verdict"),
        [
            # One-sided 95 % Clopper-Pearson, as tabulated for claims to ISO/IEC 19795-1.
            (0, 29_956, 1e-4, Verdict.MET),
            (0, 29_955, 1e-4, Verdict.NOT_SHOWN),
            (20, 300_000, 1e-4, Verdict.MET),
            (83, 1_000_000, 1e-4, Verdict.MET),
            (84, 1_000_000, 1e-4, Verdict.NOT_SHOWN),
            (0, 299_572, 1e-5, Verdict.MET),
            (0, 299, 1e-2, Verdict.MET),
            (0, 298, 1e-2, Verdict.NOT_SHOWN),
            (4, 1_000, 1e-2, Verdict.MET),
            (83, 10_000, 1e-2, Verdict.MET),
            (5, 150, 0.07, Verdict.MET),
            (6, 150, 0.07, Verdict.NOT_SHOWN),
            (13, 300, 0.07, Verdict.MET),
            (0, 42, 0.07, Verdict.MET),
            (0, 41, 0.07, Verdict.NOT_SHOWN),
            (0, 1, 1e-4, Verdict.NOT_SHOWN),
            # The other side: so many errors that the true rate cannot be within.
            (1, 1, 1e-4, Verdict.NOT_MET),
            (10, 150, 0.07, Verdict.NOT_SHOWN),
            (17, 150, 0.07, Verdict.NOT_MET),
            (150, 150, 0.07, Verdict.NOT_MET),
        ],
    )
    def test_counts_and_limits(self, errors, trials, limit, verdict):
        """Met or not met only where the one-sided 95 % bound says so, else not shown."""
        assert judge(fmr(limit), Measured.counted(errors, trials)).verdict is verdict

    def test_nothing_measured_is_not_shown(self):
        """Without a measurement nothing is met, and it is said how many trials would show it."""
        finding = judge(fmr(1e-4), None)
        assert (finding.verdict, finding.why) == (Verdict.NOT_SHOWN, Why.NOT_MEASURED)
        assert finding.trials_needed == 29_956

    def test_strict_limit_excludes_itself(self):
        """`< 7 %` is not kept by a bound of exactly 7 %, `<= 7 %` is."""
        strict = Requirement(OWN, Measure.APCER, 0.07, strict=True)
        assert not strict.allows(0.07)
        assert Requirement(OWN, Measure.APCER, 0.07).allows(0.07)

    @given(st.integers(0, 400), st.integers(1, 400), st.floats(1e-4, 0.9))
    def test_never_both_and_never_against_the_rate(self, errors, trials, limit):
        """Met implies a rate within the limit, not met one beyond it."""
        errors = min(errors, trials)
        finding = judge(fmr(limit), Measured.counted(errors, trials))
        if finding.verdict is Verdict.MET:
            assert errors / trials <= limit
        if finding.verdict is Verdict.NOT_MET:
            assert errors / trials > limit


class TestBounds:
    @given(st.integers(0, 60), st.integers(1, 60))
    def test_agree_with_scipy(self, errors, trials):
        """They are those of scipy's exact one-sided binomial test."""
        errors = min(errors, trials)
        above = binomtest(errors, trials, alternative="less").proportion_ci(0.95)
        below = binomtest(errors, trials, alternative="greater").proportion_ci(0.95)
        assert upper_bound(errors, trials) == pytest.approx(above.high, abs=1e-9)
        assert lower_bound(errors, trials) == pytest.approx(below.low, abs=1e-9)

    def test_pairs_that_share_people_are_worth_less(self):
        """Bounds by subject are those of the effective trials, and the rate keeps its counts."""
        counted = SubjectRate(
            threshold=0.5, errors=10, trials=100_000, subjects=200, point=1e-4, lower_95=2e-5,
            upper_95=3e-4, effective_trials=20_000.0, method=BoundMethod.SUBJECTS,
        )  # fmt: skip
        measured = Measured.by_subject(counted)
        assert measured.upper_95 == pytest.approx(upper_bound(2, 20_000))
        assert measured.upper_95 > Measured.counted(10, 100_000).upper_95
        assert (measured.rate.errors, measured.rate.trials, measured.subjects) == (10, 100_000, 200)


class TestTrialsToShow:
    def test_is_the_fewest(self):
        """So many show the limit, one less does not; a rate at the limit is never shown."""
        for limit in (0.07, 1e-2, 1e-4):
            needed = trials_to_show(limit)
            assert upper_bound(0, needed) <= limit < upper_bound(0, needed - 1)
        assert trials_to_show(0.01, point=0.01) is None

    @given(st.floats(1e-4, 0.5), st.floats(0.0, 0.95))
    def test_holds_at_the_rate_given(self, limit, share):
        """At a rate below the limit, that many trials keep the bound within it."""
        point = share * limit
        needed = trials_to_show(limit, point)
        assert needed is not None
        assert upper_bound(round(point * needed), needed) <= limit


class TestJudgeAll:
    IAPAR = Requirement(SP_800_63A_4, Measure.IAPAR, 0.07, strict=True)

    def verdict(self, requirement, **measured):
        """Of one requirement, from lists of counts."""
        rates = {
            Measure[name.upper()]: tuple(Measured.counted(*counts) for counts in pairs)
            for name, pairs in measured.items()
        }
        (finding,) = judge_all([requirement], rates)
        return finding

    def test_empty(self):
        """No requirement, no finding; a requirement without rates is not shown."""
        assert judge_all([], {}) == ()
        assert self.verdict(fmr(0.1)).why is Why.NOT_MEASURED

    def test_the_worst_of_several_decides(self):
        """Of groups or species one that fails is enough, then one that shows nothing."""
        requirement = Requirement(OWN, Measure.GROUP_FMR, 0.01)
        good, few, bad = (0, 1000), (0, 10), (50, 1000)
        assert self.verdict(requirement, group_fmr=[good]).verdict is Verdict.MET
        assert self.verdict(requirement, group_fmr=[good, few]).verdict is Verdict.NOT_SHOWN
        assert self.verdict(requirement, group_fmr=[bad, few]).verdict is Verdict.NOT_MET

    def test_chance_among_many_is_no_failure(self):
        """One rate of 100 beyond its own bound, as happens by chance, does not fail them all."""
        requirement = Requirement(OWN, Measure.GROUP_FMR, 0.01)
        unlucky = (5, 150)
        assert self.verdict(requirement, group_fmr=[unlucky]).verdict is Verdict.NOT_MET
        many = [unlucky, *[(0, 1000)] * 99]
        assert self.verdict(requirement, group_fmr=many).verdict is Verdict.NOT_SHOWN

    def test_iapar_is_bounded_by_apcer(self):
        """An accepted attack was called live: a low APCER shows IAPAR, a high one nothing."""
        shown = self.verdict(self.IAPAR, apcer=[(0, 150), (1, 150)])
        assert (shown.verdict, shown.why) == (Verdict.MET, Why.APCER_BOUNDS_IAPAR)
        silent = self.verdict(self.IAPAR, apcer=[(0, 150), (100, 150)])
        assert (silent.verdict, silent.why) == (Verdict.NOT_SHOWN, Why.ONLY_APCER)

    def test_iapar_itself_comes_first(self):
        """Where the whole system was attacked, that is judged."""
        assert self.verdict(self.IAPAR, iapar=[(60, 150)]).verdict is Verdict.NOT_MET


class TestRequirements:
    def test_standards(self):
        """SP 800-63A-4 asks for FMR 1e-4, FNMR 1 % and IAPAR below 7 %."""
        asked = {(r.measure, r.limit, r.strict) for r in STANDARD_REQUIREMENTS
                 if r.source == SP_800_63A_4}  # fmt: skip
        assert asked == {
            (Measure.FMR, 1e-4, False), (Measure.FNMR, 1e-2, False), (Measure.IAPAR, 0.07, True),
        }  # fmt: skip
        assert any(r.source == FIDO_STYLE for r in STANDARD_REQUIREMENTS)

    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            ([], ()),
            (["fnmr=0.05"], ((Measure.FNMR, 0.05),)),
            (["GROUP-FMR = 1e-3", "bpcer=.1"], ((Measure.GROUP_FMR, 1e-3), (Measure.BPCER, 0.1))),
        ],
    )
    def test_own_targets_are_read(self, texts, expected):
        """A measure, an equals sign and a limit."""
        parsed = parse_requirements(texts)
        assert tuple((r.measure, r.limit) for r in parsed) == expected
        assert all(r.source == OWN for r in parsed)

    @pytest.mark.parametrize(
        "text", ["", "fnmr", "far=0.1", "fnmr=x", "fnmr=0", "fnmr=1", "fmr=nan"]
    )
    def test_nonsense_is_refused(self, text):
        """Anything else is a mistake of the caller, with advice."""
        with pytest.raises(UsageError):
            parse_requirements([text])


def test_bounds_of_arrays_are_never_nan():
    """Whatever is counted, a bound is a rate."""
    for trials in (1, 2, 1000):
        for errors in (0, trials // 2, trials):
            assert 0 <= lower_bound(errors, trials) <= upper_bound(errors, trials) <= 1
            assert np.isfinite(upper_bound(errors, trials))
