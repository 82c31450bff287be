"""The unified quality score: the embedding's length on the scale of ordinary portraits."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.engine import Engine
from fvs.errors import UsageError
from fvs.manifest import ModelManifest, RecognisabilityScale, read_toml, to_toml
from fvs.packs import list_manifests, shipped_models_dir
from fvs.quality import QualityPolicy
from fvs.recognisability import (
    UNIFIED_QUALITY_SCORE,
    grade_recognisability,
    raw_grades,
    unified_quality_scores,
)
from fvs.records import Quality
from fvs.status import Role, Status
from tests.faces import YUNET
from tests.records import embeddings
from tests.tiny_onnx import DIMENSION, manifest_of

SCALE = RecognisabilityScale(raw=(0, 10, 20, 40), score=(0, 1, 50, 100), measured_on="a test")


def of_lengths(norms, status=None):
    """Embeddings that had these lengths."""
    made = embeddings(np.ones((len(norms), 3)), status)
    return replace(made, norm=np.array(norms, np.float32))


@pytest.fixture
def manifests_with_scale():
    """Shipped embedders that have a scale; there is one at least."""
    every = list_manifests(shipped_models_dir()).values()
    scaled = [manifest for manifest in every if manifest.recognisability is not None]
    assert scaled
    return scaled


def quality(n):
    """Quality of N captures with one component."""
    return Quality(
        status=np.zeros(n, np.uint8),
        image_index=np.arange(n),
        components=("sharpness",),
        raw=np.full((n, 1), 0.5, np.float32),
        scalar=np.full((n, 1), 70.0, np.float32),
        refused=np.zeros((n, 1), np.bool_),
    )


class TestScores:
    @pytest.mark.parametrize(
        ("norms", "expected"),
        [
            ([], []),
            ([0, 10, 20, 40], [0, 1, 50, 100]),
            ([5, 15, 30], [0.5, 25.5, 75]),
            ([1e9], [100]),
        ],
        ids=["nothing", "anchors", "between", "beyond"],
    )
    def test_lie_on_the_scale(self, norms, expected):
        """Anchors have their scores, lengths between are linear, lengths beyond stay at the end."""
        got = unified_quality_scores(of_lengths(norms), SCALE)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=1e-6)

    def test_are_not_given_where_there_is_no_embedding(self):
        """A row that failed, or whose length a template did not keep, has no grade."""
        failed = of_lengths([20, 20, np.nan], [Status.OK, Status.NO_FACE, Status.OK])
        np.testing.assert_array_equal(unified_quality_scores(failed, SCALE), [50, np.nan, np.nan])

    def test_read_out_the_direction_too(self):
        """Where a scale has a direction, the unit vector's component along it counts."""
        faces = replace(
            embeddings(np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0]])),
            norm=np.full(3, 20, np.float32),
        )
        scale = RecognisabilityScale(
            raw=SCALE.raw, score=SCALE.score, direction=(10, 0, 0), measured_on="a test"
        )
        np.testing.assert_allclose(raw_grades(faces, scale), [30, 10, 20])
        np.testing.assert_allclose(unified_quality_scores(faces, scale), [75, 1, 50])

    def test_are_not_given_by_an_embedder_without_a_scale(self):
        """Lengths of an embedder whose portraits nobody measured mean nothing."""
        assert np.isnan(unified_quality_scores(of_lengths([20, 30]), None)).all()

    @given(norms=st.lists(st.floats(0, 100, width=32), max_size=20))
    def test_rise_with_the_length_row_by_row(self, norms):
        """A batch is its rows, and a longer vector is never graded lower."""
        together = unified_quality_scores(of_lengths(norms), SCALE)
        alone = [unified_quality_scores(of_lengths([norm]), SCALE)[0] for norm in norms]
        np.testing.assert_array_equal(together, np.array(alone, np.float32))
        assert together.shape == (len(norms),)
        assert (np.diff(together[np.argsort(norms)]) >= 0).all()
        assert ((together >= 0) & (together <= 100)).all()


