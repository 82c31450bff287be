"""An unknown number is answered as a known one whose holder is somebody else.

What is compared are two samples of answers: to numbers that are enrolled and to numbers that are
not, asked with faces of other people, in random order.
"""

from __future__ import annotations

import http.client
import logging
import time
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from scipy import stats

from fvs.status import Role
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.app import create_app
from fvs_server.identity import Principal, Scope
from fvs_server.identity.principal import AuthenticationMethod
from fvs_server.inference import Deadline
from fvs_server.limits.settings import LimitsSettings
from fvs_server.services.answers import DecisionAnswer
from fvs_server.services.verification import VerificationRequest
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.identity_fixtures import bearer, served
from tests.server.light_engine import picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs_server.wiring import Services

logger = logging.getLogger(__name__)

JUDGED, ANSWERED = 4000, 100
SLOW_CALLS = 10_000
HARDLY_EVER = 0.001
"""A p-value that honest samples fall below once in a thousand runs."""
ENROLLED, UNKNOWN = 60, 10_000
CALLER = Principal(
    idp="bank.example",
    key_id="k",
    scopes=frozenset(Scope),
    method=AuthenticationMethod.API_KEY,
)


@dataclass(frozen=True)
class Asked:
    """What was answered to one group of numbers, and how long each answer took."""

    answers: list[DecisionAnswer]
    took_s: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """Of all answers."""
        return np.array([answer.score_detail.score for answer in self.answers])


def people_of(rng: np.random.Generator, count: int, *, known: bool) -> list[int]:
    """Numbers of subjects, enrolled or not."""
    first = 1 if known else UNKNOWN
    last = ENROLLED if known else UNKNOWN + 10 * count
    return rng.integers(first, last + 1, size=count).tolist()


def call(services: Services, request: VerificationRequest) -> bytes:
    """The answer of the service itself."""
    return services.verification.verify(request, CALLER, Deadline.after(60.0))


