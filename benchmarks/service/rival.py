"""A minimal face comparison service, as users of FastAPI and insightface write it.

An endpoint that is a plain function, which FastAPI runs in its pool of forty threads; one
`FaceAnalysis` for the process; pictures in base64. No checks of callers, no quality, no liveness,
no record of what was answered.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from fastapi import FastAPI  # type: ignore[import-not-found]  # in a folder of its own
from pydantic import BaseModel

from benchmarks.speed.contenders.insightface_app import defaults, one_thread

__all__ = ["app"]

_WEIGHTS = Path(os.environ["FVS_RIVAL_WEIGHTS"])
_FACES = (one_thread if os.environ.get("FVS_RIVAL_ONE_THREAD") else defaults)(_WEIGHTS)
_THRESHOLD = 0.4

app = FastAPI()


class CompareRequest(BaseModel):
    """Two pictures."""

    selfie: str
    card: str


@app.post("/compare")  # type: ignore[untyped-decorator]  # FastAPI is not seen here
def compare(request: CompareRequest) -> dict[str, object]:
    """Whether both show one person."""
    score = _FACES.compare(base64.b64decode(request.selfie), base64.b64decode(request.card))
    return {"match": score >= _THRESHOLD, "score": score}
