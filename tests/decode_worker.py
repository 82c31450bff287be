"""Decode the files of a folder in name order, each measured; run as a process of its own.

Prints one JSON line per file: name, status, CPU seconds, peak resident memory in MB (the reading
is reset before each file, which Linux allows), and whether the row keeps its promises.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2

from fvs.image import decode_images
from fvs.status import Status

_PROC = Path("/proc/self")


def peak_mb() -> float:
    """Peak resident memory since the last reset; 0 where the system does not tell."""
    try:
        lines = (_PROC / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def reset_peak() -> None:
    """Start a new peak reading."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return


def measure(content: bytes) -> dict[str, object]:
    """Decode one file as a batch of one."""
    reset_peak()
    begun = time.process_time()
    images = decode_images([content])
    cpu_s = time.process_time() - begun
    status, pixels = Status(int(images.status[0])), images.pixels_rgb[0]
    width, height = images.native_wh[0].tolist()
    promised = (height, width, 3) if status == Status.OK else None
    kept = (None if pixels is None else pixels.shape) == promised
    return {"status": status.name, "cpu_s": cpu_s, "peak_mb": peak_mb(), "kept": kept}


def main() -> None:
    """Measure all files of the folder given as the argument."""
    cv2.setNumThreads(1)
    for path in sorted(Path(sys.argv[1]).iterdir()):
        report = {"name": path.name, **measure(path.read_bytes())}
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
