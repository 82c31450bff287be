"""OpenCV alone: `FaceDetectorYN` and `FaceRecognizerSF`, after OpenCV's own tutorial.

What was chosen, and why:

- Models: the reference pack's own YuNet and MobileFaceNet, which OpenCV 5's DNN module loads. The
  recogniser feeds them 0..255 pixels as it would feed SFace, which changes the score but not the
  cost.
- The picture is decoded with `cv2.imdecode` (which applies the EXIF orientation) and shrunk to a
  long side of 640 px for detection. The tutorial detects at full size; at 12 megapixels that costs
  seconds and YuNet, made for faces of 10 to 300 px, does not see a selfie's. Alignment uses the
  full picture.
- The largest face is embedded, no other.
- `defaults` leaves OpenCV's threads alone, `one_thread` sets one.

It assesses neither quality nor liveness; `fvs` does both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OpenCvZoo", "defaults", "one_thread"]

DETECTOR_LONG_SIDE_PX = 640
SCORE_COLUMN = 14
"""A detection is box (4), landmarks (10), score; the score is not in pixels."""


class OpenCvZoo:
    """The tutorial's two objects."""

    def __init__(self, weights_dir: Path) -> None:
        """Load both networks."""
        size = (DETECTOR_LONG_SIDE_PX, DETECTOR_LONG_SIDE_PX)
        detector, recogniser = (
            str(weights_dir / file) for file in ("yunet_n.onnx", "mobilefacenet_128d.onnx")
        )
        self._detector = cv2.FaceDetectorYN.create(detector, "", size)
        self._recogniser = cv2.FaceRecognizerSF.create(recogniser, "")

    def compare(self, selfie: bytes, card: bytes) -> float:
        """Embed the largest face of each picture and take the cosine."""
        one, other = self._embedding(selfie), self._embedding(card)
        if one is None or other is None:
            return float("nan")
        return float(self._recogniser.match(one, other, cv2.FaceRecognizerSF_FR_COSINE))

    def _embedding(self, content: bytes) -> np.ndarray | None:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            return None
        height, width = picture.shape[:2]
        scale = min(1.0, DETECTOR_LONG_SIDE_PX / max(height, width))
        small = cv2.resize(picture, (round(width * scale), round(height * scale)))
        self._detector.setInputSize((small.shape[1], small.shape[0]))
        # OpenCV's stub does not know that nothing found is None.
        faces = cast("np.ndarray | None", self._detector.detect(small)[1])
        if faces is None:
            return None
        largest = max(faces, key=lambda face: face[2] * face[3]).copy()
        largest[:SCORE_COLUMN] /= scale
        # `feature` returns a view of memory that the next call overwrites.
        return np.array(self._recogniser.feature(self._recogniser.alignCrop(picture, largest)))


def defaults(weights_dir: Path) -> OpenCvZoo:
    """No thread setting touched."""
    return OpenCvZoo(weights_dir)


def one_thread(weights_dir: Path) -> OpenCvZoo:
    """One thread."""
    cv2.setNumThreads(1)
    return OpenCvZoo(weights_dir)
