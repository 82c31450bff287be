"""Packs: found files, named lacks, and a README that cannot go stale."""

import shutil

import pytest

from fvs.errors import ManifestError, ModelNotFoundError
from fvs.manifest import to_toml
from fvs.model_store import models_table, read_catalogue
from fvs.packs import (
    PackSpec,
    find_weights,
    list_manifests,
    list_packs,
    load_pack,
    shipped_models_dir,
)
from tests import tiny_onnx

SHIPPED = shipped_models_dir()
NON_COMMERCIAL = {"antelopev2", "buffalo_l", "buffalo_s", "dlib", "own", "standard"}


@pytest.fixture
def models_dir(tmp_path):
    """A copy of the shipped manifests that a test may spoil."""
    return shutil.copytree(SHIPPED, tmp_path / "models")


class TestShipped:
    """The packs of this repository."""

    def test_every_model_is_described(self):
        """Every model of every pack has a manifest, and every manifest is in a pack."""
        used = {model_id for spec in list_packs(SHIPPED).values() for model_id in spec.model_ids}
        assert used == set(list_manifests(SHIPPED))

    def test_licences(self):
        """Packs of InsightFace, and those with weights trained here, forbid commercial use."""
        manifests = list_manifests(SHIPPED)
        forbidding = {
            name
            for name, spec in list_packs(SHIPPED).items()
            if not all(manifests[m].licence.commercial_use for m in spec.model_ids)
        }
        assert forbidding == NON_COMMERCIAL

    def test_readme_is_fresh(self):
        """The table in models/README.md is what the manifests say today."""
        readme = SHIPPED.joinpath("README.md").read_text(encoding="utf-8")
        table = readme.partition("-->\n")[2].partition("<!-- models:end -->")[0]
        fresh = models_table(read_catalogue([SHIPPED], []))
        assert table == fresh, "run `fvs models list --markdown` and paste it between the markers"

    def test_reference_is_complete(self, reference_pack):
        """The reference pack's files lie in the shared folder, PAD networks in pack order."""
        assert reference_pack.detector.manifest.task == "detect"
        assert reference_pack.embedder.manifest.task == "embed"
        assert [files.manifest.pad.box_scale for files in reference_pack.pad] == [2.7, 4.0]


class TestFindWeights:
    """Where a file is looked for."""

    def test_order(self, tmp_path):
        """Beside the manifest first, then folder by folder, in the model's own folder first."""
        manifest = tiny_onnx.manifest_of(b"x")
        dirs = [tmp_path / "a", tmp_path / "b"]
        assert find_weights(manifest, tmp_path / "m", dirs) is None
        places = [
            tmp_path / "b",
            tmp_path / "b" / manifest.id,
            tmp_path / "a",
            tmp_path / "a" / manifest.id,
            tmp_path / "m" / manifest.id,
        ]
        for place in places:
            path = tiny_onnx.write(place, b"x")
            assert find_weights(manifest, tmp_path / "m", dirs) == path


class TestLoadPack:
    """Loading a pack by name."""

    def test_unknown_name(self):
        """A name that is no pack's is answered with those that are."""
        with pytest.raises(ModelNotFoundError) as caught:
            load_pack("nope", SHIPPED)
        assert "reference" in caught.value.advice

    def test_missing_files_are_all_named(self, tmp_path):
        """Every missing file is named, where it was looked for, and how to get it."""
        with pytest.raises(ModelNotFoundError) as caught:
            load_pack("buffalo_s", SHIPPED, [tmp_path])
        message = str(caught.value)
        assert "det_500m.onnx, w600k_mbf.onnx" in message
        assert str(tmp_path) in message
        assert "fvs models pull buffalo_s" in caught.value.advice

    def test_says_what_can_be_fetched_and_what_cannot(self, tmp_path):
        """Files without a url need a copy or a mirror; a folder that is not there is named."""
        with pytest.raises(ModelNotFoundError) as caught:
            load_pack("reference", SHIPPED, [tmp_path, tmp_path / "mistyped"])
        assert f"{tmp_path}, {tmp_path / 'mistyped'} (no such folder)" in str(caught.value)
        fetched, _, other = caught.value.advice.partition(" fetches ")[2].partition(".onnx. ")
        assert "mobilefacenet_128d" in fetched
        assert "minifasnet" not in fetched
        assert other.startswith("minifasnet_v2_2.7.onnx, minifasnet_v1se_4.0.onnx: published no")
        assert "--mirror" in other

    def test_wrong_role(self, models_dir):
        """A pack whose detector is an embedder is refused before any file is looked for."""
        spec = PackSpec(
            name="odd", summary="", detector="embed-sface-202112", embedder="embed-sface-202112"
        )
        (models_dir / "packs" / "odd").mkdir()
        (models_dir / "packs" / "odd" / "pack.toml").write_text(to_toml(spec))
        with pytest.raises(ManifestError, match="wants detect from embed-sface-202112"):
            load_pack("odd", models_dir)

    def test_pack_folder_name(self, models_dir):
        """A pack's folder is named after it."""
        (models_dir / "packs" / "reference").rename(models_dir / "packs" / "copy")
        with pytest.raises(ManifestError, match="'copy' calls itself 'reference'"):
            list_packs(models_dir)

    def test_model_without_manifest(self, models_dir):
        """A pack that names a model without a manifest is a ManifestError."""
        shutil.rmtree(models_dir / "embed-sface-202112")
        with pytest.raises(ManifestError, match="embed-sface-202112"):
            load_pack("opencv-zoo", models_dir)

    def test_empty_folder(self, tmp_path):
        """A folder without manifests has no models and no packs."""
        assert list_manifests(tmp_path) == {}
        assert list_packs(tmp_path) == {}


class TestCatalogue:
    """Manifests of several folders together."""

    def test_first_folder_wins(self, models_dir, tmp_path):
        """A user's folder adds models but cannot replace a shipped manifest."""
        mine = tmp_path / "mine"
        for manifest in (
            tiny_onnx.manifest_of(b"x"),
            tiny_onnx.manifest_of(b"y", id="embed-sface-202112"),
        ):
            folder = mine / manifest.id
            folder.mkdir(parents=True)
            (folder / "model.toml").write_text(to_toml(manifest))
        catalogue = read_catalogue([models_dir, mine], [mine])
        assert catalogue.manifests["embed-sface-202112"].file.startswith("face_recognition")
        assert catalogue.homes["embed-sface-202112"] == models_dir
        assert catalogue.homes["embed-tiny-202611"] == mine

    def test_models_of(self):
        """A pack's name gives its models in order, a model's id that model."""
        catalogue = read_catalogue([SHIPPED], [])
        assert [m.task for m in catalogue.models_of("reference")] == [
            "detect",
            "embed",
            "pad",
            "pad",
        ]
        assert [m.id for m in catalogue.models_of("embed-sface-202112")] == ["embed-sface-202112"]
        with pytest.raises(ModelNotFoundError, match="'nope'"):
            catalogue.models_of("nope")
