"""The whole engine on real faces: what must hold whatever the model."""

import io
import tarfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from fvs.answer import answer_judgement, answer_verification
from fvs.decide import DecisionPolicy
from fvs.engine import Engine, EngineSettings, Samples
from fvs.errors import UsageError
from fvs.packs import Pack
from fvs.raster import quarter_turn
from fvs.records import Scores
from fvs.status import Outcome, Role, Status
from tests.records import operating_point

MATED = (
    "Abel_Pacheco/Abel_Pacheco_0001.jpg",
    "Abel_Pacheco/Abel_Pacheco_0004.jpg",
)
OTHERS = (
    "Aaron_Eckhart/Aaron_Eckhart_0001.jpg",
    "Aaron_Guiel/Aaron_Guiel_0001.jpg",
    "AJ_Lamas/AJ_Lamas_0001.jpg",
)
LENIENT = DecisionPolicy(point=operating_point(0.41), pad=None)
"""A threshold near the one measured for this embedder; these tests are about invariance."""


@pytest.fixture(scope="module")
def engine(reference_pack: Pack) -> Engine:
    """One engine for all tests of this file."""
    return Engine.from_pack(reference_pack)


@pytest.fixture(scope="module")
def pictures(shared_dir: Path) -> dict[str, bytes]:
    """A few real pictures by name."""
    with tarfile.open(shared_dir / "data" / "lfw_eval.tar") as tar:
        return {name: tar.extractfile(name).read() for name in (*MATED, *OTHERS)}


def written(pixels_rgb: np.ndarray, suffix: str, *options: int) -> bytes:
    """The picture as a file of this format."""
    ok, content = cv2.imencode(suffix, cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR), list(options))
    assert ok
    return content.tobytes()


def pixels_of(content: bytes) -> np.ndarray:
    """Decoded by OpenCV, RGB."""
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)


@pytest.fixture(scope="module")
def large(pictures: dict[str, bytes]) -> bytes:
    """A 12-megapixel JPEG whose face is small: a quarter of its width."""
    canvas = np.full((3000, 4000, 3), 128, np.uint8)
    face = cv2.resize(pixels_of(pictures[MATED[0]]), (1000, 1000), interpolation=cv2.INTER_CUBIC)
    canvas[1000:2000, 1500:2500] = face
    return written(canvas, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 92)


def assert_same(one: Samples, other: Samples) -> None:
    """Equal to the last bit, apart from which row they stand in."""
    np.testing.assert_array_equal(one.faces.landmarks_px, other.faces.landmarks_px)
    np.testing.assert_array_equal(one.quality.scalar, other.quality.scalar)
    np.testing.assert_array_equal(one.liveness.live_probability, other.liveness.live_probability)
    np.testing.assert_array_equal(one.embeddings.vectors, other.embeddings.vectors)
    np.testing.assert_array_equal(one.embeddings.status, other.embeddings.status)


class TestVerify:
    def test_matches_a_person_and_nobody_else(self, engine, pictures):
        """Two pictures of one person match; pictures of others do not."""
        selfie = pictures[MATED[0]]
        cards = [pictures[MATED[1]], *(pictures[name] for name in OTHERS)]
        got = engine.verify([selfie] * 4, cards, LENIENT, [30] * 4)
        assert got.decisions.outcome == (Outcome.MATCH, *[Outcome.NO_MATCH] * 3)

    def test_of_nothing_is_empty(self, engine):
        """An empty batch is a batch."""
        assert len(engine.verify([], [], LENIENT)) == 0

    def test_of_a_picture_with_itself_scores_one(self, engine, pictures):
        """Nothing is more like a picture than the picture."""
        files = list(pictures.values())
        got = engine.verify(files, files, LENIENT)
        np.testing.assert_allclose(got.scores.similarity, 1, atol=1e-6)

    def test_is_symmetric_in_its_score(self, engine, pictures):
        """Which of two pictures is called the selfie does not matter to the score."""
        one, other = pictures[MATED[0]], pictures[MATED[1]]
        got = engine.verify([one, other], [other, one], LENIENT)
        assert got.scores.similarity[0] == got.scores.similarity[1]

    def test_keeps_a_failure_in_its_own_row(self, engine, pictures):
        """A broken file is an outcome of its own pair, with a reason."""
        good = pictures[MATED[0]]
        files = [good, good[:1000], b"", good]
        got = engine.verify(files, [good] * 4, LENIENT)
        assert got.decisions.outcome[1:3] == (Outcome.NOT_COMPARED,) * 2
        assert got.decisions.reasons[1] == (Status.CORRUPT_IMAGE.code,)
        assert got.decisions.reasons[2] == (Status.EMPTY_FILE.code,)
        assert {got.decisions.outcome[0], got.decisions.outcome[3]} == {Outcome.MATCH}

    def test_refuses_lists_of_different_length(self, engine, pictures):
        """A selfie without a card is the caller's mistake."""
        with pytest.raises(UsageError, match="cannot pair 1 with 0"):
            engine.verify([pictures[MATED[0]]], [], LENIENT)


