"""Files are known by their bytes; an archive can name nothing that is written to."""

import stat
import zipfile

import pytest

from fvs.errors import UsageError
from fvs.manifest import EmbedHead
from fvs.model_import import import_weights
from tests import tiny_onnx

FIRST = tiny_onnx.embedder_bytes()
SECOND = tiny_onnx.embedder_bytes(dimension=7)
SAME_SIZE = bytes(len(FIRST))
MANIFESTS = (
    tiny_onnx.manifest_of(FIRST),
    tiny_onnx.manifest_of(
        SECOND,
        id="embed-second-202611",
        file="second.onnx",
        embed=EmbedHead(dimension=7, alignment="arcface"),
    ),
)
PLACES = {
    "embed-tiny-202611": "embed-tiny-202611/tiny.onnx",
    "embed-second-202611": "embed-second-202611/second.onnx",
}


@pytest.fixture
def source(tmp_path):
    """A folder of many files, two of them wanted, under names that tell nothing."""
    folder = tmp_path / "source"
    tiny_onnx.write(folder, FIRST, "README.txt")
    tiny_onnx.write(folder / "deep" / "er", SECOND, "model")
    tiny_onnx.write(folder, SAME_SIZE, "tiny.onnx")
    tiny_onnx.write(folder, b"", "empty")
    return folder


@pytest.fixture
def destination(tmp_path):
    """A weight folder that is not there yet."""
    return tmp_path / "weights"


def files_in(folder):
    """Relative path -> content of every file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def make_zip(path, members, compression=zipfile.ZIP_DEFLATED):
    """An archive of name -> content."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


class TestFolder:
    """Importing a folder."""

    def test_by_hash(self, source, destination):
        """Wanted files are found whatever their names, and a wanted name is no help."""
        report = import_weights(source, MANIFESTS, destination)
        assert report.installed == {m: destination / place for m, place in PLACES.items()}
        assert sorted(report.ignored) == ["empty", "tiny.onnx"]
        assert files_in(destination) == {
            "embed-tiny-202611/tiny.onnx": FIRST,
            "embed-second-202611/second.onnx": SECOND,
        }

    def test_twice(self, source, destination):
        """The second import changes nothing, not even a time stamp."""
        import_weights(source, MANIFESTS, destination)
        before = {p: p.stat().st_mtime_ns for p in destination.rglob("*")}
        report = import_weights(source, MANIFESTS, destination)
        assert report.installed == {}
        assert sorted(report.present) == sorted(PLACES)
        assert {p: p.stat().st_mtime_ns for p in destination.rglob("*")} == before

    def test_repairs(self, source, destination):
        """A damaged file is replaced."""
        import_weights(source, MANIFESTS, destination)
        damaged = destination / PLACES["embed-tiny-202611"]
        damaged.write_bytes(SAME_SIZE)
        assert list(import_weights(source, MANIFESTS, destination).installed) == [
            damaged.parent.name
        ]
        assert damaged.read_bytes() == FIRST

    def test_onto_itself(self, source, destination):
        """Importing a weight folder into itself changes nothing."""
        import_weights(source, MANIFESTS, destination)
        report = import_weights(destination, MANIFESTS, destination)
        assert (report.installed, report.ignored) == ({}, [])

    def test_duplicates(self, tmp_path, destination):
        """Of several copies one is taken."""
        tiny_onnx.write(tmp_path / "s", FIRST, "a")
        tiny_onnx.write(tmp_path / "s", FIRST, "b")
        report = import_weights(tmp_path / "s", MANIFESTS, destination)
        assert list(report.installed) == ["embed-tiny-202611"]
        assert report.present == {}

    def test_empty(self, tmp_path, destination):
        """An empty folder gives nothing and makes nothing."""
        (tmp_path / "s").mkdir()
        report = import_weights(tmp_path / "s", MANIFESTS, destination)
        assert (report.installed, report.present, report.ignored) == ({}, {}, [])
        assert not destination.exists()

    def test_missing(self, tmp_path, destination):
        """A folder that is not there is the caller's mistake."""
        with pytest.raises(UsageError, match="is not there"):
            import_weights(tmp_path / "none", MANIFESTS, destination)

    def test_single_file(self, source, destination):
        """One file may be named instead of its folder."""
        report = import_weights(source / "README.txt", MANIFESTS, destination)
        assert list(report.installed) == ["embed-tiny-202611"]

    def test_file_mode(self, source, destination):
        """An imported file may be read by whom any new file may be read by."""
        import_weights(source, MANIFESTS, destination)
        fresh = tiny_onnx.write(destination, b"x", "fresh")
        imported = destination / PLACES["embed-tiny-202611"]
        assert stat.S_IMODE(imported.stat().st_mode) == stat.S_IMODE(fresh.stat().st_mode)


