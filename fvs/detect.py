"""Finds faces in pictures of any size, cheapest look first.

A *look* is one way of showing a picture to the network: fitted into a square canvas with a border
around it, perhaps turned by quarters. Every picture gets the looks of the first step; those of
each further step are only for pictures in which nothing *fit* was found until then. What all
looks at a picture have found is pooled, and of detections that overlap the best stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.detect_heads import decode, suppress_overlaps, winners
from fvs.errors import UsageError
from fvs.geometry import turn_points
from fvs.raster import quarter_turn, resize
from fvs.records import F64, U8, Bool, Faces, Images, Int, Pixels

if TYPE_CHECKING:
    from fvs.manifest import DetectHead, PixelInput
    from fvs.network import Network

__all__ = ["CompanyLook", "FaceSearch", "FitScore", "Look", "SearchStep", "detect_faces"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One way of showing a picture to the network.

    Attributes:
        side_px: of the square canvas; networks of a fixed input size use that instead.
        border: empty part of the canvas on each side, as a fraction of its side, below 0.5.
        quarter_turns: counter-clockwise turns of the canvas.
    """

    side_px: int
    border: float
    quarter_turns: int = 0

    def __post_init__(self) -> None:
        """Refuse a canvas without room.

        Raises:
            UsageError: the side is not positive, or the border leaves nothing.
        """
        if self.side_px < 1 or not 0 <= self.border < 0.5:  # noqa: PLR2004 - half is all
            raise UsageError(f"a look needs a side >= 1 px and a border in 0..0.5, got {self}")


NEAR = Look(side_px=320, border=0.0625)
"""A narrow border keeps a face at the edge of the picture away from the edge of the canvas."""

CLOSE_UP = Look(side_px=160, border=0.2)
"""A face that fills or exceeds the picture, small enough to be seen whole, and cheap."""

FAR = Look(side_px=640, border=0.03)
"""Twice the pixels, four times the cost: for the small portrait on a card."""


def _turned(look: Look) -> tuple[Look, ...]:
    return tuple(replace(look, quarter_turns=quarters) for quarters in (1, 2, 3))


@dataclass(frozen=True, kw_only=True)
class SearchStep:
    """Looks that are taken together, and what ends the search after them.

    Attributes:
        looks: at the picture.
        every_turn: True if these and former looks show all four turns of a picture.
    """

    looks: tuple[Look, ...]
    every_turn: bool = False


@dataclass(frozen=True, kw_only=True)
class FitScore:
    """How sure a picture's best detection must be to end its search.

    Detectors also find faces that are not upright, often with landmarks as if they were, so that
    only the score can tell; see tests/test_detect_real_faces.py.

    Attributes:
        surely_upright: reached by 95 % of upright faces and hardly by any that are not.
        after_every_turn: once all turns were compared, a face need only be a face.
    """

    surely_upright: float
    after_every_turn: float


@dataclass(frozen=True, kw_only=True)
class CompanyLook:
    """A look for small faces beside a large one that ended the search.

    A card fills its picture, or most of it. A face too large to be the portrait of a whole card
    may belong to somebody who holds a card, whose portrait the first look misses.

    Attributes:
        look: taken the way up that the picture stands.
        above_share: longest side of the face over that of the picture. The portrait's face is
            0.15 of the width of a card, so more is a person, or a part of a card.
        below_share: likewise; a face that takes more leaves no room for a card that is not seen
            at once: the picture is the portrait alone (0.56 of its height).
    """

    look: Look = FAR
    above_share: float = 0.17
    below_share: float = 0.45


YUNET_FIT = FitScore(surely_upright=0.92, after_every_turn=0.75)
SCRFD_FIT = FitScore(surely_upright=0.74, after_every_turn=0.6)


@dataclass(frozen=True, kw_only=True)
class FaceSearch:
    """How hard to look for faces, and when to stop.

    Attributes:
        steps: cheapest first; each is for the pictures that are not done after the former.
        yunet_fit: ends the search with detectors of this family whose manifests state no scores.
        scrfd_fit: likewise; its scores are lower.
        of_card: whether cards are searched, of which a manifest states another score.
        fit_side_px: a detection can only end the search if the shorter side of its box has this
            many canvas pixels; below, landmarks are coarse.
        min_side_px: detections with a shorter side than this in the picture are dropped.
        company: how to look for who else is there; None takes the sure face for the only one.
        canvas_px_per_run: canvas pixels given to the network at once; bounds memory.
    """

    steps: tuple[SearchStep, ...] = (
        SearchStep(looks=(NEAR,)),
        SearchStep(looks=(CLOSE_UP,)),
        SearchStep(looks=_turned(NEAR) + _turned(CLOSE_UP), every_turn=True),
        SearchStep(looks=(FAR,)),
        SearchStep(looks=_turned(FAR), every_turn=True),
    )
    yunet_fit: FitScore = YUNET_FIT
    scrfd_fit: FitScore = SCRFD_FIT
    of_card: bool = False
    fit_side_px: float = 20.0
    min_side_px: float = 8.0
    company: CompanyLook | None = None
    canvas_px_per_run: int = 16 * 320 * 320


