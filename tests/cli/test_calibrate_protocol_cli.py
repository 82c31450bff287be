"""`fvs calibrate protocol`: what is printed, written and refused."""

import json
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from fvs.certificates import Certificate
from fvs.certificates.files import read_certificate, signature_path
from fvs.cli import calibrate as command
from fvs.cli import measuring
from fvs.cli.app import app
from fvs.derivation import copies, derivation, extraction
from fvs.derivation.extraction import MeasuredFaces
from fvs.errors import (
    DeploymentError,
    FvsError,
    MissingExtraError,
    ModelNotFoundError,
    UsageError,
)

PEOPLE = 80
CLEANER = "embed-mobilefacenet-202004"


def run(*words):
    """Run `fvs calibrate ...`; errors are raised as `main` would see them."""
    result = CliRunner().invoke(app, ["calibrate", *map(str, words)])
    if isinstance(result.exception, FvsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def by_seed(_engine, files):
    """A stand-in for the engine: the bytes of a picture are the seed of its face."""
    rngs = [np.random.default_rng(int(content)) for content in files]
    vectors = np.array([rng.normal(size=64) for rng in rngs], np.float32).reshape(-1, 64)
    return MeasuredFaces(
        status=np.zeros(len(files), np.uint8),
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        live_probability=np.ones(len(files), np.float32),
        thumbnails=np.array([r.integers(0, 255, (56, 56)) for r in rngs], np.uint8),
    )


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Folders of made-up pictures, and a command that measures them with `by_seed`."""
    for person in range(PEOPLE):
        for picture in range(2):
            path = tmp_path / "lfw" / f"P{person}" / f"{picture}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d" % person)
        (tmp_path / "pool").mkdir(exist_ok=True)
        (tmp_path / "pool" / f"{person}.jpg").write_bytes(b"%d" % (1000 + person))
    rows = [f"{person}.jpg,s,30,male,g" for person in range(PEOPLE)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,source,age,sex,group", *rows]))

    class Engine:
        pad = ()
        detector = settings = None
        embedder = SimpleNamespace(manifest=SimpleNamespace(id=CLEANER, sha256="e"))

    monkeypatch.setattr(command, "open_pack", lambda _: SimpleNamespace(name="made-up"))
    monkeypatch.setattr(command, "open_engine", lambda _: Engine)
    monkeypatch.setattr(copies, "measure_faces", by_seed)
    monkeypatch.setattr(copies, "copies_of", lambda file: (file,))
    monkeypatch.setattr(measuring, "faces_cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(extraction, "measure_faces", by_seed)
    monkeypatch.setattr(extraction, "model_hashes", lambda _: ("d", "e"))
    monkeypatch.setattr(derivation, "model_hashes", lambda _: ("d", "e"))
    return tmp_path


def calibrate(data, *more):
    """Run `protocol` on the made-up pictures."""
    sets = ["--lfw", data / "lfw", "--pool", data / "pool", "--labels", data / "labels.csv"]
    return run("protocol", *sets, "--out", data / "out.json", *more)


class TestProtocol:
    """On made-up pictures."""

    def test_writes_what_it_measured(self, data):
        """The file loads, and its counts are those of the pictures."""
        output = calibrate(data, "--targets", "1e-2,1e-5")
        points = read_certificate(data / "out.json")
        assert points.pack == "made-up"
        assert [point.target_fmr for point in points.points] == [0.01]
        assert list(points.unsupported_targets) == ["1e-05"]
        assert points.pad is None
        assert points.points[0].fnmr.trials == PEOPLE
        assert f"{points.points[0].threshold:.4f}" in output
        assert not signature_path(data / "out.json").exists()
        assert points.issuer == "nobody: not signed"

    @pytest.mark.parametrize(
        ("words", "missing", "by"),
        [
            ((), (), "reference"),
            ((), ("reference",), "made-up"),
            (("--doubles-by", "other"), (), "other"),
        ],
        ids=["by the reference pack", "by itself", "by the pack named"],
    )
    def test_who_finds_the_doubles(self, data, monkeypatch, words, missing, by):
        """The pack named, else the reference pack if it is whole, else the pack itself."""

        def opened(name):
            if name in missing:
                raise ModelNotFoundError(f"pack {name} lacks files")
            return SimpleNamespace(name=name)

        monkeypatch.setattr(command, "open_pack", opened)
        calibrate(data, "--pack", "made-up", *words)
        points = read_certificate(data / "out.json")
        assert points.pack == "made-up"
        assert f"by the scores of pack {by} " in points.method

    def test_a_pack_named_to_find_doubles_must_be_whole(self, data, monkeypatch):
        """What was asked for is not silently done by another."""

        def opened(name):
            if name == "other":
                raise ModelNotFoundError("pack 'other' lacks files")
            return SimpleNamespace(name=name)

        monkeypatch.setattr(command, "open_pack", opened)
        with pytest.raises(ModelNotFoundError, match="other"):
            calibrate(data, "--doubles-by", "other")

    def test_twice_is_the_same(self, data):
        """A second run, from the cache, derives the same points."""
        calibrate(data)
        first = json.loads((data / "out.json").read_text())
        calibrate(data)
        second = json.loads((data / "out.json").read_text())
        assert first["points"] == second["points"]
        assert any((data / "cache").rglob("*.npz"))

    @pytest.mark.parametrize("targets", ["", "1e-3,x", "0", "1", "-1e-3", "nan"])
    def test_impossible_targets(self, data, targets):
        """Targets are rates between 0 and 1."""
        with pytest.raises(UsageError, match="--targets"):
            calibrate(data, "--targets", targets)

    def test_missing_files(self, data):
        """A file that cannot be read or written is named."""
        with pytest.raises(UsageError, match="nowhere"):
            calibrate(data, "--pool", data / "nowhere")
        with pytest.raises(UsageError, match="nowhere"):
            calibrate(data, "--labels", data / "nowhere.csv")
        with pytest.raises(UsageError, match="nowhere"):
            calibrate(data, "--out", data / "nowhere" / "out.json")

    @pytest.mark.parametrize("out", ["nowhere/out.json", "."])
    def test_output_is_checked_before_anything_is_measured(self, data, monkeypatch, out):
        """Hours of work are not thrown away for a misspelt folder."""
        monkeypatch.setattr(command, "open_pack", lambda _: pytest.fail("this is too late"))
        with pytest.raises(UsageError, match="cannot write"):
            calibrate(data, "--out", data / out)

    def test_cache_is_checked_before_anything_is_measured(self, data, monkeypatch):
        """A cache that cannot be used is told with what to do."""
        monkeypatch.setattr(measuring, "faces_cache_dir", lambda: data / "labels.csv" / "faces")
        monkeypatch.setattr(command, "open_pack", lambda _: pytest.fail("this is too late"))
        with pytest.raises(DeploymentError, match="cannot keep faces") as caught:
            calibrate(data)
        assert "XDG_CACHE_HOME" in caught.value.advice

    def test_json_is_the_file(self, data):
        """`--json` prints what was written."""
        printed = msgspec.json.decode(calibrate(data, "--json"), type=Certificate)
        assert printed == read_certificate(data / "out.json")

    def test_without_scipy(self, data, monkeypatch):
        """Without the `eval` extra the command says how to install it."""
        monkeypatch.setitem(__import__("sys").modules, "fvs.derivation", None)
        monkeypatch.delattr("fvs.derivation")
        with pytest.raises(MissingExtraError) as caught:
            calibrate(data)
        assert "[eval]" in caught.value.advice
