"""The call that the demonstration shows: as a line for a shell, made, and told in a few lines."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from fvs.receipts import ReceiptError, check_receipt, read_jwks
from fvs.subjects import SubjectKind

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DemoCall", "summary_of"]

_TIMEOUT_S = 60.0
_WIDTH = 17
"""Of the names in a summary, in characters."""


@dataclass(frozen=True, kw_only=True)
class DemoCall:
    """A verification.

    Attributes:
        url: of the service.
        key: of its caller.
        number: of the person; made up.
        selfie: a file.
    """

    url: str
    key: str
    number: str
    selfie: Path

    def __repr__(self) -> str:
        return f"DemoCall(url={self.url!r}, selfie={self.selfie!r})"

    @property
    def curl(self) -> str:
        """For a shell."""
        request = shlex.quote(f"request={json.dumps(self._request)};type=application/json")
        lines = [
            f"curl -s {self.url}/v1/face-verifications",
            f"-H 'Authorization: Bearer {self.key}'",
            f"-F {request}",
            f"-F frame=@{shlex.quote(str(self.selfie))}",
        ]
        return " \\\n  ".join(lines)

    def make(self) -> dict[str, Any]:
        """The whole answer, or the problem."""
        answer = httpx.post(
            f"{self.url}/v1/face-verifications",
            headers={"Authorization": f"Bearer {self.key}"},
            files=[
                ("request", (None, json.dumps(self._request), "application/json")),
                ("frame", (self.selfie.name, self.selfie.read_bytes(), "image/jpeg")),
            ],
            timeout=_TIMEOUT_S,
        )
        document: dict[str, Any] = answer.json()
        return document

    def check(self, receipt: str) -> str:
        """What a receipt is worth by the keys that the service publishes, in words."""
        keys = httpx.get(f"{self.url}/.well-known/jwks.json", timeout=_TIMEOUT_S).content
        try:
            checked = check_receipt(receipt, read_jwks(keys), datetime.now(UTC))
        except ReceiptError as error:
            return f"NOT verified: {error}"
        issuer, audience = (checked.claims.get(name) for name in ("iss", "aud"))
        return f"verified: signed by {issuer} for {audience}"

    @property
    def _request(self) -> dict[str, object]:
        return {
            "subject": {"kind": SubjectKind.CITIZEN_ID, "number": self.number},
            "purpose": "demonstration",
            "consent_reference": "demo-1",
            "assurance_level": "ial2.2",
        }


def summary_of(answer: dict[str, Any], receipt: str) -> list[str]:
    """An answer in a few lines.

    Args:
        answer: of a verification, or a problem.
        receipt: what it is worth, in words.
    """
    if "decision" not in answer:
        return [_line("refused", answer["code"]), _line("", answer["detail"])]
    point, score = answer["operating_point"], answer["score_detail"]
    rows = {
        "decision": answer["decision"],
        "reasons": ", ".join(reason["code"] for reason in answer["reasons"]) or "none",
        "score": score and f"{score['score']:.4f} (matches from {score['threshold']:.4f})",
        "operating point": f"{answer['assurance_level']}, FMR at most {point['target_fmr']:g}, "
        f"certificate {point['certificate_id']}",
        "transaction": answer["transaction_id"],
        "receipt": receipt,
    }
    return [_line(name, text) for name, text in rows.items() if text]


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"
