"""Synthetic captures: pictures of texture with landmarks in known poses, and their records."""

from collections.abc import Sequence

import numpy as np

from fvs.quality.pose import MEAN_FACE
from fvs.raster import blur, warp_affine
from fvs.records import Crops, Faces, Images

TEMPLATE_EYE_MIDDLE_XY = (56.0, 51.6)
TEMPLATE_EYE_DISTANCE = 35.2


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Head rotation from degrees, yaw first; axes as `MEAN_FACE`, signs as ISO/IEC 39794-5."""
    (sy, sp, sr), (cy, cp, cr) = (f(np.radians([yaw, pitch, roll])) for f in (np.sin, np.cos))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return tilt @ nod @ turn


def landmarks(
    pose: tuple[float, float, float] = (0, 0, 0),
    *,
    eyes_px: float = 60,
    middle_xy: tuple[float, float] = (150, 140),
    face: np.ndarray = MEAN_FACE,
) -> np.ndarray:
    """(5, 2) float32 of a face seen from afar."""
    seen = (face @ rotation(*pose).T)[:, :2] * eyes_px + middle_xy
    return seen.astype(np.float32)


def texture(seed: int, height: int = 360, width: int = 300) -> np.ndarray:
    """(height, width, 3) uint8 skin-coloured noise that is sharp at every scale."""
    random = np.random.default_rng(seed)
    field = np.zeros((height, width))
    for grain in (2, 4, 8, 16, 32):
        coarse = random.normal(0, 14, (height // grain + 1, width // grain + 1))
        field += np.kron(coarse, np.ones((grain, grain)))[:height, :width]
    skin = np.array([180, 130, 105]) + field[..., None]
    return blur(np.clip(skin, 0, 255).astype(np.uint8), 1.0)


def images(pictures: Sequence[np.ndarray], scale: float = 1.0) -> Images:
    """Pictures that decoded well."""
    n = len(pictures)
    wh = np.array([p.shape[1::-1] for p in pictures], np.int64).reshape(n, 2)
    return Images(
        status=np.zeros(n, np.uint8),
        pixels_rgb=tuple(pictures),
        native_wh=np.rint(wh / scale).astype(np.int64),
        scale=np.full(n, scale),
        file_format=("jpeg",) * n,
    )


def faces(points: Sequence[np.ndarray]) -> Faces:
    """One face per picture; the box reaches from the brows to the chin."""
    n = len(points)
    marks = np.array(points, np.float32).reshape(n, 5, 2)
    middle = marks.mean(axis=1)
    reach = 1.1 * np.ptp(marks[:, :, 0], axis=1)[:, None] * np.ones((1, 2), np.float32)
    return Faces(
        status=np.zeros(n, np.uint8),
        image_index=np.arange(n),
        xyxy_px=np.concatenate([middle - reach, middle + reach], axis=1),
        landmarks_px=marks,
        detection_score=np.full(n, 0.9, np.float32),
    )


def crops(pictures: Images, found: Faces) -> Crops:
    """Crops that bring the eyes to where the ArcFace template has them, without turning."""
    n = len(found)
    pixels = np.zeros((n, 112, 112, 3), np.uint8)
    maps = np.zeros((n, 2, 3))
    for row, (picture, marks) in enumerate(
        zip(pictures.pixels_rgb, found.landmarks_px, strict=True)
    ):
        zoom = TEMPLATE_EYE_DISTANCE / np.hypot(*(marks[1] - marks[0]))
        shift = np.array(TEMPLATE_EYE_MIDDLE_XY) - zoom * marks[:2].mean(axis=0)
        maps[row] = [[zoom, 0, shift[0]], [0, zoom, shift[1]]]
        pixels[row] = warp_affine(picture, maps[row], 112, 112)
    return Crops(
        status=np.zeros(n, np.uint8),
        image_index=np.arange(n),
        pixels_rgb=pixels,
        picture_to_crop=maps,
    )


def capture(n: int) -> tuple[Images, Faces, Crops]:
    """N ordinary captures, all different."""
    pictures = images([texture(seed) for seed in range(n)])
    found = faces([landmarks((3.0 * i - 6, 2.0 * i - 4, i)) for i in range(n)])
    return pictures, found, crops(pictures, found)
