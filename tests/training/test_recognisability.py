"""The recognisability scale: crops ruined on purpose, and what is read out of their vectors."""

from dataclasses import replace

import numpy as np
import pytest

from fvs.errors import UsageError
from tests.records import embeddings
from tests.unit.test_template import model
from training.embedder.prepare import inner
from training.recognisability.measure import as_aligned, scale_of
from training.recognisability.readout import Views, fit_direction, recovered, survival
from training.recognisability.ruin import RUINS, ruined, ruined_views

DIMENSION = 16


def crops(n):
    """Smooth pictures, all different."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (n, 8, 8, 3))
    return np.repeat(np.repeat(coarse, 16, axis=1), 16, axis=2).astype(np.uint8)


def made_views(pictures, *, seed=0):
    """Vectors that lean along the first axis, and get no shorter, as faces are ruined.

    Along the second axis half of the people differ from the others, which is no matter of quality.
    """
    rng = np.random.default_rng(seed)
    identity = rng.normal(size=(pictures, 1, DIMENSION))
    identity[..., 1] += 4 * (np.arange(pictures) % 2)[:, None]
    severity = np.concatenate([np.zeros((pictures, 1)), rng.random((pictures, 4))], axis=1)
    vectors = identity * (1 - severity[..., None])
    vectors += severity[..., None] * rng.normal(size=vectors.shape)
    vectors[..., 0] = 6 * severity
    unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    return Views(unit, 20 + rng.normal(size=severity.shape)), severity


class TestRuin:
    def test_of_nothing_is_empty(self):
        """An empty batch is a batch."""
        assert ruined_views(crops(0), 3, np.random.default_rng(0)).shape == (0, 4, 128, 128, 3)

    def test_keeps_the_first_view_clean_and_changes_the_others(self):
        """What a ruined view is compared with is the crop itself."""
        clean = crops(8)
        views = ruined_views(clean, 3, np.random.default_rng(0))
        np.testing.assert_array_equal(views[:, 0], clean)
        assert (views[:, 1:] != clean[:, None]).any(axis=(2, 3, 4)).mean() > 0.9

    def test_is_the_same_for_the_same_draws(self):
        """A scale can be measured again."""
        one, other = (ruined(crops(1)[0], np.random.default_rng(7)) for _ in range(2))
        np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("ruin", RUINS, ids=lambda ruin: ruin.__name__)
    def test_does_more_the_more_severe(self, ruin):
        """Each kind goes from hardly visible to grave, and never leaves its size or type."""
        crop = crops(1)[0]
        mild, grave = (ruin(crop, severity, np.random.default_rng(5)) for severity in (0.05, 1.0))
        assert mild.shape == grave.shape == crop.shape
        assert mild.dtype == grave.dtype == np.uint8
        harm = [np.abs(view.astype(int) - crop).mean() for view in (mild, grave)]
        assert harm[1] > max(harm[0], 5)


class TestReadout:
    def test_survival_is_the_cosine_with_the_clean_view(self):
        """Counted one by one; the clean view survives whole."""
        views, _ = made_views(3)
        got = survival(views)
        assert got[1, 2] == pytest.approx(views.unit[1, 2] @ views.unit[1, 0])
        np.testing.assert_allclose(got[:, 0], 1)

    def test_finds_the_direction_of_ruin(self):
        """The first axis tells ruin, downwards; the second tells people apart and must not."""
        direction = fit_direction(made_views(400)[0])
        assert np.argmax(np.abs(direction)) == 0
        assert direction[0] < 0
        assert abs(direction[1]) < abs(direction[0]) / 10

    def test_weighs_half_of_the_length(self):
        """The read-out's deviation over all views is half of that of the length."""
        views, _ = made_views(400)
        direction = fit_direction(views)
        assert (views.unit @ direction).std() == pytest.approx(views.norm.std() / 2)

    def test_tells_failures_where_the_length_does_not(self):
        """On other pictures than those it was fitted on; lengths here are noise."""
        direction = fit_direction(made_views(400)[0])
        views, severity = made_views(200, seed=1)
        alone = recovered(views, views.raw(np.zeros(DIMENSION)), 1e-3)
        assert abs(alone) < 0.1
        assert recovered(views, views.raw(direction), 1e-3) > alone + 0.1
        assert recovered(views, -severity, 1e-3) > 0.5


class TestMeasure:
    def test_shows_arcface_embedders_the_middle_of_a_crop(self):
        """The margin is cut away, and no pixel is resampled."""
        manifest = model()
        assert manifest.embed.alignment == "arcface"
        got = as_aligned(crops(2), manifest)
        np.testing.assert_array_equal(got.pixels_rgb, inner(crops(2)))

    def test_refuses_what_is_no_embedder(self, reference_pack):
        """A detector has no alignment."""
        with pytest.raises(UsageError, match="no embedder"):
            as_aligned(crops(1), reference_pack.detector.manifest)

    @pytest.mark.parametrize("share", [0.0, 2.0])
    def test_puts_the_median_portrait_at_50(self, share):
        """Half of the portraits that are OK lie below; the direction is kept where there is one."""
        views, _ = made_views(50)
        views = Views(views.unit, views.norm / 10)
        rng = np.random.default_rng(4)
        portraits = replace(
            embeddings(rng.normal(size=(201, DIMENSION)), [0] * 200 + [20]),
            norm=np.append(rng.normal(20, 1, 200), np.nan).astype(np.float32),
        )
        direction = share * np.eye(DIMENSION)[3]
        scale = scale_of(portraits, direction, views)
        raw = (portraits.norm + portraits.vectors @ direction)[:200]
        grades = np.interp(raw, scale.raw, scale.score)
        assert np.mean(grades < 50) == pytest.approx(0.5, abs=0.01)
        assert np.mean(grades < 5) == pytest.approx(0.05, abs=0.01)
        assert len(scale.direction) == (DIMENSION if share else 0)
        assert "200" in scale.measured_on
