"""Pulling models: from upstream, from archives, from mirrors that are folders or servers."""

import hashlib
import io
import zipfile

import pytest

from fvs.errors import ModelDownloadError, UsageError
from fvs.fetch import Policy
from fvs.manifest import EmbedHead, Provenance
from fvs.model_download import pull_models
from tests import loopback, tiny_onnx

FIRST = tiny_onnx.embedder_bytes()
SECOND = tiny_onnx.embedder_bytes(dimension=7)
IMPATIENT = Policy(attempts=2, timeout_s=5.0, sleep=lambda _seconds: None)
FIRST_PLACE = "embed-tiny-202611/tiny.onnx"
SECOND_PLACE = "embed-second-202611/second.onnx"


@pytest.fixture
def server(monkeypatch):
    """A server without files, reached without a proxy."""
    for name in loopback.PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with loopback.serving() as running:
        yield running


def provenance(**fields):
    """Where a model comes from."""
    return Provenance(source="a test", commit="none", trained_on="nothing", **fields)


def first(**origin):
    """The manifest of the first model."""
    return tiny_onnx.manifest_of(FIRST, provenance=provenance(**origin))


def second(**origin):
    """The manifest of the second model."""
    return tiny_onnx.manifest_of(
        SECOND,
        id="embed-second-202611",
        file="second.onnx",
        embed=EmbedHead(dimension=7, alignment="arcface"),
        provenance=provenance(**origin),
    )


def files_in(folder):
    """Relative path -> content of every file, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class TestUpstream:
    """From where a manifest says."""

    def test_nothing_wanted(self, tmp_path):
        """No models, no work."""
        assert pull_models([], tmp_path / "w") == {}
        assert not (tmp_path / "w").exists()

    def test_files(self, server, tmp_path):
        """Each file goes to its model's folder; a second pull asks nobody."""
        server.files = {"/a": FIRST, "/b": SECOND}
        wanted = [first(url=server.url("/a")), second(url=server.url("/b"))]
        paths = pull_models(wanted, tmp_path, policy=IMPATIENT)
        assert files_in(tmp_path) == {FIRST_PLACE: FIRST, SECOND_PLACE: SECOND}
        assert paths == {m.id: tmp_path / m.id / m.file for m in wanted}
        assert pull_models(wanted, tmp_path, policy=IMPATIENT) == paths
        assert len(server.requests) == 2

    def test_damaged_file(self, server, tmp_path):
        """A file that is there with other bytes is fetched again."""
        server.files = {"/a": FIRST}
        damaged = tiny_onnx.write(tmp_path / "embed-tiny-202611", bytes(len(FIRST)))
        pull_models([first(url=server.url("/a"))], tmp_path, policy=IMPATIENT)
        assert damaged.read_bytes() == FIRST

    def test_unpublished(self, server, tmp_path):
        """What has no address is told with what to do, after all that could be fetched."""
        server.files = {"/a": FIRST}
        with pytest.raises(ModelDownloadError, match="embed-second-202611") as caught:
            pull_models([second(), first(url=server.url("/a"))], tmp_path, policy=IMPATIENT)
        assert "fvs models import" in caught.value.advice
        assert files_in(tmp_path) == {FIRST_PLACE: FIRST}

    def test_wrong_bytes(self, server, tmp_path):
        """A wrong file is an error and leaves nothing."""
        server.files = {"/a": bytes(len(FIRST))}
        with pytest.raises(ModelDownloadError, match="is not the file"):
            pull_models([first(url=server.url("/a"))], tmp_path, policy=IMPATIENT)
        assert files_in(tmp_path) == {}

    def test_progress(self, server, tmp_path):
        """Progress names the file and ends at its size."""
        server.files = {"/a": FIRST}
        seen = []
        pull_models(
            [first(url=server.url("/a"))],
            tmp_path,
            policy=IMPATIENT,
            on_progress=lambda *told: seen.append(told),
        )
        assert seen[-1] == ("tiny.onnx", len(FIRST), len(FIRST))


