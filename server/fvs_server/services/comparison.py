"""A live selfie against the picture of an ID card; of neither anything is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from fvs.operating_points import EITHER_SEX
from fvs.status import Role
from fvs_server.audit import Action
from fvs_server.extraction import Picture
from fvs_server.services.answers import (
    CardDocument,
    DecisionAnswer,
    quality_of,
    reasons_of,
    status_of,
)
from fvs_server.services.desk import Case
from fvs_server.services.judging import (
    Verdict,
    coded_failures,
    ending_of,
    frames_of,
    operating_point_of,
    pad_of,
    score_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs.samples import Samples
    from fvs_server.extraction import Extractor
    from fvs_server.identity import Principal
    from fvs_server.inference import Deadline
    from fvs_server.services.answers import Language
    from fvs_server.services.desk import Desk, RepeatKey
    from fvs_server.services.faces import Faces
    from fvs_server.services.levels import Level
    from fvs_server.services.publishing import Publisher

__all__ = ["Comparison", "ComparisonRequest"]


@dataclass(frozen=True, kw_only=True)
class ComparisonRequest:
    """What an IdP asks.

    Attributes:
        selfie: a picture file.
        card: likewise, of the card's face side.
        level: of assurance; it never needs a session here.
        purpose: why, in the IdP's words.
        consent_reference: the IdP's own.
        age_years: of the card's holder, as the card or a register states it.
        sex: likewise.
        language: of the advice.
        channel: by which the request came.
        repeat: by which a repetition is known.
    """

    selfie: bytes
    card: bytes
    level: Level
    purpose: str
    consent_reference: str
    age_years: int | None = None
    sex: str = EITHER_SEX
    language: Language = "en"
    channel: str = "api"
    repeat: RepeatKey | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Compares; safe to use from many threads. Attributes are those of `Verification`."""

    faces: Faces
    extractor: Extractor
    desk: Desk
    publisher: Publisher
    clock: Callable[[], datetime]

    def compare(
        self, request: ComparisonRequest, principal: Principal, deadline: Deadline
    ) -> bytes:
        """Decide; the answer, a JSON document, is recorded before it is returned.

        Raises:
            ServiceError: a limit, or no time or room to work.
        """
        case = Case(principal=principal, repeat=request.repeat)
        admission = self.desk.admit(case)
        if admission.stored is not None:
            return admission.stored.body
        try:
            return self._answer(request, case, deadline)
        except BaseException:
            self.desk.give_up(case)
            raise

    def _answer(self, request: ComparisonRequest, case: Case, deadline: Deadline) -> bytes:
        # Both pictures side by side.
        pictures = [Picture(request.selfie, Role.SELFIE), Picture(request.card, Role.CARD)]
        probe, reference = (part.samples for part in self.extractor.extract(pictures, deadline))
        with coded_failures():
            verdict = self._judge(request, probe, reference)
        answer = self._document(request, case.principal, reference, verdict)
        record = self.publisher.record_of(Action.COMPARE, request, case, verdict, answer, deadline)
        answer = self.publisher.signed(Action.COMPARE, request, answer, case.principal)
        body = msgspec.json.encode(answer)
        with self.desk.settling(case, (), ending_of(verdict), body) as connection:
            self.publisher.record(connection, record)
        return body

    def _judge(self, request: ComparisonRequest, probe: Samples, reference: Samples) -> Verdict:
        judged = self.faces.engine.compare(
            probe, reference, request.level.policy, [request.age_years], [request.sex]
        )
        reasons = [("selfie", code) for code in probe.refusals(0)]
        reasons += [("card", code) for code in reference.refusals(0)]
        decisions = judged.decisions
        return Verdict(
            outcome=decisions.outcome[0],
            reasons=tuple(reasons or [("comparison", code) for code in decisions.reasons[0]]),
            judged=judged,
            chosen=0,
        )

    def _document(
        self,
        request: ComparisonRequest,
        principal: Principal,
        reference: Samples,
        verdict: Verdict,
    ) -> DecisionAnswer:
        return DecisionAnswer(
            transaction_id=str(uuid4()),
            decided_at=self.clock(),
            decision=verdict.outcome.value,
            reasons=reasons_of(list(verdict.reasons), request.language),
            assurance_level=request.level.name,
            operating_point=operating_point_of(request.level),
            score_detail=score_of(verdict, principal),
            presentation_attack_detection=pad_of(
                verdict, request.level, principal, session_used=False
            ),
            frames=frames_of(verdict.judged.probes, 0),
            card=CardDocument(status=status_of(reference, 0), quality=quality_of(reference, 0)),
        )
