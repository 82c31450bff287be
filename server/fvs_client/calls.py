"""What can be asked of the service, as values: `client.send(verify_face(...))`.

A call says all that a client must know of a route: how it is asked, what it answers, and how often
the same may be asked. Both clients send the same calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

import msgspec

from fvs_client.authority_records import (
    Erasure,
    HolderExport,
    Holdings,
    ImportJob,
    ImportRefusals,
    PortraitOutcome,
    PortraitRequest,
    Resolution,
    Reviews,
)
from fvs_client.records import (
    ComparisonRequest,
    Decision,
    FaceQuality,
    LivenessSession,
    Subject,
    VerificationRequest,
)
from fvs_client.report_records import Statistics, Transaction, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = [
    "Call",
    "Repeat",
    "assess_face_quality",
    "begin_liveness_session",
    "cancel_import",
    "compare_faces",
    "create_import",
    "enrol_portrait",
    "erase_portrait",
    "erase_subject",
    "export_subject",
    "get_import",
    "get_import_refusals",
    "get_receipt_keys",
    "get_statistics",
    "get_transaction",
    "get_version",
    "list_duplicate_reviews",
    "look_up_subject",
    "resolve_duplicate_review",
    "verify_face",
]

T = TypeVar("T")

_JSON = "application/json"


class Repeat(Enum):
    """Whether a request may be sent again when nobody knows what became of the first.

    Attributes:
        SAFE: as often as one likes; asking twice is asking once.
        KEYED: with an Idempotency-Key, by which the service knows it again.
        NEVER: it would be done twice.
    """

    SAFE = "safe"
    KEYED = "keyed"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """A request and what it answers.

    Attributes:
        method: of HTTP.
        path: percent-encoded, with its query; no number of a person is ever in it.
        answer: what the body of the answer is.
        repeat: how often.
        body: empty where there is none.
        media_type: of the body.
    """

    method: str
    path: str
    answer: type[T]
    repeat: Repeat
    body: bytes = b""
    media_type: str = _JSON

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path}, {len(self.body)} bytes)"


def verify_face(request: VerificationRequest) -> Call[Decision]:
    """Verify that a live selfie shows the person who is enrolled under a number."""
    return _post("/v1/face-verifications", request, Decision, Repeat.KEYED)


def compare_faces(request: ComparisonRequest) -> Call[Decision]:
    """Compare a live selfie with the picture of a card; neither is kept."""
    return _post("/v1/face-comparisons", request, Decision, Repeat.KEYED)


def assess_face_quality(frame: bytes) -> Call[FaceQuality]:
    """Assess one frame before it is sent to be verified; nothing is compared or kept."""
    return _post("/v1/face-quality", {"frame": frame}, FaceQuality, Repeat.SAFE)


def begin_liveness_session(subject: Subject) -> Call[LivenessSession]:
    """Begin a session before pictures are taken; one that is never named just expires."""
    return _post("/v1/liveness-sessions", {"subject": subject}, LivenessSession, Repeat.SAFE)


def get_transaction(transaction_id: str) -> Call[Transaction]:
    """Get what was answered, as long as it is kept."""
    return _get(f"/v1/transactions/{_part(transaction_id)}", Transaction)


def get_statistics(
    start: datetime, end: datetime | None = None, idp: str | None = None
) -> Call[Statistics]:
    """Get statistics of the hours from `start` to `end` (now); of another IdP for administrators.

    Raises:
        ValueError: a time without a zone.
    """
    times = {"from": start, "to": end}
    query = {name: _rfc3339(time) for name, time in times.items() if time is not None}
    return _get("/v1/statistics", Statistics, query | ({} if idp is None else {"idp": idp}))


def get_version() -> Call[Version]:
    """Get the versions of service, models and certificate; needs no credentials."""
    return _get("/version", Version)


def get_receipt_keys() -> Call[msgspec.Raw]:
    """Get the public keys of receipts, as bytes for `fvs_client.receipts`; needs no credentials."""
    return _get("/.well-known/jwks.json", msgspec.Raw)


def enrol_portrait(request: PortraitRequest) -> Call[PortraitOutcome]:
    """Enrol a portrait; one that is there already is `unchanged`."""
    return _post("/v1/subjects/portraits", request, PortraitOutcome, Repeat.SAFE)


def look_up_subject(subject: Subject) -> Call[Holdings]:
    """List what is held under a number."""
    return _post("/v1/subjects/lookup", {"subject": subject}, Holdings, Repeat.SAFE)


def export_subject(subject: Subject, *, templates: bool = False) -> Call[HolderExport]:
    """Get everything that is held about a person, templates on request only."""
    request = {"subject": subject, "templates": templates}
    return _post("/v1/subjects/export", request, HolderExport, Repeat.SAFE)


def erase_subject(subject: Subject) -> Call[Erasure]:
    """Erase all templates of a person; sent again, it states the same again."""
    return _post("/v1/subjects/erase", {"subject": subject}, Erasure, Repeat.SAFE)


def erase_portrait(record_id: str) -> Call[Erasure]:
    """Erase one template; sent again, it states the same again."""
    path = f"/v1/portraits/{_part(record_id)}"
    return Call(method="DELETE", path=path, answer=Erasure, repeat=Repeat.SAFE)


def create_import(body: bytes, media_type: str = "application/x-ndjson") -> Call[ImportJob]:
    """Hand in many portraits, as NDJSON or as `application/zip`; they are enrolled later."""
    return Call(
        method="POST",
        path="/v1/import-jobs",
        answer=ImportJob,
        repeat=Repeat.NEVER,
        body=body,
        media_type=media_type,
    )


def get_import(job_id: str) -> Call[ImportJob]:
    """See how far an import is."""
    return _get(f"/v1/import-jobs/{_part(job_id)}", ImportJob)


def get_import_refusals(job_id: str, after: int = 0) -> Call[ImportRefusals]:
    """List refused rows, a page at a time."""
    query = {"after": str(after)}
    return _get(f"/v1/import-jobs/{_part(job_id)}/refusals", ImportRefusals, query)


def cancel_import(job_id: str) -> Call[ImportJob]:
    """Enrol no further row; what is enrolled stays."""
    path = f"/v1/import-jobs/{_part(job_id)}/cancellation"
    return Call(method="POST", path=path, answer=ImportJob, repeat=Repeat.SAFE)


def list_duplicate_reviews(state: str = "open", limit: int = 100) -> Call[Reviews]:
    """List pairs that wait for a judgement, or were judged."""
    return _get("/v1/duplicate-reviews", Reviews, {"state": state, "limit": str(limit)})


def resolve_duplicate_review(review_id: str, state: str, note: str = "") -> Call[Resolution]:
    """Close a review as `confirmed` or `dismissed`, or change how it was closed."""
    path = f"/v1/duplicate-reviews/{_part(review_id)}/resolution"
    return _post(path, {"state": state, "note": note}, Resolution, Repeat.SAFE)


def _post(path: str, request: object, answer: type[T], repeat: Repeat) -> Call[T]:
    return Call(
        method="POST", path=path, answer=answer, repeat=repeat, body=msgspec.json.encode(request)
    )


def _get(path: str, answer: type[T], query: Mapping[str, str] | None = None) -> Call[T]:
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items())
    target = f"{path}?{pairs}" if pairs else path
    return Call(method="GET", path=target, answer=answer, repeat=Repeat.SAFE)


def _part(name: str) -> str:
    """One part of a path, whatever it holds."""
    return quote(name, safe="")


def _rfc3339(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("a time needs a zone: datetime(..., tzinfo=UTC)")
    return time.isoformat()
