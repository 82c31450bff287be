"""What a result was measured on: machine, versions, commit, and how busy it was."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

__all__ = ["REPOSITORY", "Circumstances", "describe_circumstances", "peak_rss_mb"]

REPOSITORY = Path(__file__).resolve().parent.parent

RELEVANT_PACKAGES = (
    "faiss-cpu",
    "hnswlib",
    "insightface",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "pillow",
    "psycopg",
    "scikit-learn",
    "scipy",
    "simsimd",
)
"""Distributions whose version can change a number."""

CODE_PATHS = ("fvs", "models", "benchmarks/*.py", "benchmarks/*/*.py")
"""What must be committed for a result to be that of the commit named."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a number depends on and that its reader cannot see.

    Attributes:
        measured_at: UTC, to the second.
        commit: of this repository; ends in `+` where code or manifests had uncommitted changes.
        cpu: model name as the system reports it.
        cores: that this process may use.
        memory_gb: of the machine.
        system: operating system and architecture.
        load_average: over 1, 5 and 15 minutes; below `cores` nothing had to wait.
        versions: distribution -> version; absent ones are left out.
    """

    measured_at: str
    commit: str
    cpu: str
    cores: int
    memory_gb: float
    system: str
    load_average: tuple[float, float, float]
    versions: dict[str, str]


def describe_circumstances() -> Circumstances:
    """Describe this machine, checkout and moment; call it when the measurement starts."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    one, five, fifteen = os.getloadavg()
    return Circumstances(
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(pages / 1e9, 1),
        system=f"{platform.system()} {platform.machine()}",
        load_average=(round(one, 2), round(five, 2), round(fifteen, 2)),
        versions=_versions(),
    )


def peak_rss_mb() -> float:
    """Highest resident memory of this process; getrusage would count the parent's at the fork."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) / 1e3


def _commit() -> str:
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", *CODE_PATHS)
    return f"{commit or 'unknown'}{'+' if changed else ''}"


def _git(*arguments: str) -> str:
    """What git says, or nothing outside a checkout."""
    command = ["git", "-C", str(REPOSITORY), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words only
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in RELEVANT_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
