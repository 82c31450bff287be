"""A live selfie against what the registry holds under a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from fvs.samples import Samples
from fvs.status import Role
from fvs_server.audit import Action
from fvs_server.details import Detail
from fvs_server.extraction import Picture
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError
from fvs_server.services.answers import DecisionAnswer, reasons_of
from fvs_server.services.desk import Case
from fvs_server.services.frames import choose_frame, doubts_of_frames, lessened
from fvs_server.services.judging import (
    Verdict,
    captures_of,
    coded_failures,
    ending_of,
    exact_captures,
    frames_of,
    operating_point_of,
    pad_of,
    score_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from fvs.subjects import Pseudonymiser, SubjectId
    from fvs_server.extraction import Extractor
    from fvs_server.identity import Principal
    from fvs_server.inference import Deadline
    from fvs_server.limits import Challenge
    from fvs_server.services.answers import Language
    from fvs_server.services.desk import Desk, RepeatKey, SessionProof
    from fvs_server.services.faces import Faces
    from fvs_server.services.levels import Level
    from fvs_server.services.publishing import Publisher

__all__ = ["Verification", "VerificationRequest"]

_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class VerificationRequest:
    """What an IdP asks.

    Attributes:
        subject: whom the selfie is said to show.
        frames: 1 to 5 picture files, in the order of capture.
        level: of assurance.
        purpose: why, in the IdP's words.
        consent_reference: the IdP's own, of the subject's consent.
        portrait_date: of the card's portrait, as far as the IdP knows.
        on_behalf_of: for whom the IdP asks; None for itself.
        session: of liveness.
        receipt_formats: that are wanted.
        language: of the advice.
        channel: by which the request came.
        repeat: by which a repetition is known.
    """

    subject: SubjectId
    frames: tuple[bytes, ...]
    level: Level
    purpose: str
    consent_reference: str
    portrait_date: date | None = None
    on_behalf_of: SubjectId | None = None
    session: SessionProof | None = None
    receipt_formats: tuple[str, ...] = ("jws",)
    language: Language = "en"
    channel: str = "api"
    repeat: RepeatKey | None = None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Verifies; safe to use from many threads.

    Attributes:
        faces: what judges.
        extractor: of its engine.
        desk: limits before, records after.
        publisher: of answers.
        pseudonyms: of subjects, in the server's tables.
        clock: the time, UTC.
        portrait_years: an older portrait is said to be old.
    """

    faces: Faces
    extractor: Extractor
    desk: Desk
    publisher: Publisher
    pseudonyms: Pseudonymiser
    clock: Callable[[], datetime]
    portrait_years: int

    def verify(
        self, request: VerificationRequest, principal: Principal, deadline: Deadline
    ) -> bytes:
        """Decide; the answer, a JSON document, is recorded before it is returned.

        Raises:
            ServiceError: a limit, a session that is none, or no time or room to work.
        """
        case = self._case(request, principal)
        admission = self.desk.admit(case)
        if admission.stored is not None:
            return admission.stored.body
        try:
            return self._answer(request, case, admission.challenge, deadline)
        except BaseException:
            self.desk.give_up(case)
            raise

    def _case(self, request: VerificationRequest, principal: Principal) -> Case:
        if self.faces.verifier is None:
            raise ServiceError(Problem.NOT_FOUND, Detail.NO_REGISTRY.value)
        if request.level.needs_session and request.session is None:
            wrong = Fault.SESSION_REQUIRED.at("/liveness_session", level=request.level.name)
            raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))
        (subject,) = self.pseudonyms.of([request.subject])
        return Case(
            principal=principal,
            subject=subject,
            captures=exact_captures(request.frames),
            pad=request.level.policy.pad is not None,
            session=request.session,
            repeat=request.repeat,
        )

    def _answer(
        self,
        request: VerificationRequest,
        case: Case,
        challenge: Challenge | None,
        deadline: Deadline,
    ) -> bytes:
        # 1. All frames side by side, then the one that is compared.
        pictures = [Picture(frame, Role.SELFIE, looks=True) for frame in request.frames]
        parts = self.extractor.extract(pictures, deadline)
        each = [part.samples for part in parts]
        frames = each[0] if len(each) == 1 else Samples.concatenate(each)
        # 2. Its score, the decision, and what speaks against a match.
        with coded_failures():
            verdict = self._judge(request, frames, challenge)
        # 3. The answer, and the record of it.
        answer = self._document(request, case.principal, frames, verdict)
        record = self.publisher.record_of(Action.VERIFY, request, case, verdict, answer, deadline)
        if request.on_behalf_of is not None:
            (behalf,) = self.pseudonyms.of([request.on_behalf_of])
            record = msgspec.structs.replace(record, on_behalf_of=behalf)
        answer = self.publisher.signed(
            Action.VERIFY,
            request,
            answer,
            case.principal,
            request.receipt_formats,
            request.subject,
        )
        body = msgspec.json.encode(answer)
        captures = captures_of(case.captures, parts)
        with self.desk.settling(case, captures, ending_of(verdict), body) as connection:
            self.publisher.record(connection, record)
        return body

    def _judge(
        self, request: VerificationRequest, frames: Samples, challenge: Challenge | None
    ) -> Verdict:
        if self.faces.verifier is None:
            raise ServiceError(Problem.NOT_FOUND)
        policy = request.level.policy
        chosen = choose_frame(frames)
        probe = frames if len(frames) == 1 else frames.take([chosen])
        scores = self.faces.verifier.verify(
            [request.subject], probe.embeddings, below=policy.point.threshold
        )
        # The registry holds no ages and sexes; those that an IdP might state are not believed.
        judged = self.faces.engine.judge(probe, scores, policy, [None])
        doubts = doubts_of_frames(frames, chosen, request.level, challenge)
        about = "selfie" if probe.refusals(0) else "comparison"
        reasons = [(about, code) for code in judged.decisions.reasons[0]]
        reasons += [("selfie", code) for code in doubts if ("comparison", code) not in reasons]
        if self._is_old(request.portrait_date):
            reasons.append(("card", "portrait_old"))
        return Verdict(
            outcome=lessened(judged.decisions.outcome[0], doubts),
            reasons=tuple(reasons),
            judged=judged,
            chosen=chosen,
        )

    def _is_old(self, portrait_date: date | None) -> bool:
        oldest = self.clock().date() - timedelta(days=self.portrait_years * _DAYS_A_YEAR)
        return portrait_date is not None and portrait_date < oldest

    def _document(
        self,
        request: VerificationRequest,
        principal: Principal,
        frames: Samples,
        verdict: Verdict,
    ) -> DecisionAnswer:
        used = request.session is not None
        return DecisionAnswer(
            transaction_id=str(uuid4()),
            decided_at=self.clock(),
            decision=verdict.outcome.value,
            reasons=reasons_of(list(verdict.reasons), request.language),
            assurance_level=request.level.name,
            operating_point=operating_point_of(request.level),
            score_detail=score_of(verdict, principal),
            presentation_attack_detection=pad_of(
                verdict, request.level, principal, session_used=used
            ),
            frames=frames_of(frames, verdict.chosen),
        )
