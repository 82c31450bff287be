"""What a derivation says it was made with."""

import subprocess

import numpy as np
import pytest

from fvs.derivation.provenance import describe_commit, describe_machine


def git(folder, *words):
    """Run git as somebody."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words],  # noqa: S607 - whichever git there is
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    """A repository with one committed package."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("x = 1")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "package")
    git(tmp_path, "commit", "--quiet", "--message", "One")
    return tmp_path


class TestDescribeCommit:
    """The commit, and whether it tells the truth."""

    def test_clean_checkout(self, checkout):
        """The commit alone; files that git does not track change nothing."""
        (checkout / "package" / "notes.txt").write_text("")
        assert describe_commit(checkout / "package") == git(checkout, "rev-parse", "HEAD")

    def test_edited_checkout(self, checkout):
        """Edits of the package are said."""
        (checkout / "package" / "module.py").write_text("x = 2")
        assert describe_commit(checkout / "package").endswith("+changes")

    def test_folder_that_is_not_tracked(self, checkout, tmp_path):
        """A package installed inside another project's checkout is not of that project's commit."""
        installed = checkout / "venv"
        installed.mkdir()
        (installed / "module.py").write_text("x = 1")
        assert describe_commit(installed) == "unknown"
        assert describe_commit(tmp_path / "nowhere") == "unknown"


def test_machine_names_what_makes_the_numbers():
    """The versions of the libraries that compute are part of the machine."""
    machine = describe_machine()
    assert f"numpy {np.__version__}" in machine
    assert "onnxruntime" in machine
    assert "cores" in machine