class TestScale:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"raw": (1, 2, 3)}, "as many raw"),
            ({"raw": (1,), "score": (1,)}, "at least two"),
            ({"raw": (2, 1)}, "ascend"),
            ({"score": (50, 50)}, "ascend"),
            ({"score": (0, 101)}, "0..100"),
            ({"score": (-1, 100)}, "0..100"),
            ({"raw": (1, float("inf"))}, "finite"),
            ({"direction": (float("nan"),)}, "finite"),
        ],
    )
    def test_refuses_itself_where_it_could_mislead(self, fields, words):
        """A better face must never be worth less, and a score lies in 0..100."""
        good = {"raw": (1, 2), "score": (0, 100), "measured_on": "a test"}
        with pytest.raises(ValueError, match=words):
            RecognisabilityScale(**(good | fields))

    @pytest.mark.parametrize("length", [1, DIMENSION + 1])
    def test_refuses_a_direction_of_another_length(self, length):
        """The direction must fit the vectors."""
        scale = RecognisabilityScale(
            raw=(1, 2), score=(0, 100), direction=(1.0,) * length, measured_on="a test"
        )
        with pytest.raises(ValueError, match="direction"):
            manifest_of(b"weights", recognisability=scale)

    def test_is_for_embedders_only(self):
        """A detector grades no faces."""
        with pytest.raises(ValueError, match="embedder"):
            manifest_of(b"weights", task="detect", embed=None, detect=YUNET, recognisability=SCALE)

    def test_survives_being_written(self, tmp_path):
        """What `to_toml` writes is read back equal."""
        manifest = manifest_of(b"weights", recognisability=SCALE)
        (tmp_path / "model.toml").write_text(to_toml(manifest))
        assert read_toml(tmp_path / "model.toml", ModelManifest) == manifest


class TestGrade:
    def test_adds_a_component_that_refuses_nobody(self):
        """What was assessed stays; the length is the raw value."""
        got = grade_recognisability(quality(2), of_lengths([0, 20]), SCALE)
        assert got.components == ("sharpness", UNIFIED_QUALITY_SCORE)
        np.testing.assert_array_equal(got.scalar, [[70, 0], [70, 50]])
        np.testing.assert_array_equal(got.raw, np.array([[0.5, 0], [0.5, 20]], np.float32))
        assert not got.refused.any()
        assert got.ok.all()

    def test_of_nothing_is_empty(self):
        """An empty batch has the component too."""
        got = grade_recognisability(quality(0), of_lengths([]), SCALE)
        assert got.scalar.shape == (0, 2)

    def test_stands_as_not_assessed_without_a_scale(self):
        """The columns are the same for every embedder; the raw length needs no scale."""
        got = grade_recognisability(quality(1), of_lengths([20]), None)
        assert np.isnan(got.scalar[0, 1])
        assert got.raw[0, 1] == 20

    def test_refuses_rows_of_other_pictures(self):
        """A grade must not land on another picture."""
        with pytest.raises(UsageError, match="same pictures"):
            grade_recognisability(quality(2), of_lengths([20]), SCALE)

    def test_has_no_minimum_in_any_policy(self):
        """It is reported and refuses nobody, whatever the policy."""
        assert QualityPolicy.for_selfie().minimum(UNIFIED_QUALITY_SCORE) == 0


def test_shipped_scales_reach_from_ruined_to_best_about_the_median(manifests_with_scale):
    """0 is a ruined crop, 50 the median portrait, 100 the best one."""
    for manifest in manifests_with_scale:
        score = manifest.recognisability.score
        assert (score[0], score[-1]) == (0, 100)
        assert 50 in score


def test_real_faces_are_graded_below_when_ruined(reference_pack, mated):
    """The engine fills the component, and blur lowers it."""
    engine = Engine.from_pack(reference_pack)
    sharp = cv2.imread(str(mated[0]))
    blurred = cv2.imencode(".png", cv2.GaussianBlur(sharp, (0, 0), 4))[1].tobytes()
    got = engine.extract([mated[0].read_bytes(), blurred, b"no picture"], Role.SELFIE).quality
    assert got.components[-1] == UNIFIED_QUALITY_SCORE
    assert 100 >= got.scalar[0, -1] > got.scalar[1, -1] + 5
    assert np.isnan(got.scalar[2, -1])