class TestArchive:
    """From a zip archive, as InsightFace publishes its packs."""

    def publish(self, server, members, **changes):
        """Put an archive on the server; the provenance of a member in it."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        content = buffer.getvalue()
        server.files["/pack.zip"] = content
        return {
            "url": server.url("/pack.zip"),
            "archive_member": "pack/first.onnx",
            "archive_sha256": hashlib.sha256(content).hexdigest(),
            "archive_size_bytes": len(content),
        } | changes

    def test_once_for_all(self, server, tmp_path):
        """An archive is fetched once for all models in it, spares other files, and is not kept."""
        members = {"pack/first.onnx": FIRST, "pack/second.onnx": SECOND, "other": b"x"}
        origin = self.publish(server, members)
        own = tiny_onnx.write(tmp_path, b"the user's", "pack.zip")
        names = set()
        pull_models(
            [first(**origin), second(**origin)],
            tmp_path,
            policy=IMPATIENT,
            on_progress=lambda name, _done, _total: names.add(name),
        )
        assert files_in(tmp_path) == {
            FIRST_PLACE: FIRST,
            SECOND_PLACE: SECOND,
            own.name: b"the user's",
        }
        assert not (tmp_path / ".pull").exists()
        assert len(server.requests) == 1
        assert names == {"pack.zip"}

    def test_resumed(self, server, tmp_path):
        """An archive that was cut is resumed."""
        origin = self.publish(server, {"a": FIRST})
        server.plan = [loopback.cut_after(100)]
        pull_models([first(**origin)], tmp_path, policy=IMPATIENT)
        assert files_in(tmp_path) == {FIRST_PLACE: FIRST}
        assert server.requests[1] == ("/pack.zip", "bytes=100-")

    def test_wrong_archive(self, server, tmp_path):
        """An archive with another hash is never opened."""
        origin = self.publish(server, {"a": FIRST}, archive_sha256="0" * 64)
        with pytest.raises(ModelDownloadError, match="is not the file"):
            pull_models([first(**origin)], tmp_path, policy=IMPATIENT)
        assert files_in(tmp_path) == {}

    def test_member_lacks(self, server, tmp_path):
        """An archive without the model's bytes is told by the model's file."""
        origin = self.publish(server, {"pack/first.onnx": bytes(len(FIRST))})
        with pytest.raises(ModelDownloadError, match=r"does not hold tiny\.onnx"):
            pull_models([first(**origin)], tmp_path, policy=IMPATIENT)
        assert files_in(tmp_path) == {}


class TestMirror:
    """From a folder or a server of one's own."""

    @pytest.mark.parametrize("place", [FIRST_PLACE, "tiny.onnx"])
    @pytest.mark.parametrize("kind", ["folder", "server", "server with a slash"])
    def test_places(self, server, tmp_path, place, kind):
        """A mirror holds files in models' folders or flat; upstream is not asked."""
        path = tmp_path / "mirror" / place
        tiny_onnx.write(path.parent, FIRST, path.name)
        server.files = {f"/m/{place}": FIRST, "/a": FIRST}
        mirror = str(tmp_path / "mirror") if kind == "folder" else server.url("/m")
        mirror += "/" if kind.endswith("slash") else ""
        wanted = first(url=server.url("/a"))
        pull_models([wanted], tmp_path / "w", mirror=mirror, policy=IMPATIENT)
        assert files_in(tmp_path / "w") == {FIRST_PLACE: FIRST}
        assert "/a" not in [path for path, _ in server.requests]

    @pytest.mark.parametrize("kind", ["folder", "server"])
    def test_nowhere(self, server, tmp_path, kind):
        """A mirror without the file is told by both places looked in."""
        mirror = str(tmp_path) if kind == "folder" else server.url()
        with pytest.raises(ModelDownloadError, match=f"neither {FIRST_PLACE} nor tiny.onnx"):
            pull_models([first()], tmp_path / "w", mirror=mirror, policy=IMPATIENT)

    @pytest.mark.parametrize("kind", ["folder", "server"])
    def test_wrong_bytes(self, server, tmp_path, kind):
        """A mirror is trusted no more than upstream."""
        tiny_onnx.write(tmp_path / "mirror", bytes(len(FIRST)))
        server.files = {"/tiny.onnx": bytes(len(FIRST))}
        mirror = str(tmp_path / "mirror") if kind == "folder" else server.url()
        with pytest.raises(ModelDownloadError, match=r"not what was asked for|is not the file"):
            pull_models([first()], tmp_path / "w", mirror=mirror, policy=IMPATIENT)
        assert files_in(tmp_path / "w") == {}

    @pytest.mark.parametrize("mirror", ["/none/such", "ftp://x/y", "file:///tmp"])
    def test_no_mirror(self, tmp_path, mirror):
        """What is neither a folder nor an http(s) address is the caller's mistake."""
        with pytest.raises(UsageError, match="neither a folder nor"):
            pull_models([first()], tmp_path, mirror=mirror, policy=IMPATIENT)
