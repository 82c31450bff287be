"""0, 1 and 2 are answers and nothing else: how the process ends when there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fvs.cli import app as app_module
from fvs.cli import process
from fvs.cli.exit_codes import ExitCode

FULL = Path("/dev/full")
"""A device on Linux that is always full."""

needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")


def start(*arguments, **options):
    """`python -m fvs ...` as a process of its own, to which its streams really belong."""
    command = [sys.executable, "-m", "fvs", *arguments]
    return subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, **options)


def closed_pipe():
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.fixture
def failing(monkeypatch):
    """`failing(error)` makes every command raise it."""

    def make(error):
        def fail(**_):
            raise error

        monkeypatch.setattr(app_module, "app", fail)

    return make


class TestErrors:
    """Errors that no command expects."""

    @pytest.mark.parametrize(
        ("error", "code", "words"),
        [
            (ZeroDivisionError("by [/x]"), ExitCode.INTERNAL_ERROR, "ZeroDivisionError: by [/x]"),
            (MemoryError(), ExitCode.INTERNAL_ERROR, "internal error: MemoryError"),
            (PermissionError(13, "denied", "a.txt"), ExitCode.WRONG_USE, "a.txt: denied"),
            (OSError(28, "no space"), ExitCode.WRONG_USE, "no space"),
            (TimeoutError(), ExitCode.WRONG_USE, "TimeoutError"),
            (ImportError("no cv2"), ExitCode.WRONG_USE, "installation is broken: no cv2"),
            (BrokenPipeError(), ExitCode.BROKEN_PIPE, ""),
            (SystemExit(1), ExitCode.BROKEN_PIPE, ""),
            (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
            (typer.Abort(), ExitCode.INTERRUPTED, "interrupted"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
    )
    def test_are_one_line_and_no_answer(self, fvs, failing, error, code, words):
        """Each has a code of its own, its words, and no traceback."""
        failing(error)
        ran = fvs("verify")
        assert ran.code == code
        assert ran.code not in {ExitCode.MATCH, ExitCode.NO_MATCH, ExitCode.NO_DECISION}
        assert words in ran.err
        assert "Traceback" not in ran.err
        assert ran.out == ""

    def test_show_a_traceback_on_request(self, fvs, failing, monkeypatch):
        """An internal error says how to see more, and then it is seen."""
        failing(ZeroDivisionError("by zero"))
        assert f"{process.DEBUG_VARIABLE}=1" in fvs("verify").err
        monkeypatch.setenv(process.DEBUG_VARIABLE, "1")
        assert "Traceback" in fvs("verify").err

    def test_are_json_under_json(self, fvs, failing):
        """Standard output is one document, whatever happened; people are told all the same."""
        failing(ZeroDivisionError("by zero"))
        ran = fvs("verify", "--json")
        assert "ZeroDivisionError" in json.loads(ran.out)["error"]["message"]
        assert "ZeroDivisionError" in ran.err

    def test_of_use_are_json_under_json(self, fvs):
        """So are the caller's own mistakes, with what to do about them."""
        ran = fvs("verify", "a.jpg", "b.jpg", "--pack", "no[pe]", "--json")
        error = json.loads(ran.out)["error"]
        assert ran.code == ExitCode.WRONG_USE
        assert error["message"] == "there is no pack 'no[pe]'"
        assert "reference" in error["advice"]


class TestNoCommand:
    """`fvs` alone."""

    def test_prints_the_help_and_is_wrong_use(self, fvs):
        """No command is no match."""
        ran = fvs()
        assert ran.code == ExitCode.WRONG_USE
        assert "Usage: " in ran.out  # "python -m fvs" where pytest is run as a module
        assert "which command?" in ran.err


class TestImports:
    """What is imported before anything can be reported."""

    def test_is_nothing_heavy(self):
        """The entry point loads neither networks nor the command tree; `main` does."""
        code = "import sys, fvs.cli; print(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert {"numpy", "cv2", "onnxruntime", "typer"}.isdisjoint(done.stdout.split())

    @pytest.mark.parametrize("name", ["onnxruntime", "numpy", "msgspec", "rich", "typer"])
    def test_that_fail_are_reported(self, tmp_path, name):
        """A dependency that cannot be imported is a broken installation, not a mismatch."""
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('no {name} here')")
        done = start("verify", "a", "b", env={**os.environ, "PYTHONPATH": str(tmp_path)})
        assert done.returncode == ExitCode.WRONG_USE
        assert f"no {name} here" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.skipif(os.name != "posix", reason="needs SIGINT as POSIX has it")
    def test_can_be_interrupted(self, tmp_path):
        """Ctrl-C while the networks' library is loading is Ctrl-C, not a mismatch."""
        # A shell's background jobs ignore it: then so would this process.
        interrupt = "signal.signal(2, signal.default_int_handler); signal.raise_signal(2)"
        (tmp_path / "onnxruntime.py").write_text(f"import signal; {interrupt}")
        done = start("verify", "a", "b", env={**os.environ, "PYTHONPATH": str(tmp_path)})
        assert done.returncode == ExitCode.INTERRUPTED
        assert done.stderr == "error: interrupted\n"


class TestStreams:
    """Output that cannot be written, and terminals that cannot show it."""

    @needs_full
    @pytest.mark.parametrize("arguments", [("--version",), ("models", "list", "--json")])
    def test_full_disk(self, arguments):
        """An answer that could not be written is none."""
        with FULL.open("w") as full:
            done = start(*arguments, stdout=full)
        assert done.returncode == ExitCode.WRONG_USE
        assert "No space left" in done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr

    @pytest.mark.parametrize(
        "arguments",
        [("--version",), ("--help",), ("models", "list"), ("models", "list", "--json")],
        ids=" ".join,
    )
    def test_reader_went_away(self, arguments):
        """Quietly, and with the code that shells know it by; never the 1 of rich and typer."""
        writing = closed_pipe()
        done = start(*arguments, stdout=writing)
        os.close(writing)
        assert done.returncode == ExitCode.BROKEN_PIPE
        assert done.stderr == ""

    def test_nobody_reads_the_error(self):
        """An error that nobody reads keeps its exit code."""
        writing = closed_pipe()
        command = [sys.executable, "-m", "fvs", "nope"]
        done = subprocess.run(command, check=False, stderr=writing, stdout=subprocess.PIPE)
        os.close(writing)
        assert done.returncode == ExitCode.WRONG_USE

    def test_terminal_that_knows_ascii_only(self):
        """What it cannot show is escaped."""
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        done = start("models", "show", "ไทย", env=environment, stdout=subprocess.PIPE)
        assert done.returncode == ExitCode.WRONG_USE
        assert "\\u0e44" in done.stderr

    def test_closed_output(self):
        """Without standard output there is no crash either."""
        command = f"{sys.executable} -m fvs models list --json >&-"
        done = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True)
        assert done.returncode == 0
        assert done.stderr == b""
