"""Pictures read in place from folders and tars."""

import hashlib
import io
import tarfile

import pytest

from fvs.errors import UsageError
from fvs.folders import PictureSet

FILES = {"b/2.JPG": b"two", "a/1.png": b"one", "pairs.txt": b"text", "c.webp": b"", "d.gif": b"no"}


def write_folder(path):
    """The files, in a folder."""
    for name, content in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_tar(path, prefix="", mode="w"):
    """The files, in a tar."""
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo(f"{prefix}a")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in FILES.items():
            info = tarfile.TarInfo(f"{prefix}{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


class TestOnly:
    def test_is_a_set_of_its_own(self, tmp_path):
        """Its hash is that of a folder that holds no other files, and it knows no others."""
        whole = PictureSet.open(write_folder(tmp_path / "whole"))
        some = whole.only(["c.webp", "a/1.png"])
        (tmp_path / "part" / "a").mkdir(parents=True)
        (tmp_path / "part" / "a" / "1.png").write_bytes(b"one")
        (tmp_path / "part" / "c.webp").write_bytes(b"")
        assert some.sha256 == PictureSet.open(tmp_path / "part").sha256
        assert some.names == ("a/1.png", "c.webp")
        with pytest.raises(UsageError, match="has no b/2"):
            some.read(["b/2.JPG"])

    def test_of_what_is_not_there(self, tmp_path):
        """Named."""
        with pytest.raises(UsageError, match="has no nothing"):
            PictureSet.open(write_folder(tmp_path)).only(["nothing"])

    def test_content_hashes_are_those_of_the_pictures(self, tmp_path):
        """One a picture; equal for equal bytes."""
        hashes = PictureSet.open(write_folder(tmp_path)).content_hashes()
        assert hashes["a/1.png"] == hashlib.sha256(b"one").hexdigest()
        assert hashes.keys() == {"a/1.png", "b/2.JPG", "c.webp"}


class TestPictureSet:
    """Of a folder and of a tar alike."""

    @pytest.mark.parametrize("prefix", ["", "./"])
    def test_folder_and_tar_hold_the_same(self, tmp_path, prefix):
        """Names, order and contents do not depend on the container."""
        folder = PictureSet.open(write_folder(tmp_path / "set"))
        tar = PictureSet.open(write_tar(tmp_path / "set.tar", prefix))
        assert folder.names == tar.names == tuple(sorted(FILES))
        assert folder.read(folder.names) == tar.read(tar.names) == [FILES[n] for n in sorted(FILES)]
        assert folder.name == tar.name == "set"

    def test_pictures_are_told_by_their_suffix(self, tmp_path):
        """Other files can be read but are no pictures."""
        pictures = PictureSet.open(write_tar(tmp_path / "set.tar"))
        assert pictures.pictures == ("a/1.png", "b/2.JPG", "c.webp")
        assert pictures.read(["pairs.txt"]) == [b"text"]

    def test_empty(self, tmp_path):
        """An empty folder and an empty tar are sets without pictures."""
        (tmp_path / "none").mkdir()
        tarfile.open(tmp_path / "none.tar", "w").close()
        for path in (tmp_path / "none", tmp_path / "none.tar"):
            pictures = PictureSet.open(path)
            assert len(pictures) == 0
            assert pictures.read([]) == []

    def test_hash_of_a_tar_is_the_files(self, tmp_path):
        """What `sha256sum` prints."""
        path = write_tar(tmp_path / "set.tar")
        assert PictureSet.open(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_hash_of_a_folder_changes_with_names_and_contents(self, tmp_path):
        """Renaming or editing any file gives another set."""
        folder = write_folder(tmp_path / "set")
        before = PictureSet.open(folder).sha256
        assert PictureSet.open(folder).sha256 == before
        (folder / "c.webp").write_bytes(b"x")
        edited = PictureSet.open(folder).sha256
        (folder / "c.webp").rename(folder / "e.webp")
        assert len({before, edited, PictureSet.open(folder).sha256}) == 3

    def test_what_cannot_be_read_in_place_is_refused(self, tmp_path):
        """Missing files, other files and compressed archives are the caller's mistake."""
        (tmp_path / "text.tar").write_text("no archive")
        write_tar(tmp_path / "set.tar.gz", mode="w:gz")
        for name in ("missing", "text.tar", "set.tar.gz"):
            with pytest.raises(UsageError, match="neither a folder nor a tar"):
                PictureSet.open(tmp_path / name)

    def test_unknown_names_are_refused(self, tmp_path):
        """The message names the first that is missing."""
        pictures = PictureSet.open(write_tar(tmp_path / "set.tar"))
        with pytest.raises(UsageError, match="nobody"):
            pictures.read(["a/1.png", "nobody.jpg"])
