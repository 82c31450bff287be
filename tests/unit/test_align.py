"""Rules of alignment, against scikit-image and insightface."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from fvs.align import align_faces, align_for_embedder
from fvs.errors import UsageError
from fvs.geometry import ARCFACE_TEMPLATE_112, FACE_TEMPLATES, similarity_transforms
from fvs.manifest import EmbedHead, PixelInput
from fvs.status import Status
from tests import tiny_onnx
from tests.faces import faces, images
from tests.pictures import scene

coordinates = st.floats(-3000, 3000, width=32)
five_points = st.lists(st.tuples(coordinates, coordinates), min_size=5, max_size=5, unique=True)


def posed_landmarks(n: int, seed: int) -> np.ndarray:
    """The template turned by any angle, scaled 0.5 to 5, shifted, and jittered by 3 px."""
    random = np.random.default_rng(seed)
    angle, scale = random.uniform(0, 2 * np.pi, n), np.exp(random.uniform(-0.7, 1.6, n))
    a = scale * np.exp(1j * angle)
    z = a[:, None] * (ARCFACE_TEMPLATE_112 @ [1, 1j]) + random.uniform(0, 500, (n, 1))
    return np.stack([z.real, z.imag], axis=2) + random.normal(0, 3, (n, 5, 2))


def embedder_manifest(size_px: int | None, alignment: str):
    """The manifest of an embedder that asks for such crops."""
    return tiny_onnx.manifest_of(
        b"weights",
        input=PixelInput(name="pixels", channels="rgb", size_px=size_px),
        embed=EmbedHead(dimension=3, alignment=alignment),
    )


class TestSimilarityTransforms:
    """The closed form."""

    def test_no_faces(self) -> None:
        """Nothing in, nothing out."""
        assert similarity_transforms(np.zeros((0, 5, 2)), ARCFACE_TEMPLATE_112).shape == (0, 2, 3)

    @given(st.integers(0, 2**32 - 1))
    @settings(max_examples=30, deadline=None)
    def test_equals_scikit_image(self, seed: int) -> None:
        """Umeyama's transform by singular value decomposition, to 1e-4 in every entry."""
        source = posed_landmarks(4, seed)
        got = similarity_transforms(source, ARCFACE_TEMPLATE_112)
        for points, matrix in zip(source, got, strict=True):
            oracle = SimilarityTransform.from_estimate(points, ARCFACE_TEMPLATE_112)
            np.testing.assert_allclose(matrix, oracle.params[:2], atol=1e-4)

    @given(five_points)
    @settings(max_examples=50, deadline=None)
    def test_never_a_reflection(self, points: list[tuple[float, float]]) -> None:
        """Whatever the landmarks, the determinant is not negative."""
        matrix = similarity_transforms(np.array([points], np.float64), ARCFACE_TEMPLATE_112)[0]
        assert np.isnan(matrix).all() or np.linalg.det(matrix[:, :2]) >= 0

    def test_template_to_itself(self) -> None:
        """Landmarks already in place are left there."""
        got = similarity_transforms(ARCFACE_TEMPLATE_112[None], ARCFACE_TEMPLATE_112)
        np.testing.assert_allclose(got[0], [[1, 0, 0], [0, 1, 0]], atol=1e-12)

    @pytest.mark.parametrize("value", [0.0, 7.5, np.nan, np.inf, -np.inf])
    def test_degenerate_landmarks(self, value: float) -> None:
        """Points in one place, or nowhere, have no similarity, and spoil no other row."""
        source = np.concatenate([np.full((1, 5, 2), value), ARCFACE_TEMPLATE_112[None]])
        got = similarity_transforms(source, ARCFACE_TEMPLATE_112)
        assert np.isnan(got[0]).all()
        assert np.isfinite(got[1]).all()


