"""`model.toml`: what is refused, and that what is written reads back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import ManifestError
from fvs.manifest import Licence, ModelManifest, load_manifest, read_toml, to_toml
from fvs.packs import list_manifests, shipped_models_dir
from tests import tiny_onnx

SHIPPED = list_manifests(shipped_models_dir())


def save(folder, text, model_id="embed-tiny-202611"):
    """Write a manifest where `load_manifest` looks for it."""
    (folder / model_id).mkdir()
    (folder / model_id / "model.toml").write_text(text, encoding="utf-8")
    return folder / model_id


class TestLoad:
    """Reading a manifest."""

    def test_round_trip(self, tmp_path):
        """What `to_toml` writes, `load_manifest` reads back as an equal manifest."""
        manifest = tiny_onnx.manifest_of(b"x")
        assert load_manifest(save(tmp_path, to_toml(manifest))) == manifest

    @pytest.mark.parametrize("model_id", sorted(SHIPPED))
    def test_shipped_round_trip(self, tmp_path, model_id):
        """Every shipped manifest survives being written and read."""
        folder = save(tmp_path, to_toml(SHIPPED[model_id]), model_id)
        assert load_manifest(folder) == SHIPPED[model_id]

    @given(notice=st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
    def test_any_text_round_trips(self, tmp_path_factory, notice):
        """Quotes, control characters and Thai in a notice are kept as they are."""
        licence = Licence(spdx="X", commercial_use=False, notice=notice)
        manifest = tiny_onnx.manifest_of(b"x", licence=licence)
        folder = save(tmp_path_factory.mktemp("m"), to_toml(manifest))
        assert load_manifest(folder).licence.notice == notice

    def test_missing_file(self, tmp_path):
        """A folder without a manifest is an error that names the path."""
        with pytest.raises(ManifestError, match=r"cannot read .*model\.toml"):
            load_manifest(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"[", b"id = 1", b"\xff\xfe", b"\x00" * 99])
    def test_no_manifest(self, tmp_path, content):
        """Whatever is no manifest is a ManifestError and nothing else."""
        path = tmp_path / "model.toml"
        path.write_bytes(content)
        with pytest.raises(ManifestError, match=r"model\.toml"):
            read_toml(path, ModelManifest)

    def test_folder_name(self, tmp_path):
        """A folder is named after its model, so that a copied folder cannot pose as another."""
        text = to_toml(tiny_onnx.manifest_of(b"x"))
        with pytest.raises(ManifestError, match="'embed-tiny-202611'"):
            load_manifest(save(tmp_path, text, "embed-other-202611"))

    def test_misspelt_key(self, tmp_path):
        """A misspelt key is an error that names it."""
        text = to_toml(tiny_onnx.manifest_of(b"x")).replace("size_px", "size_pix")
        with pytest.raises(ManifestError, match=r"size_pix.*\$\.input"):
            load_manifest(save(tmp_path, text))


class TestRules:
    """Manifests that contradict themselves."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sha256", "abc"),
            ("sha256", "A" * 64),
            ("sha256", "a" * 64 + "\n"),
            ("size_bytes", 0),
            ("file", ".."),
            ("file", "../up.onnx"),
            ("file", "a/b.onnx"),
            ("file", ""),
            ("file", ".hidden"),
            ("file", "a.onnx\n"),
            ("id", "../up"),
            ("id", ""),
            ("task", "guess"),
            ("task", "detect"),
            ("embed", None),
            ("embed", {"dimension": 0, "alignment": "arcface"}),
            ("input", {"name": "x", "channels": "grey"}),
            ("input", {"name": "x", "channels": "rgb", "std": [1, 0, 1]}),
            ("input", {"name": "x", "channels": "rgb", "std": [1, -1, 1]}),
            ("input", {"name": "x", "channels": "rgb", "size_px": 0}),
            ("pad", {"box_scale": 1.0, "classes": ["live"], "output": "y"}),
            ("provenance", {"source": "", "commit": "", "trained_on": "", "url": "file:///etc"}),
            ("provenance", {"source": "", "commit": "", "trained_on": "", "url": "ftp://x/y"}),
            ("provenance", {"source": "", "commit": "", "trained_on": "", "archive_member": "x"}),
        ],
    )
    def test_refused(self, field, value):
        """Each of these is wrong in one field, and refused."""
        good = msgspec.to_builtins(tiny_onnx.manifest_of(b"x"))
        assert msgspec.convert(good, ModelManifest)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(good | {field: value}, ModelManifest)

    def test_infinite_numbers(self):
        """Infinity and NaN are no means and no deviations."""
        good = msgspec.to_builtins(tiny_onnx.manifest_of(b"x"))
        for key in ("mean", "std"):
            for value in (float("inf"), float("nan")):
                pixels = good["input"] | {key: [value, 1.0, 1.0]}
                with pytest.raises(msgspec.ValidationError):
                    msgspec.convert(good | {"input": pixels}, ModelManifest)

    @pytest.mark.parametrize("classes", [[], ["print"], ["live", "live"]])
    def test_pad_needs_one_live_class(self, classes):
        """A PAD network has exactly one class that is live."""
        good = msgspec.to_builtins(SHIPPED["pad-minifasnet-v2-202008"])
        with pytest.raises(msgspec.ValidationError, match="live"):
            msgspec.convert(good | {"pad": good["pad"] | {"classes": classes}}, ModelManifest)


class TestShipped:
    """The manifests of this repository."""

    def test_urls_are_pinned(self):
        """A url names the commit or release of its manifest, never a moving branch."""
        for manifest in SHIPPED.values():
            provenance = manifest.provenance
            if provenance.url:
                assert provenance.url.startswith("https://")
                assert f"/{provenance.commit}/" in provenance.url

    def test_hashes_differ(self):
        """No two manifests claim the same file."""
        assert len({m.sha256 for m in SHIPPED.values()}) == len(SHIPPED)

    def test_names_say_the_task(self):
        """A model's folder begins with its task and ends with a month."""
        for model_id, manifest in SHIPPED.items():
            assert model_id.startswith(f"{manifest.task}-")
            assert 201001 <= int(model_id.rpartition("-")[2]) <= 203012

    def test_one_archive_one_identity(self):
        """Models that share an archive agree on its hash and size."""
        archives = {
            (p.url, p.archive_sha256, p.archive_size_bytes)
            for p in (m.provenance for m in SHIPPED.values())
            if p.archive_member
        }
        assert len(archives) == len({url for url, _, _ in archives}) == 3
