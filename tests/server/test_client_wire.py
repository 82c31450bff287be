"""The client's records hold what the server's routes send and take, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fvs_client import authority_records, records, report_records
from fvs_server.edge import problem_documents
from fvs_server.routes import (
    authority,
    duplicate_reviews,
    face_comparisons,
    face_quality,
    face_verifications,
    import_jobs,
    liveness_sessions,
    operation,
    subjects,
    transactions,
)
from fvs_server.services import answers
from fvs_server.statistics import drift, reports

if TYPE_CHECKING:
    import msgspec

PAIRS = [
    (records.CardAnswer, answers.CardDocument),
    (records.Challenge, liveness_sessions.ChallengeBody),
    (records.ComparisonRequest, face_comparisons.ComparisonBody),
    (records.Decision, answers.DecisionAnswer),
    (records.FaceQuality, face_quality.FaceQualityAnswer),
    (records.Frame, answers.FrameDocument),
    (records.LivenessSession, liveness_sessions.SessionAnswer),
    (records.OperatingPoint, answers.OperatingPointDocument),
    (records.PresentationAttackDetection, answers.PadDocument),
    (records.ProblemDetails, problem_documents.ProblemDocument),
    (records.Quality, answers.QualityDocument),
    (records.Reason, answers.ReasonDocument),
    (records.Receipts, answers.ReceiptDocument),
    (records.ScoreDetail, answers.ScoreDocument),
    (records.SessionProof, face_verifications.SessionBody),
    (records.VerificationRequest, face_verifications.VerificationBody),
    (records.Violation, problem_documents.ViolationDocument),
    (authority_records.Advice, authority.AdviceDocument),
    (authority_records.Erasure, authority.ErasureDocument),
    (authority_records.HolderExport, subjects.ExportDocument),
    (authority_records.Holdings, subjects.HoldingsDocument),
    (authority_records.ImportJob, import_jobs.JobDocument),
    (authority_records.ImportRefusal, import_jobs.RefusalDocument),
    (authority_records.ImportRefusals, import_jobs.RefusalsDocument),
    (authority_records.PortraitOutcome, subjects.PortraitDocument),
    (authority_records.PortraitRecord, subjects.RecordDocument),
    (authority_records.PortraitRequest, subjects.PortraitBody),
    (authority_records.Resolution, duplicate_reviews.ResolutionDocument),
    (authority_records.Review, duplicate_reviews.ReviewDocument),
    (authority_records.Reviews, duplicate_reviews.ReviewsDocument),
    (records.Subject, face_verifications.SubjectBody),
    (report_records.HourStatistics, reports.HourReport),
    (report_records.Latency, reports.LatencyReport),
    (report_records.SignalState, drift.SignalState),
    (report_records.Statistics, reports.StatisticsReport),
    (report_records.Transaction, transactions.TransactionAnswer),
    (report_records.TransactionScores, transactions.ScoreDetail),
    (report_records.Version, operation.VersionAnswer),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda kind: kind.__name__)
def test_fields_are_the_servers(ours: type[msgspec.Struct], theirs: type[msgspec.Struct]):
    """Same names: what the server sends is read, what the client sends is taken."""
    assert set(ours.__struct_fields__) == set(theirs.__struct_fields__)


def test_every_record_has_its_counterpart():
    """A record without one would describe what no server sends."""
    named = {
        name
        for module in (records, authority_records, report_records)
        for name in module.__all__
        if name != "Record"
    }
    assert named == {ours.__name__ for ours, _ in PAIRS}
