"""Decision: only a live, comparable, high enough score at a supported age is a match."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fvs.certificates import (
    CertificateExpiredError,
    CertificateOtherPackError,
    CertificateUnknownKeyError,
    TrustStore,
)
from fvs.decide import DecisionPolicy, Evidence, decide
from fvs.engine import Engine
from fvs.errors import UsageError
from fvs.operating_points import EITHER_SEX, ReviewZone, SameCapturePoint
from fvs.records import Decisions
from fvs.status import Outcome, Role, Status
from tests import records
from tests.certificate_files import certificate

ADULT, CHILD, OUTSIDE_EVERY_BAND = 30, 8, 1


def decided(  # noqa: PLR0913 - all that a comparison is decided by
    score: float,
    *,
    status: Status = Status.OK,
    refusals: tuple[str, ...] = (),
    live: float = 1.0,
    age: int | None = ADULT,
    sex: str = EITHER_SEX,
    policy: DecisionPolicy | None = None,
) -> Decisions:
    """The decision on one comparison."""
    evidence = Evidence(
        scores=records.scores([score], [status]),
        refusals=(refusals,),
        liveness=records.liveness([live]),
        ages_years=[age],
        sexes=[sex],
    )
    default = DecisionPolicy(point=records.operating_point(0.5), pad=records.pad_point(0.5))
    return decide(evidence, policy if policy is not None else default)


class TestScore:
    @pytest.mark.parametrize(
        ("score", "outcome"),
        [
            (1.0, Outcome.MATCH),
            (0.5, Outcome.MATCH),
            (float(np.nextafter(np.float32(0.5), np.float32(0))), Outcome.NO_MATCH),
            (-1.0, Outcome.NO_MATCH),
        ],
    )
    def test_at_the_threshold_accepts_and_just_below_does_not(self, score, outcome):
        """`score >= threshold` accepts."""
        assert decided(score).outcome == (outcome,)

    @pytest.mark.parametrize("threshold", [0.1, 0.41, 0.7, 1 / 3])
    def test_equality_holds_for_thresholds_that_float32_rounds(self, threshold):
        """A score kept as float32 equals the threshold that it was derived as."""
        policy = DecisionPolicy(point=records.operating_point(threshold), pad=None)
        assert decided(float(np.float32(threshold)), policy=policy).outcome == (Outcome.MATCH,)

    def test_of_a_clear_match_needs_no_reason(self):
        """A live adult above the threshold leaves nothing to explain."""
        assert decided(0.9).reasons == ((),)


class TestRefusal:
    def test_is_not_compared_however_high_the_score(self):
        """A refused picture is never a match nor a mismatch."""
        got = decided(1.0, refusals=("blurred",))
        assert got.outcome == (Outcome.NOT_COMPARED,)
        assert got.reasons == (("blurred",),)

    def test_of_a_score_names_its_status(self):
        """A score that is no number is not compared."""
        got = decided(float("nan"), status=Status.SCORE_NOT_FINITE)
        assert got.outcome == (Outcome.NOT_COMPARED,)
        assert got.reasons == (("score_not_finite",),)


class TestAge:
    @pytest.mark.parametrize("score", [-1.0, 0.6, 1.0])
    @pytest.mark.parametrize("age", [CHILD, OUTSIDE_EVERY_BAND])
    def test_without_support_is_inconclusive_at_any_score(self, score, age):
        """Where the target cannot be held, the engine does not decide."""
        got = decided(score, age=age)
        assert got.outcome == (Outcome.INCONCLUSIVE,)
        assert got.reasons == (("age_band_not_supported",),)
        assert np.isnan(got.threshold[0])

    @pytest.mark.parametrize(
        ("score", "outcome"),
        [(0.8, Outcome.MATCH), (0.6, Outcome.INCONCLUSIVE), (0.4, Outcome.NO_MATCH)],
    )
    def test_with_a_higher_threshold_has_three_zones(self, score, outcome):
        """Between the adult threshold and the band's own one nothing is decided."""
        point = records.operating_point(0.5, child_threshold=0.7)
        policy = DecisionPolicy(point=point, pad=None)
        assert decided(score, age=CHILD, policy=policy).outcome == (outcome,)

    def test_never_lowers_the_threshold(self):
        """A band that would do with less still needs what the strictest adult group needs."""
        point = records.operating_point(0.5, child_threshold=0.3)
        policy = DecisionPolicy(point=point, pad=None)
        assert decided(0.4, age=CHILD, policy=policy).outcome == (Outcome.NO_MATCH,)

    def test_unknown_is_taken_for_adult_and_said(self):
        """Without an age the adult threshold holds, and the answer says so."""
        got = decided(0.9, age=None)
        assert got.outcome == (Outcome.MATCH,)
        assert got.reasons == (("age_unknown",),)


