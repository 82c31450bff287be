"""What a measurement was made with, so that it can be made again."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

__all__ = ["describe_commit", "describe_machine"]

CPU_INFORMATION = Path("/proc/cpuinfo")


def describe_machine() -> str:
    """Processor, cores, system and the versions of the libraries that make the numbers."""
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "onnxruntime", "opencv-python-headless")
    )
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {platform.python_version()}, {libraries}"
    )


def describe_commit(folder: Path) -> str:
    """The commit of the checkout that `folder` belongs to, `+changes` if tracked files differ.

    `unknown` where there is no git, no checkout, or a checkout that does not track the folder (as
    when the package is installed in a virtual environment inside another project).
    """
    try:
        _git(folder, "ls-files", "--error-unmatch", ".")
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words only
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = CPU_INFORMATION.read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