class TestAlignFaces:
    """Crops."""

    def test_empty_batch(self) -> None:
        """No faces, no crops."""
        assert align_faces(images([]), faces([])).pixels_rgb.shape == (0, 112, 112, 3)

    @pytest.mark.parametrize("size_px", [112, 224])
    @pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")
    def test_equals_insightface(self, size_px: int) -> None:
        """The crop that embedders were trained on, to one grey level."""
        face_align = pytest.importorskip("insightface.utils.face_align")
        face = faces([[60, 40, 160, 170]])
        face.landmarks_px[:] = posed_landmarks(1, 3) / 2
        picture = scene(400, 300)
        crop = align_faces(images([picture]), face, size_px).pixels_rgb[0]
        oracle = face_align.norm_crop(picture, face.landmarks_px[0], size_px)
        assert np.abs(crop.astype(int) - oracle).max() <= 1
        assert crop.std() > 10

    def test_any_number_of_faces_per_picture(self) -> None:
        """Each crop comes from the picture that its row names."""
        pictures = images([scene(300, 200, 0), None, scene(300, 200, 1)])
        rows = faces([[30, 30, 90, 110]] * 3, [2, 0, 2])
        crops = align_faces(pictures, rows)
        assert crops.image_index.tolist() == [2, 0, 2]
        np.testing.assert_array_equal(crops.pixels_rgb[0], crops.pixels_rgb[2])
        assert (crops.pixels_rgb[0] != crops.pixels_rgb[1]).any()

    def test_failed_rows_stay_failed(self) -> None:
        """An earlier status stays, with a black crop; unusable landmarks are NO_FACE."""
        rows = faces([[30, 30, 90, 110], [5, 5, 5, 5], [np.nan] * 4, [30, 30, 90, 110]])
        rows.status[3] = Status.SEVERAL_FACES
        crops = align_faces(images([scene()]), rows)
        assert crops.status.tolist() == [
            Status.OK,
            Status.NO_FACE,
            Status.NO_FACE,
            Status.SEVERAL_FACES,
        ]
        assert not crops.pixels_rgb[1:].any()

    def test_far_outside_is_black(self) -> None:
        """Landmarks beyond the picture give an empty crop, not a crash."""
        crops = align_faces(images([scene()]), faces([[9e5, 9e5, 9.1e5, 9.1e5]]))
        assert not crops.pixels_rgb.any()

    def test_face_in_a_picture_that_could_not_be_read(self) -> None:
        """Records that contradict each other are the caller's mistake."""
        with pytest.raises(UsageError, match="face 0 is OK"):
            align_faces(images([None]), faces([[0, 0, 9, 9]]))


class TestAlignForEmbedder:
    """Crops as an embedder's manifest asks for them."""

    def test_standard_crops_are_not_made_twice(self) -> None:
        """An embedder that wants what quality is judged on gets that very record."""
        pictures, rows = images([scene()]), faces([[30, 30, 90, 110]])
        standard = align_faces(pictures, rows)
        manifest = embedder_manifest(size_px=112, alignment="arcface")
        assert align_for_embedder(pictures, rows, standard, manifest) is standard

    @pytest.mark.parametrize(
        ("size_px", "alignment"), [(150, "dlib"), (112, "dlib"), (224, "arcface")]
    )
    def test_landmarks_land_on_the_template(self, size_px: int, alignment: str) -> None:
        """Whatever the size, the face lies where the manifest's template says."""
        rows = faces([[30, 30, 90, 110]])
        rows.landmarks_px[0] = FACE_TEMPLATES[alignment] * 80 + 25
        pictures = images([scene()])
        manifest = embedder_manifest(size_px=size_px, alignment=alignment)
        crops = align_for_embedder(pictures, rows, align_faces(pictures, rows), manifest)
        assert crops.pixels_rgb.shape == (1, size_px, size_px, 3)
        turn, shift = crops.picture_to_crop[0, :, :2], crops.picture_to_crop[0, :, 2]
        landed = rows.landmarks_px[0] @ turn.T + shift
        np.testing.assert_allclose(landed, FACE_TEMPLATES[alignment] * size_px, atol=1e-3)

    def test_not_an_embedder(self) -> None:
        """A manifest that asks for no crop is the caller's mistake."""
        pictures, rows = images([scene()]), faces([[30, 30, 90, 110]])
        manifest = embedder_manifest(size_px=None, alignment="dlib")
        with pytest.raises(UsageError, match="states its input size"):
            align_for_embedder(pictures, rows, align_faces(pictures, rows), manifest)
