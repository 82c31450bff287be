"""An engine whose pictures are made-up descriptions of pictures: judging is real, seeing is not."""

from __future__ import annotations

import itertools
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from fvs.engine import Engine, EngineSettings, Samples
from fvs.quality import COMPONENTS
from fvs.records import Crops, Embeddings, Faces, Images, Liveness, Quality
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.packs import Pack
    from fvs.status import Role

NAMES = (*(component.name for component in COMPONENTS), "unified_quality_score")
_serial = itertools.count()


def picture(face: int, **changes: object) -> bytes:
    """A "file" that shows a face; no two are the same bytes.

    Args:
        face: whose.
        changes: `live` probability, `quality` (0 to 100), `yaw` in degrees, `noise` (0 to 1),
            `status` of a picture that fails, `refused` quality component, `takes_s` to look at.
    """
    return json.dumps({"face": face, "serial": next(_serial), **changes}).encode()


class LightEngine(Engine):
    """Sees what the description says."""

    def __init__(self, pack: Pack) -> None:
        """Of a pack, whose weights it leaves alone."""
        self.detector = SimpleNamespace(manifest=pack.detector.manifest)
        self.embedder = SimpleNamespace(manifest=pack.embedder.manifest)
        self.pad = ()
        self.settings = EngineSettings()

    def _process(self, files: Sequence[bytes], role: Role) -> Samples:  # noqa: ARG002 - as of Engine
        return Samples.concatenate([self._sample(content) for content in files])

    def _sample(self, content: bytes) -> Samples:
        try:
            seen = json.loads(content)
        except ValueError:
            seen = None
        if not isinstance(seen, dict) or not {"face", "serial"} <= seen.keys():
            seen = {"face": 0, "status": "UNSUPPORTED_FORMAT"}
        time.sleep(seen.get("takes_s", 0))
        status = Status[seen.get("status", "OK")]
        return _samples(seen, status, self.embedder.manifest)


def unit(face: int, dimension: int) -> np.ndarray:
    """The vector of a face, as `tests.registry_desk` enrols it."""
    vector = np.random.default_rng(face).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _vector(seen: dict, dimension: int) -> np.ndarray:
    noise = unit(10**6 + seen.get("serial", 0), dimension) * seen.get("noise", 0.2)
    vector = unit(seen["face"], dimension) + noise
    return vector / np.linalg.norm(vector)


def _samples(seen: dict, status: Status, model) -> Samples:
    code, row, ok = np.array([status], np.uint8), np.zeros(1, np.int64), status == Status.OK
    value = np.float32(seen.get("quality", 80.0) if ok else np.nan)
    scalar = np.full((1, len(NAMES)), value, np.float32)
    raw = scalar.copy()
    raw[0, NAMES.index("head_pose_yaw")] = seen.get("yaw", 0.0) if ok else np.nan
    refused = np.zeros((1, len(NAMES)), np.bool_)
    judged = code.copy()
    if "refused" in seen:
        refused[0, NAMES.index(seen["refused"])] = True
        judged[:] = Status.QUALITY_TOO_LOW
    pixels = np.random.default_rng(seen.get("serial", 0)).integers(0, 255, (64, 64, 3), np.uint8)
    return Samples(
        images=Images(
            status=code,
            pixels_rgb=(pixels if ok else None,),
            native_wh=np.array([[64, 64]]),
            scale=np.ones(1),
            file_format=("jpeg",),
        ),
        faces=Faces(
            status=code,
            image_index=row,
            xyxy_px=np.full((1, 4), np.nan, np.float32),
            landmarks_px=np.full((1, 5, 2), np.nan, np.float32),
            detection_score=np.full(1, np.nan, np.float32),
        ),
        crops=Crops(
            status=code,
            image_index=row,
            pixels_rgb=np.zeros((1, 112, 112, 3), np.uint8),
            picture_to_crop=np.zeros((1, 2, 3)),
        ),
        quality=Quality(
            status=judged,
            image_index=row,
            components=NAMES,
            raw=raw,
            scalar=scalar,
            refused=refused,
        ),
        liveness=Liveness(
            status=code,
            image_index=row,
            live_probability=np.array([seen.get("live", 0.999) if ok else np.nan], np.float32),
        ),
        embeddings=Embeddings(
            status=code,
            image_index=row,
            vectors=_vector(seen, model.embed.dimension)[None].astype(np.float32) * np.float32(ok),
            norm=np.ones(1, np.float32),
            model_id=model.id,
        ),
    )