@dataclass(frozen=True, eq=False)
class _Sighting:
    """What one look, or several, found.

    Attributes:
        faces: in the picture frame.
        large: (M,) True where the box was large enough in its canvas to end the search.
        quarter_turns: (M,) of the look.
    """

    faces: Faces
    large: Bool
    quarter_turns: Int


@dataclass(frozen=True, eq=False)
class _Canvases:
    """Pictures fitted into squares: before turning, canvas = (picture + 0.5) * zoom + corner."""

    pixels_rgb: U8
    zoom: F64
    corner: F64


def detect_faces(images: Images, network: Network, search: FaceSearch = FaceSearch()) -> Faces:
    """Find all faces of all pictures.

    Args:
        images: N pictures.
        network: a detector.
        search: how hard to look.

    Returns:
        Faces in the pixel frame of `images.pixels_rgb`, sorted by image, then by falling
        detection score; all OK. Pictures that are not OK, or without a face, have no rows. A
        face that lies on its side has landmarks that do.

    Raises:
        UsageError: the network is no detector.
    """
    head = network.manifest.detect
    if head is None:
        raise UsageError(f"{network.manifest.id} is no detector")
    pending = np.flatnonzero(images.ok)
    needed = _needed(head, search)
    pool = _nothing()
    for step in _distinct_steps(search, network.manifest.input):
        seen = [_look_at(images, pending, network, look, search) for look in step.looks]
        pool = _pool([pool, *seen])
        sure = needed.after_every_turn if step.every_turn else needed.surely_upright
        fit = pool.large & (pool.faces.detection_score >= sure)
        pending = np.setdiff1d(pending, pool.faces.image_index[fit])
        if not len(pending):
            break
    if search.company is not None:
        pool = _pool([pool, *_company(images, pool, network, search.company, search)])
    return _best_of(pool, head, search)


def _needed(head: DetectHead, search: FaceSearch) -> FitScore:
    """What ends the search: the manifest's scores where it states them, else the family's."""
    family = search.yunet_fit if head.family == "yunet" else search.scrfd_fit
    upright = head.upright_card_score if search.of_card else head.upright_score
    return FitScore(
        surely_upright=family.surely_upright if upright is None else upright,
        after_every_turn=family.after_every_turn if head.face_score is None else head.face_score,
    )


def _company(
    images: Images, pool: _Sighting, network: Network, company: CompanyLook, search: FaceSearch
) -> list[_Sighting]:
    """What else is in those pictures whose largest face is a person's."""
    upright = _upright_turns(pool, search)
    faces = pool.faces
    longest_px = np.zeros(len(upright))
    stands = pool.quarter_turns == upright[faces.image_index]
    sides_px = faces.width_height_px.max(axis=1)
    np.maximum.at(longest_px, faces.image_index[stands], sides_px[stands])
    pictures = images.pixels_rgb[: len(upright)]
    share = longest_px / [1 if p is None else max(p.shape[:2]) for p in pictures]
    large = (share > company.above_share) & (share < company.below_share)
    side_px = _accepted_side(company.look.side_px, network.manifest.input)
    seen = []
    for turns in np.unique(upright[large]):
        look = replace(company.look, side_px=side_px, quarter_turns=int(turns))
        seen.append(
            _look_at(images, np.flatnonzero(large & (upright == turns)), network, look, search)
        )
    return seen


def _distinct_steps(search: FaceSearch, spec: PixelInput) -> list[SearchStep]:
    """The steps with canvases that the network takes; looks that then coincide are dropped."""
    steps: list[SearchStep] = []
    seen: set[Look] = set()
    for step in search.steps:
        adapted = [replace(look, side_px=_accepted_side(look.side_px, spec)) for look in step.looks]
        new = tuple(look for look in dict.fromkeys(adapted) if look not in seen)
        seen.update(new)
        steps.append(replace(step, looks=new))
    return steps