class TestSex:
    """Where the operating point tells girls' threshold from boys'."""

    @pytest.fixture
    def policy(self):
        """Children are held only if they are boys."""
        point = records.operating_point(0.5)
        boys = structs.replace(point.bands[0], sex="male", status="held", threshold=0.7, reason="")
        return DecisionPolicy(point=structs.replace(point, bands=(*point.bands, boys)), pad=None)

    @pytest.mark.parametrize(
        ("sex", "outcome"),
        [
            (EITHER_SEX, Outcome.INCONCLUSIVE),
            ("female", Outcome.INCONCLUSIVE),
            ("male", Outcome.MATCH),
        ],
    )
    def test_has_the_threshold_of_its_own_row(self, policy, sex, outcome):
        """A sex without a row, and an unknown one, have that of either."""
        assert decided(0.8, age=CHILD, sex=sex, policy=policy).outcome == (outcome,)

    def test_without_an_age_says_nothing(self, policy):
        """A sex alone is in no band."""
        got = decided(0.6, age=None, sex="male", policy=policy)
        assert got.outcome == (Outcome.MATCH,)
        assert "age_unknown" in got.reasons[0]

    def test_none_known_is_the_same_as_each_unknown(self, policy):
        """An empty list is N times nothing."""
        evidence = Evidence(
            scores=records.scores([0.8, 0.8]),
            refusals=((), ()),
            liveness=records.liveness([1, 1]),
            ages_years=[CHILD, ADULT],
        )
        outcomes = (Outcome.INCONCLUSIVE, Outcome.MATCH)
        assert decide(evidence, policy).outcome == outcomes

    @pytest.mark.parametrize("sexes", [["F"], ["female", "male"], [None]])
    def test_is_one_that_the_register_knows(self, reference_pack, sexes):
        """A misspelt sex, or one too many, is the caller's mistake."""
        engine = Engine.from_pack(reference_pack)
        policy = DecisionPolicy(point=records.operating_point(0.5), pad=None)
        with pytest.raises(UsageError):
            engine.verify([b""], [b""], policy, [30], sexes)


class TestReview:
    @pytest.mark.parametrize(
        ("score", "outcome", "reason"),
        [
            (0.5, Outcome.MATCH, ()),
            (0.49, Outcome.INCONCLUSIVE, ("between_thresholds",)),
            (0.3, Outcome.INCONCLUSIVE, ("between_thresholds",)),
            (0.29, Outcome.NO_MATCH, ("below_threshold",)),
        ],
    )
    def test_has_three_zones(self, score, outcome, reason):
        """From `no_match_below` up to the match a person looks; both ends are accepted scores."""
        zone = ReviewZone(
            no_match_below=0.3,
            rule="made up for a test",
            wrongly_refused=records.NO_RATE,
            mated_reviewed=records.NO_RATE,
            non_mated_reviewed=records.NO_RATE,
        )
        point = structs.replace(records.operating_point(0.5), review=zone)
        got = decided(score, policy=DecisionPolicy(point=point, pad=records.pad_point(0.5)))
        assert got.outcome == (outcome,)
        assert got.reasons == (reason,)


class TestLiveness:
    def test_below_its_threshold_withdraws_a_match(self):
        """A suspected attack is never a match."""
        got = decided(0.9, live=0.49)
        assert got.outcome == (Outcome.INCONCLUSIVE,)
        assert got.reasons == (("presentation_attack_suspected",),)

    def test_at_its_threshold_is_live(self):
        """`live_probability >= threshold` is live."""
        assert decided(0.9, live=0.5).outcome == (Outcome.MATCH,)

    def test_not_assessed_withdraws_a_match(self):
        """A pack with PAD fails closed."""
        got = decided(0.9, live=float("nan"))
        assert got.outcome == (Outcome.INCONCLUSIVE,)
        assert got.reasons == (("liveness_not_assessed",),)

    def test_leaves_a_mismatch_a_mismatch(self):
        """PAD is apart from the comparison."""
        got = decided(0.1, live=0.0)
        assert got.outcome == (Outcome.NO_MATCH,)
        assert got.reasons == (("below_threshold", "presentation_attack_suspected"),)

    def test_without_pad_is_said_in_the_answer(self):
        """Who does without PAD reads it in every answer."""
        policy = DecisionPolicy(point=records.operating_point(0.5), pad=None)
        got = decided(0.9, live=float("nan"), policy=policy)
        assert got.outcome == (Outcome.MATCH,)
        assert got.reasons == (("liveness_not_required",),)


