"""`fvs models`: what people and programs see, and the exit codes."""

import io
import json
import sys

import pytest

from fvs.cli import main
from fvs.deployment.packs import open_pack, user_models_dir
from fvs.manifest import Licence, to_toml
from tests import loopback, tiny_onnx

CONTENT = tiny_onnx.embedder_bytes()
FORBIDDING = Licence(spdx="LicenseRef-no", commercial_use=False, notice="Not for sale.")
WRONG_USE = 3


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self):
        """Yes."""
        return True


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    """The user's own model folder: empty, and the only one looked at."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("FVS_MODELS", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return user_models_dir()


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A folder in FVS_MODELS that others use too."""
    monkeypatch.setenv("FVS_MODELS", str(tmp_path / "shared"))
    return tmp_path / "shared"


def everything_in(folder):
    """Every path below, and when it was changed."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def tiny(mine):
    """Make a tiny model known, whose file is not there yet."""

    def make(**changes):
        manifest = tiny_onnx.manifest_of(CONTENT, **changes)
        folder = mine / manifest.id
        folder.mkdir(parents=True)
        (folder / "model.toml").write_text(to_toml(manifest))
        return manifest

    return make


@pytest.fixture
def mirror(tmp_path):
    """A folder that holds the tiny model's file."""
    return tiny_onnx.write(tmp_path / "mirror", CONTENT).parent


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `fvs models ...`: exit code, standard output, standard error."""

    def invoke(*words):
        monkeypatch.setattr(sys, "argv", ["fvs", "models", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        written = capsys.readouterr()
        return int(exit_.value.code or 0), written.out, written.err

    return invoke


class TestList:
    """What there is."""

    def test_json(self, run, tiny, mine):
        """Every pack and model is listed with its licence and whether its file is there."""
        tiny()
        code, out, _ = run("list", "--json")
        listing = json.loads(out)
        packs = {pack["name"]: pack for pack in listing["packs"]}
        models = {model["id"]: model for model in listing["models"]}
        assert code == 0
        assert not packs["buffalo_l"]["commercial_use"]
        assert packs["reference"]["commercial_use"]
        assert not packs["reference"]["complete"]
        assert models["embed-tiny-202611"]["path"] is None
        path = tiny_onnx.write(mine, CONTENT)
        models = json.loads(run("list", "--json")[1])["models"]
        assert str(path) in [model["path"] for model in models]

    def test_people(self, run, tiny, mine):
        """People see names, licences, and what is missing."""
        tiny()
        tiny_onnx.write(mine, CONTENT)
        code, out, _ = run("list")
        assert code == 0
        row = next(line for line in out.splitlines() if "embed-tiny-202611" in line)
        assert "Apache-2.0" in row
        assert "missing" not in row
        assert "2 of 2 missing" in next(line for line in out.splitlines() if "buffalo_s" in line)

    def test_markdown(self, run):
        """The table of models/README.md can be printed."""
        code, out, _ = run("list", "--markdown")
        assert code == 0
        assert out.startswith("| model | task |")

    def test_complete(self, run, shared_dir, monkeypatch):
        """Our packs are complete, and with all its files there the reference pack is."""
        monkeypatch.setenv("FVS_MODELS", str(shared_dir / "models"))
        packs = json.loads(run("list", "--json")[1])["packs"]
        assert [pack["name"] for pack in packs if pack["complete"]] == [
            "own",
            "reference",
            "standard",
        ]


class TestShow:
    """One pack or model."""

    def test_pack(self, run):
        """A pack is shown with all its models."""
        code, out, _ = run("show", "buffalo_l", "--json")
        document = json.loads(out)
        assert code == 0
        assert document["pack"]["detector"] == "detect-scrfd10g-202109"
        assert [m["file"] for m in document["models"]] == ["det_10g.onnx", "w600k_r50.onnx"]
        text = run("show", "buffalo_l")[1]
        for model in document["models"]:
            assert model["sha256"] in text

    def test_model(self, run):
        """A model is shown as its whole manifest."""
        document = json.loads(run("show", "embed-sface-202112", "--json")[1])
        assert document["embed"]["dimension"] == 128
        assert 'output = "fc1"' in run("show", "embed-sface-202112")[1]

    def test_unknown(self, run):
        """An unknown name is wrong use, and says where names are."""
        code, _, err = run("show", "nope")
        assert code == WRONG_USE
        assert "'nope'" in err
        assert "fvs models list" in err


class TestVerify:
    """Hashing and opening."""

    def test_nothing_there(self, run, shared, tmp_path, monkeypatch):
        """Nothing is not good: exit code 3, where it was looked for, and what to do."""
        monkeypatch.setattr("fvs.cli.models.shipped_models_dir", lambda: tmp_path)
        code, out, err = run("verify")
        assert (code, out) == (WRONG_USE, "")
        assert "no weight file yet" in err
        assert f"{shared} (no such folder)" in err
        assert "FVS_MODELS" in err
        assert "fvs models pull" in err

    def test_good_then_bad(self, run, tiny, mine):
        """A good file is ok; one flipped byte is exit code 3 and names the model."""
        tiny()
        path = tiny_onnx.write(mine, CONTENT)
        code, out, _ = run("verify")
        assert (code, "ok" in out) == (0, True)
        path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
        code, out, _ = run("verify", "--json")
        bad = [row for row in json.loads(out)["models"] if not row["ok"]]
        assert code == WRONG_USE
        assert [row["id"] for row in bad] == ["embed-tiny-202611"]
        assert "is not the file of" in bad[0]["problem"]

    def test_missing_when_named(self, run):
        """A file that is missing is bad when its pack was asked for."""
        code, out, _ = run("verify", "opencv-zoo")
        assert code == WRONG_USE
        assert "face_recognition_sface_2021dec.onnx is missing" in out

    def test_wrong_network(self, run, mine):
        """A file with the right hash that is no network is bad: it is opened, not only hashed."""
        other = b"no network"
        manifest = tiny_onnx.manifest_of(other)
        (mine / manifest.id).mkdir(parents=True)
        (mine / manifest.id / "model.toml").write_text(to_toml(manifest))
        tiny_onnx.write(mine, other)
        code, out, _ = run("verify")
        assert code == WRONG_USE
        assert "onnxruntime cannot open it" in out

    def test_reference(self, run, shared_dir, monkeypatch):
        """The shared weights are good."""
        monkeypatch.setenv("FVS_MODELS", str(shared_dir / "models"))
        code, out, _ = run("verify", "reference", "--json")
        assert code == 0
        assert [row["ok"] for row in json.loads(out)["models"]] == [True] * 4


class TestImport:
    """Taking files over."""

    def test_twice(self, run, tiny, mine, tmp_path):
        """The first import copies, the second changes nothing; unknown files are named."""
        tiny()
        source = tiny_onnx.write(tmp_path / "s", CONTENT, "any name").parent
        tiny_onnx.write(source, b"?", "other.onnx")
        target = str(mine / "embed-tiny-202611" / "tiny.onnx")
        code, out, _ = run("import", source, "--json")
        assert code == 0
        report = json.loads(out)
        assert report["installed"] == {"embed-tiny-202611": target}
        assert report["ignored"] == ["other.onnx"]
        code, out, _ = run("import", source)
        assert code == 0
        assert f"embed-tiny-202611 is already there, at {target}" in out
        assert "ignored other.onnx" in out
        assert "--adopt" in out

    def test_missing_source(self, run, tmp_path):
        """A source that is not there is wrong use, with advice."""
        code, _, err = run("import", tmp_path / "none")
        assert code == WRONG_USE
        assert "is not there" in err
        assert "Name a folder" in err

    def test_folder_that_cannot_be_written(self, run, tiny, mine, mirror):
        """Trouble with the user's folder is told with what to do, not as a traceback."""
        manifest = tiny()
        (mine / manifest.id / manifest.file).mkdir()
        code, _, err = run("import", mirror)
        assert code == WRONG_USE
        assert "--to" in err

    @pytest.mark.parametrize("place", ["tiny.onnx", "embed-tiny-202611/tiny.onnx"])
    def test_what_the_search_path_holds_is_not_copied(self, run, tiny, mine, shared, place):
        """Importing a folder of FVS_MODELS changes neither it nor one's own."""
        tiny()
        path = tiny_onnx.write((shared / place).parent, CONTENT)
        before = everything_in(shared), everything_in(mine)
        code, out, _ = run("import", shared)
        assert code == 0
        assert f"embed-tiny-202611 is already there, at {path}" in out
        assert (everything_in(shared), everything_in(mine)) == before

    def test_goes_to_ones_own_folder_and_not_to_a_shared_one(self, run, tiny, mine, shared, mirror):
        """Naming a folder in FVS_MODELS asks to read it, not to write there."""
        tiny()
        shared.mkdir()
        assert run("import", mirror)[0] == 0
        assert (mine / "embed-tiny-202611" / "tiny.onnx").read_bytes() == CONTENT
        assert everything_in(shared) == {}

    def test_to_another_folder(self, run, tiny, mine, mirror, tmp_path):
        """--to names the folder, though the file is there already; a second time it is there."""
        tiny()
        tiny_onnx.write(mine, CONTENT)
        target = tmp_path / "to" / "embed-tiny-202611" / "tiny.onnx"
        assert f"to {target}" in run("import", mirror, "--to", tmp_path / "to")[1]
        assert target.read_bytes() == CONTENT
        assert f"already there, at {target}" in run("import", mirror, "--to", tmp_path / "to")[1]

    def test_into_itself(self, run, tiny, tmp_path):
        """A folder is never copied into itself, not even under better names."""
        tiny()
        source = tiny_onnx.write(tmp_path / "s", CONTENT, "any name").parent
        before = everything_in(source)
        code, _, err = run("import", source, "--to", source)
        assert code == WRONG_USE
        assert "is itself the folder" in err
        assert everything_in(source) == before

    def test_hidden_by_a_bad_file(self, run, tiny, mine, shared, mirror):
        """A bad file that comes first on the search path would be used instead: it is named."""
        manifest = tiny()
        bad = tiny_onnx.write(shared, bytes(len(CONTENT)))
        (mine / manifest.id).rename(shared / manifest.id)
        _, _, err = run("import", mirror)
        assert f"{bad} is found first" in err

    def test_adopt(self, run, shared_dir, tmp_path):
        """A folder of InsightFace models becomes a pack that opens by its name."""
        pytest.importorskip("insightface", reason="needs the extra `insightface`")
        folder = tmp_path / "mypack"
        embedder = tiny_onnx.embedder_bytes(side_px=112)
        tiny_onnx.write(folder, embedder, "w600k.onnx")
        detector = (shared_dir / "models" / "scrfd_500m.onnx").read_bytes()
        tiny_onnx.write(folder, detector, "det.onnx")
        code, out, _ = run("import", folder, "--adopt", "--json")
        assert code == 0
        assert json.loads(out)["pack"]["detector"] == "detect-scrfd500m-202109"
        assert open_pack("mypack").embedder.weights.read_bytes() == embedder
        assert run("verify", "mypack")[0] == 0

    def test_adopt_under_a_taken_name(self, run, tmp_path):
        """A folder named as a shipped pack cannot take its place."""
        (tmp_path / "buffalo_l").mkdir()
        code, _, err = run("import", tmp_path / "buffalo_l", "--adopt")
        assert code == WRONG_USE
        assert "'buffalo_l' already" in err


