"""What the search finds with real weights on real faces; thresholds are measured, with room.

Only the pool is used here: `lfw_eval.tar` is kept for evaluation. Our own detector was trained on
four fifths of the pool, so its rates here guard against mistakes; those on pictures that it never
saw are in its card.
"""

import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from fvs.align import align_faces
from fvs.choose import choose_faces
from fvs.detect import FaceSearch, Look, SearchStep, detect_faces
from fvs.embed import embed_crops
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import Pack, shipped_models_dir
from fvs.records import Faces, Pixels
from fvs.refine import refine_faces
from fvs.status import Role, Status
from fvs.turn import quarter_turns
from tests.faces import images
from tests.oracles import overlap

SAME_FACE_IOU = 0.5
PLAN = FaceSearch()
FIRST_LOOK_ONLY = FaceSearch(steps=PLAN.steps[:1])
ONE_LOOK = FaceSearch(steps=(SearchStep(looks=(Look(side_px=320, border=0.1),)),))


def pool_pictures(shared_dir: Path, name: str, n: int) -> list[Pixels]:
    """The same `n` pictures of a pool file in every run, spread over it."""
    with tarfile.open(shared_dir / "data" / name) as tar:
        members = [member for member in tar if member.isfile()]
        files = [tar.extractfile(member) for member in members[:: len(members) // n][:n]]
        contents = [np.frombuffer(file.read(), np.uint8) for file in files if file]
    return [cv2.cvtColor(cv2.imdecode(c, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for c in contents]


@pytest.fixture(scope="module")
def yunet(reference_pack: Pack) -> Network:
    """The reference pack's detector."""
    return Network(reference_pack.detector.manifest, reference_pack.detector.weights, Runtime())


@pytest.fixture(scope="module")
def own() -> Network:
    """The detector that was trained here; its weights are in the repository."""
    folder = shipped_models_dir() / "detect-fvs-202611"
    manifest = load_manifest(folder)
    return Network(manifest, folder / manifest.file, Runtime())


@pytest.fixture(scope="module", params=["yunet", "own"])
def detector(request: pytest.FixtureRequest) -> Network:
    """Either of the two detectors that packs of ours have."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def embedder(reference_pack: Pack) -> Network:
    """The reference pack's embedder."""
    return Network(reference_pack.embedder.manifest, reference_pack.embedder.weights, Runtime())


@pytest.fixture(scope="module")
def scrfd(shared_dir: Path) -> Network:
    """SCRFD-500M, with the manifest that is shipped for it."""
    manifest = load_manifest(shipped_models_dir() / "detect-scrfd500m-202109")
    return Network(manifest, shared_dir / "models" / "scrfd_500m.onnx", Runtime())


def selfies(pictures: list[Pixels], network: Network, search: FaceSearch = PLAN) -> Faces:
    """The chosen face of each picture."""
    batch = images(pictures)
    return choose_faces(detect_faces(batch, network, search), batch, Role.SELFIE)


def hits(faces: Faces, truth: np.ndarray) -> float:
    """Share of pictures whose chosen face is the true one, upright."""
    same = [overlap(a, b) >= SAME_FACE_IOU for a, b in zip(faces.xyxy_px, truth, strict=True)]
    return float(np.mean(np.array(same) & (quarter_turns(faces) == 0)))


class TestLandmarks:
    """Order and frame of the five points."""

    def test_right_eye_first(self, shared_dir: Path, detector: Network) -> None:
        """Eyes over nose over mouth, the person's right (picture's left) before the left."""
        points = selfies(pool_pictures(shared_dir, "pool_lfw.tar", 20), detector).landmarks_px
        assert (points[:, 0, 0] < points[:, 1, 0]).all()
        assert (points[:, 3, 0] < points[:, 4, 0]).all()
        assert (points[:, :2, 1].max(axis=1) < points[:, 2, 1]).all()
        assert (points[:, 2, 1] < points[:, 3:, 1].min(axis=1)).all()

    def test_families_agree(self, shared_dir: Path, detector: Network, scrfd: Network) -> None:
        """Two detectors of different make put landmarks in one place, on average.

        Measured on 100 pictures: mean distance 0.083 of the inter-eye distance, bias of any
        landmark below 0.05.
        """
        pictures = pool_pictures(shared_dir, "pool_lfw.tar", 30)
        ours, theirs = (selfies(pictures, network, ONE_LOOK) for network in (detector, scrfd))
        apart = (ours.landmarks_px - theirs.landmarks_px) / ours.inter_eye_px[:, None, None]
        assert np.linalg.norm(apart, axis=2).mean() < 0.12
        assert np.abs(apart.mean(axis=0)).max() < 0.08

    def test_size_of_the_picture_does_not_shift(self, shared_dir: Path, detector: Network) -> None:
        """Enlarged 8 times, the same face is found in the same place to 0.15 px on average."""
        pictures = pool_pictures(shared_dir, "pool_lfw.tar", 20)
        large = [cv2.resize(p, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR) for p in pictures]
        plain = selfies(pictures, detector, ONE_LOOK).landmarks_px
        back = (selfies(large, detector, ONE_LOOK).landmarks_px + 0.5) / 8 - 0.5
        assert np.abs((back - plain).mean(axis=0)).max() < 0.15


def tilted(picture: Pixels, degrees: float) -> Pixels:
    """The picture turned counter-clockwise about its middle, its edges drawn out."""
    height, width = picture.shape[:2]
    side = int(np.hypot(height, width)) + 2
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turn[:, 2] += ((side - width) / 2, (side - height) / 2)
    return cv2.warpAffine(picture, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)


def cosines_when_tilted(
    pictures: list[Pixels], detector: Network, embedder: Network, degrees: float
) -> np.ndarray:
    """Of each picture with itself tilted; those refused by either are left out."""
    vectors = []
    for batch in (images(pictures), images([tilted(p, degrees) for p in pictures])):
        chosen = choose_faces(detect_faces(batch, detector, PLAN), batch, Role.SELFIE)
        found = refine_faces(batch, chosen, detector)
        vectors.append(embed_crops(align_faces(batch, found), embedder))
    cosine = (vectors[0].vectors * vectors[1].vectors).sum(axis=1)
    return cosine[vectors[0].ok & vectors[1].ok]


class TestTiltedHeads:
    """A head at any angle is compared as if it were upright, or refused."""

    @pytest.mark.parametrize("degrees", [30, 45, -50, 100])
    def test_some_angles(
        self, shared_dir: Path, detector: Network, embedder: Network, degrees: float
    ) -> None:
        """Of 15 pictures, none is mistaken and at most 2 are refused; without refinement most are.

        Measured with 200 pictures: median 0.976 at 45 degrees, without refinement 0.286.
        """
        pictures = pool_pictures(shared_dir, "pool_lfw.tar", 15)
        cosines = cosines_when_tilted(pictures, detector, embedder, degrees)
        assert len(cosines) >= 13
        assert np.median(cosines) >= 0.9
        assert cosines.min() >= 0.6

    @pytest.mark.slow
    @pytest.mark.parametrize("degrees", range(0, 190, 10))
    def test_sweep(
        self, shared_dir: Path, detector: Network, embedder: Network, degrees: float
    ) -> None:
        """At every angle the median is above 0.9 and at most 2 % are below 0.6, of 200."""
        pictures = pool_pictures(shared_dir, "pool_lfw.tar", 100)
        pictures += pool_pictures(shared_dir, "pool_aaf_1.tar", 100)
        cosines = cosines_when_tilted(pictures, detector, embedder, degrees)
        assert len(cosines) >= 190
        assert np.median(cosines) >= 0.9
        assert (cosines < 0.6).mean() <= 0.02


@pytest.mark.slow
class TestRecall:
    """Shares of real faces found, as measured here with little room below."""

    def test_every_pool_picture_has_a_face(self, shared_dir: Path, detector: Network) -> None:
        """None of 500 LFW pictures is without a face; at most 2 % have several (measured 0.4)."""
        status = selfies(pool_pictures(shared_dir, "pool_lfw.tar", 500), detector).status
        assert (status == Status.NO_FACE).sum() == 0
        assert (status == Status.SEVERAL_FACES).mean() <= 0.02

    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    @pytest.mark.parametrize("name", ["pool_lfw.tar", "pool_aaf_0.tar"])
    def test_turned_pictures_are_righted(
        self, shared_dir: Path, detector: Network, name: str, turns: int
    ) -> None:
        """At least 99 % of 200 pictures; measured 100 % of 300 of either source."""
        pictures = [np.rot90(p, turns).copy() for p in pool_pictures(shared_dir, name, 200)]
        faces = selfies(pictures, detector)
        righted = (quarter_turns(faces) == -turns % 4) & (faces.status != Status.NO_FACE)
        assert righted.mean() >= 0.99

    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    def test_scrfd_rights_too(self, shared_dir: Path, scrfd: Network, turns: int) -> None:
        """At least 98 % of 60 pictures; measured 100 % of 100 from LFW and from AAF."""
        pictures = pool_pictures(shared_dir, "pool_aaf_0.tar", 60)
        faces = selfies([np.rot90(p, turns).copy() for p in pictures], scrfd)
        righted = (quarter_turns(faces) == -turns % 4) & (faces.status != Status.NO_FACE)
        assert righted.mean() >= 0.98

    @pytest.mark.parametrize(
        ("share", "first_look_at_most", "plan_at_least"),
        [(1.0, 1.0, 0.99), (1.3, 1.0, 0.98), (2.0, 0.3, 0.75)],
    )
    def test_close_ups(
        self,
        shared_dir: Path,
        yunet: Network,
        share: float,
        first_look_at_most: float,
        plan_at_least: float,
    ) -> None:
        """Faces as high as the frame, 1.3 and 2 times so; further looks rescue the last.

        Measured on these 150 faces: 1.00, 1.00 and 0.91, of which the first look finds 1.00,
        1.00 and 0.21.
        """
        pictures, truth = close_ups(pool_pictures(shared_dir, "pool_lfw.tar", 150), yunet, share)
        assert hits(selfies(pictures, yunet, FIRST_LOOK_ONLY), truth) <= first_look_at_most
        assert hits(selfies(pictures, yunet), truth) >= plan_at_least

    @pytest.mark.parametrize(("share", "at_least"), [(1.0, 0.99), (1.3, 0.98), (2.0, 0.75)])
    def test_own_close_ups(
        self, shared_dir: Path, yunet: Network, own: Network, share: float, at_least: float
    ) -> None:
        """The same with our own detector, for which faces larger than the frame were composed."""
        pictures, truth = close_ups(pool_pictures(shared_dir, "pool_lfw.tar", 150), yunet, share)
        assert hits(selfies(pictures, own), truth) >= at_least

    @pytest.mark.parametrize(
        ("name", "share", "plan_at_least"),
        [
            ("yunet", 0.06, 0.96),
            ("yunet", 0.08, 0.96),
            ("yunet", 0.12, 0.98),
            ("own", 0.06, 0.90),
            ("own", 0.08, 0.88),
            ("own", 0.12, 0.97),
        ],
    )
    def test_small_faces(
        self,
        shared_dir: Path,
        request: pytest.FixtureRequest,
        name: str,
        share: float,
        plan_at_least: float,
    ) -> None:
        """Faces of this share of a 1000 px frame.

        Measured on 100 faces: YuNet 1.00, 0.99 and 1.00, at the first look alone 0.67, 0.93 and
        1.00; our own, for which the noise around them is a distraction, 0.94, 0.92 and 0.99.
        """
        detector = request.getfixturevalue(name)
        yunet = request.getfixturevalue("yunet")
        pictures, truth = small_faces(pool_pictures(shared_dir, "pool_lfw.tar", 100), yunet, share)
        got = hits(selfies(pictures, detector), truth)
        first = hits(selfies(pictures, detector, FIRST_LOOK_ONLY), truth)
        assert got >= max(plan_at_least, first)


def close_ups(
    pictures: list[Pixels], network: Network, share: float
) -> tuple[list[Pixels], np.ndarray]:
    """Crops in which the face's longer side is `share` of the frame, enlarged 4 times."""
    faces = selfies(pictures, network)
    centre = (faces.xyxy_px[:, :2] + faces.xyxy_px[:, 2:]) / 2
    half = faces.width_height_px.max(axis=1, keepdims=True) / share / 2
    low = np.maximum(np.rint(centre - half), 0).astype(int)
    high = np.rint(centre + half).astype(int)
    crops = [p[t:b, x:r] for p, (x, t), (r, b) in zip(pictures, low, high, strict=True)]
    large = [cv2.resize(c, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR) for c in crops]
    return large, (faces.xyxy_px - np.tile(low, 2)) * 4


def small_faces(
    pictures: list[Pixels], network: Network, share: float
) -> tuple[list[Pixels], np.ndarray]:
    """Pictures shrunk and put on 1000 x 700 px of blurred noise, at random places."""
    random = np.random.default_rng(7)
    faces = selfies(pictures, network)
    zoom = share * 1000 / faces.width_height_px.max(axis=1)
    frames, truth = [], []
    for picture, box, factor in zip(pictures, faces.xyxy_px, zoom, strict=True):
        noise = random.integers(0, 255, (70, 100, 3), np.uint8)
        frame = cv2.resize(noise, (1000, 700), interpolation=cv2.INTER_CUBIC)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        left, top = random.integers(0, 1000 - width), random.integers(0, 700 - height)
        frame[top : top + height, left : left + width] = small
        frames.append(frame)
        truth.append(box * factor + [left, top, left, top])
    return frames, np.array(truth)