class TestSameCapture:
    POLICY = DecisionPolicy(
        point=records.operating_point(0.5),
        pad=records.pad_point(0.5),
        same_capture=SameCapturePoint(
            threshold=0.98, reached=records.NO_RATE, caught=records.NO_RATE
        ),
    )

    @pytest.mark.parametrize(
        ("score", "outcome"), [(0.97, Outcome.MATCH), (0.98, Outcome.INCONCLUSIVE)]
    )
    def test_is_never_a_match(self, score, outcome):
        """A picture that is the card's own proves nobody's presence."""
        got = decided(score, policy=self.POLICY)
        assert got.outcome == (outcome,)
        assert ("same_capture_suspected" in got.reasons[0]) == (outcome is Outcome.INCONCLUSIVE)


class TestReasons:
    def test_that_decided_nothing_come_last(self):
        """The first reason is the gravest; what must merely be known stands behind."""
        got = decided(0.9, live=0.1, age=None)
        assert got.reasons == (("presentation_attack_suspected", "age_unknown"),)


class TestDecide:
    def test_of_nothing_is_empty(self):
        """An empty batch is a batch."""
        evidence = Evidence(
            scores=records.scores([]), refusals=(), liveness=records.liveness([]), ages_years=[]
        )
        policy = DecisionPolicy(point=records.operating_point(), pad=None)
        assert len(decide(evidence, policy)) == 0

    @given(
        score=st.floats(-1, 1, width=32),
        live=st.one_of(st.floats(0, 1, width=32), st.just(float("nan"))),
        age=st.one_of(st.none(), st.integers(0, 120)),
        refused=st.booleans(),
    )
    def test_matches_only_when_every_step_agrees(self, score, live, age, refused):
        """Each condition alone withdraws a match; a row that meets all of them is one."""
        got = decided(score, live=live, age=age, refusals=("blurred",) if refused else ())
        adult = age is None or 20 <= age <= 39
        should = score >= 0.5 and live >= 0.5 and adult and not refused
        assert (got.outcome == (Outcome.MATCH,)) == should

    @given(st.permutations(range(4)))
    def test_follows_a_permutation_of_its_rows(self, order):
        """A row's answer does not depend on its neighbours."""
        rows = [(0.9, 1.0, ADULT), (0.9, 0.1, ADULT), (0.2, 1.0, None), (0.9, 1.0, CHILD)]
        one_by_one = [decided(s, live=p, age=a) for s, p, a in rows]
        evidence = Evidence(
            scores=records.scores([rows[i][0] for i in order]),
            refusals=((),) * 4,
            liveness=records.liveness([rows[i][1] for i in order]),
            ages_years=[rows[i][2] for i in order],
        )
        policy = DecisionPolicy(point=records.operating_point(0.5), pad=records.pad_point(0.5))
        got = decide(evidence, policy)
        assert got.outcome == tuple(one_by_one[i].outcome[0] for i in order)
        assert got.reasons == tuple(one_by_one[i].reasons[0] for i in order)


class TestPolicy:
    def test_is_bound_to_the_weights_that_it_was_measured_with(self, reference_pack):
        """An operating point says nothing about an engine with other weights."""
        engine = Engine.from_pack(reference_pack)
        point = records.operating_point(0.5)
        foreign = DecisionPolicy(point=point, pad=None, measured_with=("ab" * 32, "cd" * 32))
        with pytest.raises(UsageError, match="other weights"):
            engine.verify([], [], foreign)
        own = DecisionPolicy.from_pack(reference_pack, 1e-3)
        assert len(engine.verify([], [], own)) == 0

    def test_decides_until_its_certificate_expires(self, reference_pack, monkeypatch):
        """A process that runs into `expires` decides no more."""
        policy = DecisionPolicy.from_pack(reference_pack, 1e-3)
        last = policy.expires - timedelta(seconds=1)
        policy.require_unexpired(last)
        with pytest.raises(CertificateExpiredError, match="'reference' expired"):
            policy.require_unexpired(policy.expires)
        without_end = DecisionPolicy(point=policy.point, pad=None)
        without_end.require_unexpired(datetime.max.replace(tzinfo=UTC))

        engine = Engine.from_pack(reference_pack)
        nobody, no_scores = engine.extract([], Role.SELFIE), records.scores([])
        for now, refused in ((last, False), (policy.expires, True)):
            monkeypatch.setattr("fvs.engine.datetime", SimpleNamespace(now=lambda _, at=now: at))
            for decide_them in (
                lambda: engine.verify([], [], policy),
                lambda: engine.compare(nobody, nobody, policy),
                lambda: engine.judge(nobody, no_scores, policy),
            ):
                with pytest.raises(CertificateExpiredError) if refused else nullcontext():
                    assert len(decide_them()) == 0

    def test_comes_from_a_certificate_that_is_trusted(self, reference_pack):
        """Who trusts nobody decides nothing, and another pack's certificate decides nothing."""
        with pytest.raises(CertificateUnknownKeyError):
            DecisionPolicy.from_pack(reference_pack, 1e-3, trust=TrustStore.of())
        with pytest.raises(CertificateOtherPackError):
            DecisionPolicy.from_certificate(certificate(), reference_pack, 1e-4)
