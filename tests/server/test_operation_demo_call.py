"""The demonstration's answer in a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from fvs_server.operation.demo_call import DemoCall, summary_of

ANSWER = {
    "decision": "match",
    "reasons": [{"code": "age_unknown"}],
    "assurance_level": "ial2.2",
    "operating_point": {"target_fmr": 1e-4, "certificate_id": "c-1", "pack": "p"},
    "score_detail": {"score": 0.71234, "threshold": 0.5},
    "transaction_id": "t1",
}


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({}, ["match", "age_unknown", "0.7123", "0.5000", "0.0001", "c-1", "t1", "signed"], []),
        ({"reasons": [], "score_detail": None}, ["reasons          none"], ["score"]),
    ],
)
def test_a_summary(changes, said, unsaid):
    """Has decision, score if any, operating point, transaction and receipt; a line each."""
    lines = "\n".join(summary_of(ANSWER | changes, "signed"))
    assert all(word in lines for word in said)
    assert not any(word in lines for word in unsaid)


def test_a_refusal():
    """Says which problem, and what helps."""
    lines = summary_of({"code": "overloaded", "detail": "Try again in 1 s."}, "")
    assert "overloaded" in lines[0]
    assert "Try again" in lines[1]


def test_the_key_is_not_in_a_trace():
    """It is in the line for the shell, and nowhere else."""
    call = DemoCall(url="http://x", key="fvs_secret", number="1", selfie=Path("a b.jpg"))
    assert "fvs_secret" in call.curl
    assert "frame=@'a b.jpg'" in call.curl
    assert "fvs_secret" not in repr(call)