class TestArchive:
    """Importing a zip archive, such as buffalo_l.zip."""

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    @pytest.mark.parametrize("within_folder", [False, True])
    def test_members(self, tmp_path, destination, compression, within_folder):
        """Members are known by hash, whether the archive or its folder is named."""
        members = {"pack/first.onnx": FIRST, "x": SECOND, "1k3d68.onnx": b"other", "pack/": b""}
        (tmp_path / "s").mkdir()
        path = make_zip(tmp_path / "s" / "Pack.ZIP", members, compression)
        report = import_weights(path.parent if within_folder else path, MANIFESTS, destination)
        assert sorted(report.installed) == sorted(PLACES)
        assert report.ignored == ["Pack.ZIP: 1k3d68.onnx"]
        assert sorted(files_in(destination)) == sorted(PLACES.values())

    @pytest.mark.parametrize(
        "name", ["../evil.onnx", "/evil/evil.onnx", "a/../../evil", "C:\\evil", "tiny.onnx/../../e"]
    )
    def test_hostile_names(self, tmp_path, destination, name):
        """A member's name never becomes a path: only its bytes count."""
        path = make_zip(tmp_path / "x.zip", {name: FIRST})
        import_weights(path, MANIFESTS, destination)
        assert sorted(files_in(tmp_path)) == [f"weights/{PLACES['embed-tiny-202611']}", "x.zip"]

    def test_symbolic_link(self, tmp_path, destination):
        """A member that poses as a link is bytes like any other."""
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr(link, "/etc/passwd")
        report = import_weights(tmp_path / "x.zip", MANIFESTS, destination)
        assert report.ignored == ["x.zip: link.onnx"]
        assert not destination.exists()

    def test_bomb(self, tmp_path, destination):
        """A member that would grow to 64 MB is not unpacked at all: its size fits no model."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("bomb", "w", force_zip64=True) as member:
                for _ in range(64):
                    member.write(bytes(1 << 20))
            archive.writestr("good", FIRST)
        report = import_weights(tmp_path / "x.zip", MANIFESTS, destination)
        assert report.ignored == ["x.zip: bomb"]
        assert list(report.installed) == ["embed-tiny-202611"]

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
    def test_unreadable(self, tmp_path, destination, content):
        """What is no archive is an error when named, and reported when only met."""
        path = tiny_onnx.write(tmp_path / "s", content, "x.zip")
        with pytest.raises(UsageError, match=r"cannot read .*x\.zip"):
            import_weights(path, MANIFESTS, destination)
        tiny_onnx.write(path.parent, FIRST, "y")
        report = import_weights(path.parent, MANIFESTS, destination)
        assert list(report.unreadable) == ["x.zip"]
        assert list(report.installed) == ["embed-tiny-202611"]

    def test_damaged_member(self, tmp_path, destination):
        """A member whose checksum fails is not installed."""
        path = make_zip(tmp_path / "x.zip", {"a": FIRST}, zipfile.ZIP_STORED)
        content = bytearray(path.read_bytes())
        content[100] ^= 0xFF
        path.write_bytes(bytes(content))
        with pytest.raises(UsageError, match="CRC"):
            import_weights(path, MANIFESTS, destination)
        assert not destination.exists()

    def test_encrypted_member(self, tmp_path, destination):
        """A member that needs a password is told, not a traceback."""
        path = make_zip(tmp_path / "x.zip", {"a": FIRST}, zipfile.ZIP_STORED)
        content = bytearray(path.read_bytes())
        content[6] |= 1
        content[content.rfind(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(bytes(content))
        with pytest.raises(UsageError, match="encrypted"):
            import_weights(path, MANIFESTS, destination)