class TestPull:
    """Fetching."""

    def test_mirror(self, run, tiny, mine, mirror):
        """A file comes from the mirror, its licence is shown, and a second pull does nothing."""
        tiny()
        target = mine / "embed-tiny-202611" / "tiny.onnx"
        code, out, err = run("pull", "embed-tiny-202611", "--mirror", mirror, "--json")
        assert code == 0
        assert json.loads(out) == {"models": {"embed-tiny-202611": str(target)}}
        assert "Apache-2.0: Made by a test." in err
        assert target.read_bytes() == CONTENT
        (mirror / "tiny.onnx").unlink()
        code, out, err = run("pull", "embed-tiny-202611", "--mirror", mirror)
        assert (code, err.strip()) == (0, "")
        assert str(target) in out

    def test_server(self, run, tiny, mine, monkeypatch):
        """A mirror may be a server; progress goes to standard error."""
        for name in loopback.PROXY_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        tiny()
        with loopback.serving() as server:
            server.files = {"/tiny.onnx": CONTENT}
            code, _, err = run("pull", "embed-tiny-202611", "--mirror", server.url())
        assert code == 0
        assert "tiny.onnx" in err
        assert (mine / "embed-tiny-202611" / "tiny.onnx").read_bytes() == CONTENT

    def test_wrong_bytes(self, run, tiny, mine, tmp_path):
        """A mirror with another file is refused, and nothing stays."""
        tiny()
        tiny_onnx.write(tmp_path / "m", bytes(len(CONTENT)))
        code, _, err = run("pull", "embed-tiny-202611", "--mirror", tmp_path / "m")
        assert code == WRONG_USE
        assert "other bytes" in err
        assert not (mine / "embed-tiny-202611" / "tiny.onnx").exists()

    def test_goes_to_ones_own_folder_and_not_to_a_shared_one(self, run, tiny, mine, shared, mirror):
        """Naming a folder in FVS_MODELS asks to read it, not to write there."""
        tiny()
        shared.mkdir()
        assert run("pull", "embed-tiny-202611", "--mirror", mirror)[0] == 0
        assert (mine / "embed-tiny-202611" / "tiny.onnx").read_bytes() == CONTENT
        assert everything_in(shared) == {}

    def test_to_another_folder(self, run, tiny, mirror, tmp_path):
        """--to names the folder."""
        tiny()
        target = tmp_path / "to" / "embed-tiny-202611" / "tiny.onnx"
        words = ("embed-tiny-202611", "--mirror", mirror, "--to", tmp_path / "to", "--json")
        assert json.loads(run("pull", *words)[1])["models"] == {"embed-tiny-202611": str(target)}
        assert target.read_bytes() == CONTENT

    def test_unpublished(self, run):
        """A model that is published nowhere says what to do instead."""
        code, _, err = run("pull", "pad-minifasnet-v2-202008")
        assert code == WRONG_USE
        assert "fvs models import" in err

    def test_licence_is_not_accepted_by_silence(self, run, tiny, mine, mirror):
        """Without a person or --yes, a licence without commercial use fetches nothing."""
        tiny(licence=FORBIDDING)
        code, _, err = run("pull", "embed-tiny-202611", "--mirror", mirror)
        assert code == WRONG_USE
        assert "Not for sale." in err
        assert "--yes" in err
        assert not (mine / "embed-tiny-202611" / "tiny.onnx").exists()

    @pytest.mark.parametrize("answer", ["y\n", "n\n"])
    def test_licence_is_asked_for(self, run, tiny, mine, mirror, monkeypatch, answer):
        """A person is asked, and only a yes fetches."""
        tiny(licence=FORBIDDING)
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        code, _, _ = run("pull", "embed-tiny-202611", "--mirror", mirror)
        accepted = answer.startswith("y")
        assert code == (0 if accepted else WRONG_USE)
        assert (mine / "embed-tiny-202611" / "tiny.onnx").exists() == accepted

    def test_licence_with_yes(self, run, tiny, mine, mirror):
        """--yes accepts beforehand."""
        tiny(licence=FORBIDDING)
        assert run("pull", "embed-tiny-202611", "--mirror", mirror, "--yes")[0] == 0
        assert (mine / "embed-tiny-202611" / "tiny.onnx").exists()

    def test_unknown(self, run):
        """An unknown name is wrong use."""
        assert run("pull", "nope")[0] == WRONG_USE

    def test_bad_mirror(self, run, tiny):
        """A mirror that is neither folder nor server is wrong use."""
        tiny()
        code, _, err = run("pull", "embed-tiny-202611", "--mirror", "ftp://x")
        assert code == WRONG_USE
        assert "neither a folder nor" in err
