"""Operating points: a threshold file that cannot lie about itself."""

import msgspec
import pytest

from fvs.errors import ManifestError, UsageError
from fvs.operating_points import OperatingPoints, load_operating_points
from fvs.packs import shipped_models_dir


@pytest.fixture
def document() -> dict:
    """The reference pack's file as plain data, to be spoilt."""
    path = shipped_models_dir() / "packs" / "reference" / "operating_points.json"
    return msgspec.json.decode(path.read_bytes())


def loaded(document: dict, tmp_path) -> OperatingPoints:
    """Written and read back."""
    path = tmp_path / "operating_points.json"
    path.write_bytes(msgspec.json.encode(document))
    return load_operating_points(path)


class TestLoad:
    @pytest.mark.parametrize("threshold", [-5, -1, 1, 5])
    def test_refuses_a_threshold_that_decides_nothing(self, document, tmp_path, threshold):
        """A threshold that every score or none reaches is a mistake."""
        document["points"][0]["threshold"] = threshold
        with pytest.raises(ManifestError, match="threshold must lie between"):
            loaded(document, tmp_path)

    @pytest.mark.parametrize("target", [0, 1, 2])
    def test_refuses_a_target_that_is_no_rate(self, document, tmp_path, target):
        """A target lies strictly between 0 and 1."""
        document["points"][0]["target_fmr"] = target
        with pytest.raises(ManifestError, match="target_fmr"):
            loaded(document, tmp_path)

    def test_refuses_a_pad_threshold_that_is_no_probability(self, document, tmp_path):
        """A negative live probability would pass every attack."""
        document["pad"]["threshold"] = -1
        with pytest.raises(ManifestError, match="pad threshold"):
            loaded(document, tmp_path)

    def test_refuses_a_threshold_for_a_band_that_is_not_held(self, document, tmp_path):
        """Status and threshold of a band cannot contradict each other."""
        bands = [band for point in document["points"] for band in point["bands"]]
        refused = next(band for band in bands if band["status"] == "not_supported")
        refused["threshold"] = 0.5
        with pytest.raises(ManifestError, match="goes with `held`"):
            loaded(document, tmp_path)

    def test_refuses_a_misspelt_key(self, document, tmp_path):
        """Nothing in the file is ignored."""
        document["treshold"] = 0.5
        with pytest.raises(ManifestError, match="treshold"):
            loaded(document, tmp_path)

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"pack": "\xff"}'])
    def test_of_garbage_is_a_clear_error(self, tmp_path, content):
        """A damaged file is the deployer's mistake, told without a traceback."""
        path = tmp_path / "operating_points.json"
        path.write_bytes(content)
        with pytest.raises(ManifestError, match=r"operating_points\.json"):
            load_operating_points(path)


class TestAt:
    def test_finds_a_target_that_rounding_has_parted(self, document, tmp_path):
        """0.1 ** 3 and 1e-3 are one target."""
        assert loaded(document, tmp_path).at(0.1**3).target_fmr == 1e-3

    def test_lists_the_targets_there_are(self, document, tmp_path):
        """Who asks for another one is told what there is, and why not."""
        with pytest.raises(UsageError, match=r"no operating point for FMR 0\.5") as error:
            loaded(document, tmp_path).at(0.5)
        assert "0.001" in error.value.advice


class TestRequireModels:
    @pytest.mark.parametrize("key", ["detector_sha256", "embedder_sha256"])
    def test_refuses_other_weights(self, document, tmp_path, reference_pack, key):
        """Points measured with other weights say nothing about these."""
        document[key] = "ab" * 32
        with pytest.raises(ManifestError, match="other weights"):
            loaded(document, tmp_path).require_models(reference_pack)

    def test_refuses_a_pad_pack_without_a_pad_point(self, document, tmp_path, reference_pack):
        """Dropping the PAD point from the file must not drop PAD."""
        document["pad"] = None
        with pytest.raises(ManifestError, match="no PAD point"):
            loaded(document, tmp_path).require_models(reference_pack)
