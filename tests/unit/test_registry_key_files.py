"""Files of secrets: read by their owner alone, written whole, never over another."""

import os
import stat
import threading

import pytest

from fvs.registry import key_files
from fvs.registry.errors import KeyRingError
from fvs.registry.key_files import (
    MAX_BYTES,
    create_private_file,
    folder_lock,
    read_private_file,
    replace_private_file,
)
from fvs.subjects import Private

CONTENT = Private(b"secret")


@pytest.fixture
def path(tmp_path):
    """A file that holds `CONTENT`."""
    create_private_file(tmp_path / "keys", CONTENT)
    return tmp_path / "keys"


class TestReading:
    def test_what_was_written_is_read(self, path):
        """A round trip."""
        assert read_private_file(path) == CONTENT

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
    def test_files_of_many_readers_are_refused(self, path, mode):
        """Any right of group or world is one too many; the error says which mode it is."""
        path.chmod(mode)
        with pytest.raises(KeyRingError, match=f"mode {mode:04o}") as refusal:
            read_private_file(path)
        assert "chmod 600" in refusal.value.advice

    def test_read_only_files_are_fine(self, path):
        """0400 shares nothing."""
        path.chmod(0o400)
        assert read_private_file(path) == CONTENT

    def test_files_of_other_users_are_refused(self, path, monkeypatch):
        """Who owns a file can change it."""
        monkeypatch.setattr(key_files.os, "geteuid", lambda: path.stat().st_uid + 1)
        with pytest.raises(KeyRingError, match="another user"):
            read_private_file(path)

    def test_links_within_the_folder_are_followed(self, path):
        """Containers mount secrets as links to a hidden sibling."""
        link = path.with_name("link")
        link.symlink_to(path.name)
        assert read_private_file(link) == CONTENT

    def test_links_out_of_the_folder_are_refused(self, path):
        """A link could lead to any file that its maker may not read."""
        folder = path.with_name("folder")
        folder.mkdir()
        (folder / "link").symlink_to(path)
        with pytest.raises(KeyRingError, match="symbolic link"):
            read_private_file(folder / "link")

    def test_missing_files_are_named(self, tmp_path):
        """So are links to nothing, and loops."""
        (tmp_path / "dangling").symlink_to("nothing")
        for name in ("nothing", "dangling"):
            with pytest.raises(KeyRingError, match=f"{name} is not there"):
                read_private_file(tmp_path / name)

    def test_pipes_and_folders_are_refused(self, tmp_path):
        """And opening a pipe that nobody writes to does not wait."""
        os.mkfifo(tmp_path / "pipe", 0o600)
        (tmp_path / "folder").mkdir(0o700)
        for name in ("pipe", "folder"):
            with pytest.raises(KeyRingError, match=name):
                read_private_file(tmp_path / name)

    def test_large_files_are_refused(self, tmp_path):
        """A wrong name does not read a disk image into memory."""
        create_private_file(tmp_path / "large", Private(bytes(MAX_BYTES)))
        with pytest.raises(KeyRingError, match="too large"):
            read_private_file(tmp_path / "large")


class TestWriting:
    def test_only_the_owner_may_read(self, path):
        """Mode 0600, whatever the umask."""
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_nothing_is_overwritten(self, path):
        """Keys that are gone are templates that are gone; a dangling link is something, too."""
        path.with_name("link").symlink_to("elsewhere")
        for name in ("keys", "link"):
            with pytest.raises(KeyRingError, match="is there already"):
                create_private_file(path.with_name(name), Private(b"other"))
        assert read_private_file(path) == CONTENT
        assert not path.with_name("elsewhere").exists()

    def test_replacing_leaves_nothing_behind(self, path):
        """The new content stands, mode 0600, and no draft lies beside it."""
        replace_private_file(path, Private(b"new"))
        assert read_private_file(path) == Private(b"new")
        assert [entry.name for entry in path.parent.iterdir()] == ["keys"]

    def test_links_are_not_replaced(self, path):
        """Otherwise the file behind the link would keep the old keys unnoticed."""
        link = path.with_name("link")
        link.symlink_to(path.name)
        with pytest.raises(KeyRingError, match="symbolic link"):
            replace_private_file(link, Private(b"new"))
        assert read_private_file(path) == CONTENT

    @pytest.mark.parametrize("write", [create_private_file, replace_private_file])
    @pytest.mark.parametrize("call", ["fsync", "fdopen"])
    def test_a_failing_disk_changes_nothing(self, tmp_path, monkeypatch, write, call):
        """Full in the middle of writing: what was there stays whole, and no draft remains."""

        def fail(*_):
            raise OSError(28, "No space left on device")

        path = tmp_path / "keys"
        if write is replace_private_file:
            create_private_file(path, CONTENT)
        before = sorted(tmp_path.iterdir())
        monkeypatch.setattr(key_files.os, call, fail)
        with pytest.raises(KeyRingError, match="No space left"):
            write(path, Private(b"new"))
        monkeypatch.undo()
        assert sorted(tmp_path.iterdir()) == before
        assert all(read_private_file(file) == CONTENT for file in before)

    def test_missing_folders_are_named(self, tmp_path):
        """A mistyped folder is not created."""
        with pytest.raises(KeyRingError, match="not there"):
            create_private_file(tmp_path / "nowhere" / "keys", CONTENT)
        with pytest.raises(KeyRingError, match="not there"), folder_lock(tmp_path / "no" / "keys"):
            pass


def test_one_at_a_time_holds_the_folder(path):
    """Changes under the lock are not lost, however many threads make them."""

    def add():
        for _ in range(20):
            with folder_lock(path):
                replace_private_file(path, Private(read_private_file(path).reveal() + b"."))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_private_file(path).reveal() == b"secret" + b"." * 80