def ask(
    services: Services,
    calls: int,
    caller: Callable[[Services, VerificationRequest], bytes] = call,
    seed: int = 20261125,
) -> tuple[Asked, Asked]:
    """Known and unknown numbers in random order, asked with strangers' faces."""
    rng = np.random.default_rng(seed)
    known = people_of(rng, calls // 2, known=True)
    unknown = people_of(rng, calls // 2, known=False)
    cases = [(person, 0) for person in known] + [(person, 1) for person in unknown]
    answers, took_s = ([], []), ([], [])
    for row in rng.permutation(len(cases)).tolist():
        person, group = cases[row]
        request = request_about(services, person, face=int(rng.integers(10**8, 10**9)))
        began = time.perf_counter()
        body = caller(services, request)
        took_s[group].append(time.perf_counter() - began)
        answers[group].append(msgspec.json.decode(body, type=DecisionAnswer))
    first, second = (Asked(answers[g], np.array(took_s[g])) for g in (0, 1))
    return first, second


def request_about(services: Services, person: int, face: int) -> VerificationRequest:
    """A stranger's face under a person's number."""
    return VerificationRequest(
        subject=SubjectId.parse(SubjectKind.CITIZEN_ID, number(person)),
        frames=(picture(face),),
        level=services.faces.levels.at("ial2.2"),
        purpose="open_account",
        consent_reference="c",
    )


def auc(one: np.ndarray, other: np.ndarray) -> float:
    """How well a threshold on these numbers tells the groups apart; 0.5 is not at all."""
    return float(stats.mannwhitneyu(one, other).statistic / (len(one) * len(other)))


@pytest.fixture
def patient_services(registry_settings, server_secrets, light_engine):
    """With limits that so many questions do not reach."""
    limits = LimitsSettings(rate_per_s=1e6, burst=10**7, max_delay_s=30.0, delay_s=30.0)
    settings = msgspec.structs.replace(registry_settings, limits=limits)
    with open_services(settings, server_secrets, engine=light_engine) as opened:
        attempts = replace(opened.limits, attempts=Unlimited())
        opened.verification.desk._limits = attempts
        yield opened


class Unlimited:
    """Counts nobody's attempts: some hundred questions about sixty people are asked here."""

    def admit(self, *_args: object, **_options: object) -> None:
        """Let it begin."""

    def record(self, *_args: object) -> None:
        """Let it end."""


class TestUnknownNumbers:
    def test_scores_do_not_tell_who_is_enrolled(self, patient_services):
        """4,000 judgements: one distribution of scores, and the AUC is near 1/2."""
        engine, verification = patient_services.faces.engine, patient_services.verification
        rng = np.random.default_rng(20261125)
        scores = []
        for known in (True, False):
            faces = rng.integers(10**8, 10**9, size=JUDGED // 2).tolist()
            requests = [
                request_about(patient_services, person, face)
                for person, face in zip(
                    people_of(rng, JUDGED // 2, known=known), faces, strict=True
                )
            ]
            samples = [engine.extract_here(list(r.frames), Role.SELFIE) for r in requests]
            verdicts = map(verification._judge, requests, samples, [None] * len(requests))
            scores.append(np.array([verdict.similarity for verdict in verdicts]))
        assert stats.ks_2samp(*scores).pvalue > HARDLY_EVER
        assert abs(auc(*scores) - 0.5) < 0.03

    def test_answers_look_alike(self, patient_services):
        """Same decision, status, reasons and members, whatever face is shown."""
        known, unknown = ask(patient_services, ANSWERED)
        for one, other in zip(known.answers, unknown.answers, strict=True):
            assert shape(one) == shape(other)
        assert {answer.decision for answer in unknown.answers} == {"no_match"}

    @pytest.mark.slow
    def test_ten_thousand_answers_tell_nothing_by_score_or_time(self, patient_services):
        """Over a socket: two-sample p > 0.05 and |AUC - 0.5| < 0.02, of scores and of times.

        Of honest samples one in twenty fails each test; so what fails is drawn once more.
        """
        headers = bearer(patient_services, Scope.VERIFY, Scope.SCORES)
        with (
            served(create_app(patient_services)) as port,
            closing(http.client.HTTPConnection("127.0.0.1", port)) as connection,
        ):
            caller = partial(post, connection, headers)
            runs = (ask(patient_services, SLOW_CALLS, caller, seed) for seed in (1, 2))
            found = []
            for known, unknown in runs:
                found.append(
                    {
                        "scores": differences(known.scores, unknown.scores),
                        "times": differences(known.took_s, unknown.took_s),
                    }
                )
                if all(p > 0.05 for p, _ in found[-1].values()):
                    break
        logger.info("p-values and AUC: %s", found)
        for name in ("scores", "times"):
            assert any(run[name][0] > 0.05 for run in found), found
            assert all(abs(run[name][1] - 0.5) < 0.02 for run in found), found


def post(
    connection: http.client.HTTPConnection,
    headers: dict[str, str],
    services: Services,
    request: VerificationRequest,
) -> bytes:
    """The answer over a socket."""
    del services
    body = {
        "subject": {"kind": "citizen_id", "number": request.subject.number.reveal()},
        "frames": request.frames,
        "purpose": request.purpose,
        "consent_reference": request.consent_reference,
        "assurance_level": request.level.name,
    }
    sent = {**headers, "Content-Type": "application/json"}
    connection.request("POST", "/v1/face-verifications", msgspec.json.encode(body), sent)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return content


def differences(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The p-value of Kolmogorov and Smirnov, and the AUC."""
    return float(stats.ks_2samp(one, other).pvalue), auc(one, other)


def shape(answer: DecisionAnswer) -> list[object]:
    """An answer without what must differ: identifiers, times, scores and the picture's look."""
    document = msgspec.to_builtins(answer)
    for name in ("transaction_id", "decided_at", "score_detail", "receipt"):
        del document[name]
    return sorted(map(str, document.items()))
