"""insightface 2.1, `FaceAnalysis`, written as its users write it.

What was chosen, and why:

- Models: its own small pack's detector (`det_500m.onnx`) and the same MobileFaceNet that our
  reference pack embeds with, found as users have them, in a folder of their own under
  `<root>/models/`. The pack's landmark and age models are left out: nobody needs them to compare
  two faces, and they would add to its cost. So both sides run a detector of half a GFLOP or less
  and the same embedder; insightface feeds the latter (x - 127.5) / 127.5 instead of the mean and
  deviation that it was trained with, which changes the score but not the cost.
- `prepare()` as documented: Auto detection size, 128 x 128 and 640 x 640.
- Decoding as the project's own server does: Pillow, EXIF orientation applied, RGB, then
  `cv2.cvtColor` to the BGR that the library asks for (reversing the last axis in numpy, as many
  do, takes seven times as long).
- Of several faces the largest is taken; `get` embeds all of them first.
- `defaults` leaves every thread setting alone. `one_thread` passes session options with one
  thread and keeps OpenCV to one, which is how it is run where cores are shared, and the fair
  opponent of an engine with one thread.

It assesses neither quality nor liveness; `fvs` does both.
"""

from __future__ import annotations

import atexit
import io
import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from insightface.app import FaceAnalysis
from PIL import Image, ImageOps

__all__ = ["InsightFaceApp", "defaults", "one_thread"]

PACK_NAME = "small"
LINKS = {"det_500m.onnx": "scrfd_500m.onnx", "w_mobilefacenet.onnx": "mobilefacenet_128d.onnx"}
"""File in the temporary pack folder -> file of the reference weights."""


class InsightFaceApp:
    """`FaceAnalysis` and the lines that its users put around it."""

    def __init__(self, weights_dir: Path, **session: object) -> None:
        """Lay out a pack folder of links to the weights and open it."""
        root = tempfile.TemporaryDirectory(prefix="fvs-insightface-")
        atexit.register(root.cleanup)
        pack_dir = Path(root.name) / "models" / PACK_NAME
        pack_dir.mkdir(parents=True)
        for link, target in LINKS.items():
            (pack_dir / link).symlink_to((weights_dir / target).resolve())
        self._app = FaceAnalysis(
            name=PACK_NAME, root=root.name, providers=["CPUExecutionProvider"], **session
        )
        self._app.prepare()
        # norm_crop calls a method that scikit-image 0.26 has deprecated, once a face.
        warnings.simplefilter("ignore", FutureWarning)

    def compare(self, selfie: bytes, card: bytes) -> float:
        """Embed the largest face of each picture and take the cosine."""
        one, other = self._embedding(selfie), self._embedding(card)
        if one is None or other is None:
            return float("nan")
        return float(np.dot(one, other))

    def _embedding(self, content: bytes) -> np.ndarray | None:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        bgr = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR)
        faces = self._app.get(bgr)
        if not faces:
            return None
        largest = max(faces, key=lambda f: (f.bbox[2] - f.bbox[0]) * (f.bbox[3] - f.bbox[1]))
        return np.asarray(largest.normed_embedding)


def defaults(weights_dir: Path) -> InsightFaceApp:
    """As documented, no thread setting touched."""
    return InsightFaceApp(weights_dir)


def one_thread(weights_dir: Path) -> InsightFaceApp:
    """One thread for onnxruntime and for OpenCV."""
    cv2.setNumThreads(1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return InsightFaceApp(weights_dir, sess_options=options)