def _accepted_side(side_px: int, spec: PixelInput) -> int:
    return spec.size_px or -(-side_px // spec.multiple_of_px) * spec.multiple_of_px


def _look_at(
    images: Images, rows: Int, network: Network, look: Look, search: FaceSearch
) -> _Sighting:
    """Show pictures to the network, as many at once as memory allows."""
    step = max(1, search.canvas_px_per_run // look.side_px**2)
    parts = [_nothing()]
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        pictures = [p for p in (images.pixels_rgb[row] for row in chunk) if p is not None]
        canvases = _fit_into_canvases(pictures, look)
        parts.append(_read(canvases, chunk, network, look, search))
    return _pool(parts)


def _fit_into_canvases(pictures: list[Pixels], look: Look) -> _Canvases:
    """Resize each picture to fit inside the border, centre it on black, and turn the canvas."""
    side = look.side_px
    room = side * (1 - 2 * look.border)
    native = np.array([(p.shape[1], p.shape[0]) for p in pictures], np.float64)
    fitted = np.maximum(np.rint(native * (room / native.max(axis=1, keepdims=True))), 1)
    corner = (side - fitted) // 2
    canvases = np.zeros((len(pictures), side, side, 3), np.uint8)
    for canvas, picture, wh, (left, top) in zip(
        canvases, pictures, fitted.astype(int), corner.astype(int), strict=True
    ):
        canvas[top : top + wh[1], left : left + wh[0]] = resize(picture, wh[0], wh[1])
        canvas[:] = quarter_turn(canvas, look.quarter_turns)
    return _Canvases(canvases, zoom=fitted / native, corner=corner)


def _read(
    canvases: _Canvases, rows: Int, network: Network, look: Look, search: FaceSearch
) -> _Sighting:
    """Run the network on one batch and bring what it finds back to the frame of the pictures."""
    head = network.manifest.detect
    if head is None:
        return _nothing()
    candidates = decode(network.run(canvases.pixels_rgb), head, look.side_px)
    seen = winners(candidates, head)
    large = seen.width_height_px.min(axis=1) >= search.fit_side_px
    faces = _to_picture(seen, canvases, look)
    faces = replace(faces, image_index=rows[seen.image_index])
    return _Sighting(faces, np.asarray(large), np.full(len(faces), look.quarter_turns))


def _to_picture(seen: Faces, canvases: _Canvases, look: Look) -> Faces:
    """From the frame of the (turned) canvases to that of the pictures."""
    points = np.concatenate([seen.xyxy_px.reshape(-1, 2, 2), seen.landmarks_px], axis=1)
    square = np.full((len(seen), 2), look.side_px)
    unturned = turn_points(points, square, np.full(len(seen), -look.quarter_turns))
    zoom, corner = canvases.zoom[seen.image_index], canvases.corner[seen.image_index]
    # The resampler maps pixel centres: picture + 0.5 -> (picture + 0.5) * zoom.
    points = ((unturned + 0.5 - corner[:, None]) / zoom[:, None] - 0.5).astype(np.float32)
    corners = points[:, :2]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return replace(seen, xyxy_px=boxes, landmarks_px=points[:, 2:])


def _best_of(pool: _Sighting, head: DetectHead, search: FaceSearch) -> Faces:
    """The surest detections of each face, from the looks that show the picture upright.

    Upright is the turn with the picture's surest face. What other turns found goes: people in
    one picture stand one way up, and turned faces yield boxes that do not even overlap.
    """
    faces = pool.faces
    upright = _upright_turns(pool, search)
    kept = _usable(faces, search) & (pool.quarter_turns == upright[faces.image_index])
    return suppress_overlaps(faces.take(kept), head.nms_iou)


def _upright_turns(pool: _Sighting, search: FaceSearch) -> Int:
    """Quarter turns of each picture's surest face, for pictures up to the last with a face."""
    faces = pool.faces
    upright = np.zeros(faces.image_index.max(initial=-1) + 1, np.int64)
    worst_first = np.lexsort((faces.detection_score, pool.large, _usable(faces, search)))
    upright[faces.image_index[worst_first]] = pool.quarter_turns[worst_first]
    return upright


def _usable(faces: Faces, search: FaceSearch) -> Bool:
    return np.asarray(faces.width_height_px.min(axis=1) >= search.min_side_px)


def _pool(parts: list[_Sighting]) -> _Sighting:
    return _Sighting(
        faces=Faces.concatenate([part.faces for part in parts]),
        large=np.concatenate([part.large for part in parts]),
        quarter_turns=np.concatenate([part.quarter_turns for part in parts]),
    )


def _nothing() -> _Sighting:
    faces = Faces(
        status=np.zeros(0, np.uint8),
        image_index=np.zeros(0, np.int64),
        xyxy_px=np.zeros((0, 4), np.float32),
        landmarks_px=np.zeros((0, 5, 2), np.float32),
        detection_score=np.zeros(0, np.float32),
    )
    return _Sighting(faces, np.zeros(0, np.bool_), np.zeros(0, np.int64))