class TestJudge:
    def test_decides_as_compare_does(self, engine, pictures):
        """Where a score comes from does not matter; the document lacks the card and no more."""
        selfies = [pictures[MATED[0]], pictures[MATED[0]], b"no picture"]
        cards = [pictures[MATED[1]], pictures[OTHERS[0]], pictures[MATED[1]]]
        verified = engine.verify(selfies, cards, LENIENT, [30, None, 30])
        judged = engine.judge(verified.probes, verified.scores, LENIENT, [30, None, 30])
        for row in range(3):
            want = answer_verification(verified, row, LENIENT)
            got = answer_judgement(judged, row, LENIENT)
            assert got == msgspec.structs.replace(want, card=None)

    def test_names_why_there_is_no_score(self, engine, pictures):
        """A reference that cannot be compared is no outcome of the selfie."""
        probes = engine.extract([pictures[MATED[0]]], Role.SELFIE)
        scores = Scores(
            status=np.array([Status.SCORE_NOT_FINITE], np.uint8),
            similarity=np.array([np.nan], np.float32),
        )
        answer = answer_judgement(engine.judge(probes, scores, LENIENT), 0, LENIENT)
        assert (answer.outcome, answer.score) == (Outcome.NOT_COMPARED, None)
        assert [reason.code for reason in answer.reasons] == [Status.SCORE_NOT_FINITE.code]

    def test_of_nothing_is_empty(self, engine):
        """An empty batch is a batch, and every selfie has a score."""
        nothing = engine.verify([], [], LENIENT)
        assert len(engine.judge(nothing.probes, nothing.scores, LENIENT)) == 0
        with pytest.raises(UsageError, match="cannot pair"):
            engine.judge(engine.extract([b""], Role.SELFIE), nothing.scores, LENIENT)


class TestBatching:
    @pytest.mark.parametrize("batch_size", [1, 2, 5, 6])
    @pytest.mark.parametrize("workers", [1, 3])
    def test_never_changes_a_bit(self, engine, pictures, batch_size, workers):
        """Pictures go through alone, together or side by side with equal results."""
        files = [*pictures.values(), b"no picture"]
        settings = EngineSettings(workers=workers, batch_size=batch_size)
        other = Engine(engine.detector, engine.embedder, engine.pad, settings)
        alone = [engine.extract([file], Role.SELFIE) for file in files]
        assert_same(other.extract(files, Role.SELFIE), Samples.concatenate(alone))

    def test_follows_a_permutation(self, engine, pictures):
        """Row i is picture i, in whatever order they come."""
        files = [*pictures.values(), b"no picture"]
        order = np.random.default_rng(3).permutation(len(files)).tolist()
        got = engine.extract([files[i] for i in order], Role.SELFIE)
        assert_same(got, engine.extract(files, Role.SELFIE).take(order))
        assert got.faces.image_index.tolist() == list(range(len(files)))


class TestInvariance:
    @pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
    def test_to_the_container(self, engine, pictures, suffix):
        """The decision on a picture does not depend on the format that it is kept in."""
        pixels = pixels_of(pictures[MATED[0]])
        options = {".webp": (cv2.IMWRITE_WEBP_QUALITY, 101), ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 95)}
        selfie = written(pixels, suffix, *options.get(suffix, ()))
        cards = [pictures[MATED[1]], pictures[OTHERS[0]]]
        got = engine.verify([selfie] * 2, cards, LENIENT)
        assert got.decisions.outcome == (Outcome.MATCH, Outcome.NO_MATCH)

    @pytest.mark.parametrize("turns", [1, 2, 3])
    def test_to_a_picture_that_lies_on_its_side(self, engine, pictures, turns):
        """A picture turned by quarters is righted, and its owner is still known."""
        turned = written(quarter_turn(pixels_of(pictures[MATED[0]]), turns), ".png")
        cards = [pictures[MATED[1]], pictures[OTHERS[0]]]
        got = engine.verify([turned] * 2, cards, LENIENT)
        assert got.decisions.outcome == (Outcome.MATCH, Outcome.NO_MATCH)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_to_the_exif_orientation(self, engine, pictures, orientation):
        """A phone may keep its pixels as it likes if it says how they stand."""
        image_module = pytest.importorskip("PIL.Image")
        undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # PIL's transposes, each its own inverse
        picture = image_module.open(io.BytesIO(pictures[MATED[0]]))
        if orientation in undo:
            picture = picture.transpose(undo[orientation])
        exif = image_module.Exif()
        exif[0x0112] = orientation
        stored = io.BytesIO()
        picture.save(stored, "JPEG", quality=95, exif=exif)
        cards = [pictures[MATED[1]], pictures[OTHERS[0]]]
        got = engine.verify([stored.getvalue()] * 2, cards, LENIENT)
        assert got.decisions.outcome == (Outcome.MATCH, Outcome.NO_MATCH)
        assert got.probes.images.native_wh[0].tolist() == [250, 250]


class TestLargePictures:
    def test_are_never_decoded_in_full_where_less_serves(self, engine, large):
        """The reduction is as strong as the face allows."""
        got = engine.extract([large], Role.SELFIE)
        assert got.images.scale[0] < 1
        eyes_px = got.faces.inter_eye_px[0]
        assert eyes_px >= engine.settings.fine_inter_eye_px
        assert eyes_px / 2 < engine.settings.fine_inter_eye_px

    def test_keep_their_identity(self, engine, large, pictures):
        """Reduction while decoding does not cost the match."""
        got = engine.verify([large], [pictures[MATED[1]]], LENIENT)
        assert got.decisions.outcome == (Outcome.MATCH,)

    def test_report_places_in_native_pixels(self, engine, large):
        """Boxes times the scale lie where the face was pasted."""
        got = engine.extract([large], Role.SELFIE)
        x0, y0, x1, y1 = got.faces.xyxy_px[0] / got.images.scale[0]
        assert 1500 < x0 < x1 < 2500
        assert 1000 < y0 < y1 < 2000


class TestEnrol:
    def test_gives_templates_that_need_no_renewal(self, engine, pictures):
        """A fresh template is of the current model; a failed picture has none."""
        template, nothing = engine.enrol([pictures[MATED[0]], b"no picture"])
        assert not engine.needs_reenrol(template)
        assert nothing == b""
